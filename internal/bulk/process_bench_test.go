package bulk_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// The sample of the benchmarks: lines of 630 bytes with their line feed, each with a key of its own.
const (
	sampleLines = 200_000
	sampleWidth = 630
)

// profile is a user's profile with its members in the order of the alphabet, because the straightforward program, which decodes into a
// map, can write them in no other.
func profile(n int) string {
	return fmt.Sprintf(`{"avatarUrl":"https://thirdwx.qlogo.cn/mmopen/vi_32/aSKcBBPpibyKNicHNTMM0qJVh8Kjgiak2AHWr8MHM4WgMEm7GFhsf8OYrySdbvAMvTsw3mo8ibKicsnfN5pRjl1p8HQ/132",`+
		`"city":"Guangzhou","country":"CN","gender":1,"language":"zh_CN","nickName":"微信小程序用户%08d","openId":"oGZUI0egBJY1zhBYw2K%09d","province":"Guangdong","watermark":{"appid":"%s","timestamp":%d}}`,
		n, n, appID, 1477314187+n)
}

// asSent is the same with the members in WeChat's order.
func asSent(n int) string {
	return fmt.Sprintf(`{"openId":"oGZUI0egBJY1zhBYw2K%09d","nickName":"微信小程序用户%08d","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN",`+
		`"avatarUrl":"https://thirdwx.qlogo.cn/mmopen/vi_32/aSKcBBPpibyKNicHNTMM0qJVh8Kjgiak2AHWr8MHM4WgMEm7GFhsf8OYrySdbvAMvTsw3mo8ibKicsnfN5pRjl1p8HQ/132",`+
		`"watermark":{"timestamp":%d,"appid":"%s"}}`, n, n, 1477314187+n, appID)
}

// writeSample writes the sample to a file. With wrong set, the keys are not those of the data.
func writeSample(tb testing.TB, name string, lines int, plain func(int) string, wrong bool) {
	tb.Helper()
	file, err := os.Create(name)
	if err != nil {
		tb.Fatal(err)
	}
	out := bufio.NewWriterSize(file, 1<<20)
	rng := rand.NewChaCha8(sha256.Sum256([]byte("bulk")))
	for n := range lines {
		var random [32]byte
		_, _ = rng.Read(random[:])
		k := base64.StdEncoding.EncodeToString(random[:16])
		e, err := opendata.Seal(wechat.NewSessionKey(k), random[16:], []byte(plain(n)))
		if err != nil {
			tb.Fatal(err)
		}
		if wrong {
			k = base64.StdEncoding.EncodeToString(random[8:24])
		}
		size, _ := fmt.Fprintf(out, `{"session_key":"%s","iv":"%s","encryptedData":"%s"}`+"\n", k, e.IV, e.EncryptedData)
		if size != sampleWidth {
			tb.Fatalf("line %d has %d bytes: %s", n+1, size, plain(n))
		}
	}
	if err := out.Flush(); err != nil {
		tb.Fatal(err)
	}
	_ = file.Close()
}

// buildProgram compiles a package of this module as releases are.
func buildProgram(tb testing.TB, pkg, name string) string {
	tb.Helper()
	binary := filepath.Join(tb.TempDir(), name)
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	c := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, pkg)
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		tb.Fatalf("%v\n%s", err, out)
	}
	return binary
}

// programs are the two that are compared, as command lines without their input.
func programs(tb testing.TB) (ours, theirs []string) {
	tb.Helper()
	return []string{buildProgram(tb, "github.com/wxlogin/wxlogin", "wxlogin"), "decrypt", "--bulk", "--keep-going", "--appid", appID},
		[]string{buildProgram(tb, "./testdata/straightforward", "straightforward"), appID}
}

// spent is what a process took.
type spent struct {
	wall, cpu time.Duration
}

// measure runs a program on a file and throws its output away.
func measure(tb testing.TB, program []string, file string, out io.Writer) spent {
	tb.Helper()
	c := exec.Command(program[0], append(slices.Clone(program[1:]), file)...)
	c.Env = []string{"HOME=" + tb.TempDir(), "LC_ALL=C"}
	var errOut bytes.Buffer
	c.Stdout, c.Stderr = out, &errOut
	start := time.Now()
	if err := c.Run(); err != nil {
		tb.Fatalf("%v: %s", err, errOut.String())
	}
	return spent{time.Since(start), c.ProcessState.UserTime() + c.ProcessState.SystemTime()}
}

// TestStraightforward wants the same bytes of both programs.
func TestStraightforward(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "in.ndjson")
	writeSample(t, file, 3000, profile, false)
	ours, theirs := programs(t)
	var got, want bytes.Buffer
	measure(t, ours, file, &got)
	measure(t, theirs, file, &want)
	if !bytes.Equal(got.Bytes(), want.Bytes()) || bytes.Count(want.Bytes(), []byte("\n")) != 3000 {
		t.Errorf("%d and %d bytes; the first lines are\n%.500s\n%.500s", got.Len(), want.Len(), got.Bytes(), want.Bytes())
	}
}

// pairs runs two programs in turns and reports the median of the ratios, with the quarter above and below it.
func pairs(b *testing.B, first, second func() spent) {
	b.Helper()
	var wall, cpu, rate []float64
	for i := 0; b.Loop(); i++ {
		var a, z spent
		if i%2 == 0 {
			a, z = first(), second()
		} else {
			z, a = second(), first()
		}
		wall = append(wall, float64(z.wall)/float64(a.wall))
		cpu = append(cpu, float64(z.cpu)/float64(a.cpu))
		rate = append(rate, sampleLines/a.wall.Seconds())
	}
	for _, list := range [][]float64{wall, cpu, rate} {
		slices.Sort(list)
	}
	at := func(list []float64, part float64) float64 { return list[int(part*float64(len(list)-1)+0.5)] }
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(at(wall, 0.5), "x-wall")
	b.ReportMetric(at(wall, 0.25), "x-wall-q1")
	b.ReportMetric(at(wall, 0.75), "x-wall-q3")
	b.ReportMetric(at(cpu, 0.5), "x-cpu")
	b.ReportMetric(at(rate, 0.5), "lines/s")
}

// BenchmarkBulkProcess is how many times the straightforward program's time ours takes no more than: whole processes, in pairs.
func BenchmarkBulkProcess(b *testing.B) {
	ours, theirs := programs(b)
	file := filepath.Join(b.TempDir(), "in.ndjson")
	for name, plain := range map[string]func(int) string{"alphabetical": profile, "as-sent": asSent} {
		b.Run(name, func(b *testing.B) {
			writeSample(b, file, sampleLines, plain, false)
			pairs(b, func() spent { return measure(b, ours, file, nil) }, func() spent { return measure(b, theirs, file, nil) })
		})
	}
}

// BenchmarkBulkFailing is what it costs that every line fails, in times of what it costs that none does.
func BenchmarkBulkFailing(b *testing.B) {
	ours, _ := programs(b)
	good, bad := filepath.Join(b.TempDir(), "good.ndjson"), filepath.Join(b.TempDir(), "bad.ndjson")
	writeSample(b, good, sampleLines, profile, false)
	writeSample(b, bad, sampleLines, profile, true)
	otherApp := slices.Clone(ours)
	otherApp[len(otherApp)-1] = "wx0000000000000001"
	for name, run := range map[string]func() spent{
		"wrong-key": func() spent { return measure(b, ours, bad, nil) },
		"wrong-app": func() spent { return measure(b, otherApp, good, nil) },
	} {
		b.Run(name, func(b *testing.B) { pairs(b, func() spent { return measure(b, ours, good, nil) }, run) })
	}
}

package bulk_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/wxlogin/wxlogin/internal/bulk"
)

// A choppy reader gives a random number of bytes at a time.
type choppy struct {
	in  io.Reader
	rng *rand.Rand
}

func (c *choppy) Read(p []byte) (int, error) {
	return c.in.Read(p[:1+c.rng.IntN(min(len(p), 2000))])
}

// sample are lines of all fates, sealed once: the property below draws from them.
type sample struct {
	text string
	ok   bool
	data string
}

func samples(t *testing.T) []sample {
	t.Helper()
	var list []sample
	for n := range 8 {
		plain := phone(n)
		list = append(list, sample{line(t, key(n), plain), true, plain})
	}
	long := `{"a":"` + strings.Repeat("long ", 10_000) + `"}`
	return append(list,
		sample{line(t, key(1), long), true, long},
		sample{`{"iv":1}`, false, ""},
		sample{strings.ReplaceAll(line(t, key(1), phone(1)), "iv", "iw"), false, ""},
		sample{line(t, key(1), strings.Replace(phone(1), appID, "wx1", 1)), false, ""},
		sample{"", false, ""},
		sample{"\r", false, ""},
		sample{"x", false, ""},
	)
}

// TestOrder draws lines, how they arrive and how fast they are taken, and wants a row for a line, in order, each with its own data.
func TestOrder(t *testing.T) {
	t.Parallel()
	all := samples(t)
	rapid.Check(t, func(t *rapid.T) {
		drawn := rapid.SliceOfN(rapid.IntRange(0, len(all)-1), 0, 300).Draw(t, "lines")
		var in strings.Builder
		for _, i := range drawn {
			in.WriteString(all[i].text + "\n")
		}
		text := in.String()
		if rapid.Bool().Draw(t, "no line feed at the end") {
			text = strings.TrimSuffix(text, "\n")
		}
		o := options()
		o.Workers = rapid.IntRange(1, 5).Draw(t, "workers")
		seed := rapid.Uint64().Draw(t, "seed")
		reader := io.Reader(&choppy{strings.NewReader(text), rand.New(rand.NewPCG(seed, 0))})
		if rapid.Bool().Draw(t, "all at once") {
			reader = strings.NewReader(text)
		}
		var out bytes.Buffer
		sum, err := bulk.Run(context.Background(), reader, &out, o)
		if err != nil {
			t.Fatal(err)
		}
		got := rows(t, out.Bytes())
		for n, i := range drawn {
			one := all[i]
			if strings.TrimSpace(one.text) == "" {
				continue
			}
			if len(got) == 0 {
				t.Fatalf("line %d is lost", n+1)
			}
			if got[0].Line != int64(n+1) || got[0].OK != one.ok || one.ok && string(got[0].Data) != one.data {
				t.Fatalf("line %d became %d, ok %v", n+1, got[0].Line, got[0].OK)
			}
			got = got[1:]
		}
		if len(got) > 0 || sum.OK+sum.Failed+sum.Blank != sum.Lines || text != "" && sum.Lines < int64(len(drawn))-1 {
			t.Fatalf("%d rows too many, %+v", len(got), sum)
		}
	})
}

// TestSameOutput runs one input, of which much fails, in pieces of any size and with any number of workers: which lines are examined
// must not depend on it.
func TestSameOutput(t *testing.T) {
	t.Parallel()
	all := samples(t)
	rng := rand.New(rand.NewPCG(5, 5))
	var in strings.Builder
	for range 700 {
		i := rng.IntN(len(all) + 20)
		if i >= len(all) || len(all[i].text) > 10_000 {
			i = len(all) - 5 // an iv is missing, or the app is another one
			i += rng.IntN(2)
		}
		in.WriteString(all[i].text + "\n")
	}
	var want []byte
	for workers := 1; workers < 4; workers += 2 {
		for _, reader := range []io.Reader{strings.NewReader(in.String()), &choppy{strings.NewReader(in.String()), rng}, iotest.DataErrReader(strings.NewReader(in.String()))} {
			o := options()
			o.Workers = workers
			var out bytes.Buffer
			if _, err := bulk.Run(t.Context(), reader, &out, o); err != nil {
				t.Fatal(err)
			}
			if want == nil {
				want = out.Bytes()
				if !bytes.Contains(want, []byte("not-examined")) {
					t.Fatal("everything was examined")
				}
			}
			if !bytes.Equal(out.Bytes(), want) {
				t.Errorf("%d workers give another output", workers)
			}
		}
	}
}

// errFull is what a full disk says.
var errFull = errors.New("no space left")

// A full writer takes so many bytes, in one piece if it can.
type full struct {
	bytes.Buffer
	room int
}

func (f *full) Write(p []byte) (int, error) {
	if len(p) <= f.room {
		f.room -= len(p)
		return f.Buffer.Write(p)
	}
	n, _ := f.Buffer.Write(p[:f.room])
	f.room = 0
	return n, errFull
}

// TestWriteError says which line is the first that is not whole, and counts those before it.
func TestWriteError(t *testing.T) {
	t.Parallel()
	text := strings.Repeat(line(t, key(1), phone(1))+"\n", 1500)
	var whole bytes.Buffer
	if _, err := bulk.Run(t.Context(), strings.NewReader(text), &whole, options()); err != nil {
		t.Fatal(err)
	}
	for _, room := range []int{0, 1, 500, whole.Len() / 2, whole.Len() - 1} {
		out := full{room: room}
		sum, err := bulk.Run(t.Context(), strings.NewReader(text), &out, options())
		e, ok := errors.AsType[*bulk.WriteError](err)
		lines := int64(bytes.Count(out.Bytes(), []byte("\n")))
		if !ok || !errors.Is(err, errFull) || e.Line != lines+1 || sum.Lines != lines || sum.OK != lines {
			t.Errorf("room for %d: %v, %+v, but %d lines were written", room, err, sum, lines)
		}
	}
}

// TestReadError ends with the lines before it; what stands before the break is not taken for a line.
func TestReadError(t *testing.T) {
	t.Parallel()
	text := strings.Repeat(line(t, key(1), phone(1))+"\n", 3) + `{"session_key`
	broken := errors.New("the disk is broken")
	var out bytes.Buffer
	sum, err := bulk.Run(t.Context(), io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)), &out, options())
	e, ok := errors.AsType[*bulk.ReadError](err)
	if !ok || !errors.Is(err, broken) || e.Line != 3 || e.Gzip || sum.Lines != 3 || len(rows(t, out.Bytes())) != 3 {
		t.Errorf("%v, %+v", err, sum)
	}
	if _, err := bulk.Run(t.Context(), iotest.ErrReader(broken), io.Discard, options()); !errors.Is(err, broken) {
		t.Errorf("at once: %v", err)
	}
	idle := readerFunc(func([]byte) (int, error) { return 0, nil })
	if _, err := bulk.Run(t.Context(), idle, io.Discard, options()); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that gives nothing: %v", err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestCancel ends the run between two chunks, while the input has no end.
func TestCancel(t *testing.T) {
	t.Parallel()
	text := []byte(strings.Repeat(line(t, key(1), phone(1))+"\n", 500))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	endless := readerFunc(func(p []byte) (int, error) { return copy(p, text), nil })
	o := options()
	o.Progress = func(p bulk.Progress) {
		if p.Lines > 2000 {
			cancel()
		}
	}
	var out bytes.Buffer
	sum, err := bulk.Run(ctx, endless, &out, o)
	if lines := int64(bytes.Count(out.Bytes(), []byte("\n"))); !errors.Is(err, context.Canceled) || lines != sum.Lines || lines < 2000 || out.Bytes()[out.Len()-1] != '\n' {
		t.Errorf("%v, %+v, %d lines", err, sum, lines)
	}
}

// TestBackPressure has nobody take the output: no more is read than the chunks hold.
func TestBackPressure(t *testing.T) {
	t.Parallel()
	text := []byte(strings.Repeat(line(t, key(1), phone(1))+"\n", 500))
	synctest.Test(t, func(t *testing.T) {
		var read atomic.Int64
		in := readerFunc(func(p []byte) (int, error) {
			n := copy(p, text)
			read.Add(int64(n))
			return n, nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		stalled, done := make(chan struct{}), make(chan error)
		go func() {
			_, err := bulk.Run(ctx, in, writerFunc(func(p []byte) (int, error) { <-stalled; return len(p), nil }), options())
			done <- err
		}()
		synctest.Wait() // everybody waits for somebody
		if n := read.Load(); n == 0 || n > 4<<20 {
			t.Errorf("%d bytes were read while nothing was written", n)
		}
		cancel()
		close(stalled)
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestFormats looks at how the input starts.
func TestFormats(t *testing.T) {
	t.Parallel()
	whole := line(t, key(1), phone(1)) + "\n"
	zipped := func(text string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = io.WriteString(w, text)
		_ = w.Close()
		return b.String()
	}
	for name, in := range map[string]string{
		"plain": whole + whole, "gzip": zipped(whole + whole), "two files of gzip": zipped(whole) + zipped(whole), "byte order mark": "\ufeff" + whole + whole,
	} {
		if list, _ := run(t, iotest.OneByteReader(strings.NewReader(in)), options()); len(list) != 2 || !list[0].OK || !list[1].OK {
			t.Errorf("%s: %+v", name, list)
		}
	}
	many := zipped(strings.Repeat(whole, 500))
	for name, in := range map[string]string{"cut off": many[:len(many)/2], "altered": many[:len(many)-8] + "xxxxyyyy", "cut off in its head": many[:5], "followed by something else": zipped(whole) + "more"} {
		var out bytes.Buffer
		sum, err := bulk.Run(t.Context(), strings.NewReader(in), &out, options())
		e, ok := errors.AsType[*bulk.ReadError](err)
		if !ok || !e.Gzip || int64(len(rows(t, out.Bytes()))) != sum.Lines || e.Line != sum.Lines {
			t.Errorf("%s: %v, %+v", name, err, sum)
		}
	}
	for start, want := range map[string]string{
		"PK\x03\x04rest": "zip", "\x28\xb5\x2f\xfd....": "zstd", "BZh91AY": "bzip2", "\xfd7zXZ\x00..": "xz", "\xff\xfe{\x00": "UTF-16",
	} {
		_, err := bulk.Run(t.Context(), strings.NewReader(start), io.Discard, options())
		if e, ok := errors.AsType[*bulk.FormatError](err); !ok || e.Name != want {
			t.Errorf("%q: %v", start, err)
		}
	}
}

// FuzzRun decrypts anything: a row for each line that is not blank, with its number, and the same rows however the input arrives.
func FuzzRun(f *testing.F) {
	for _, seed := range []string{
		"", "\n\n", "x", `{"iv":""}`, "{}\r\n{}", "\ufeff{}", "[\n{}\n]", "{\"a\":\"\xff\"}", "\x1f\x8b\b\x00", "\xff\xfe{\x00",
		`{"session_key":"tiihtNczf5v6AKRyjwEUhQ==","iv":"r7BXXKkLb8qrSNn05n0qiA==","encryptedData":"AAAA"}`,
	} {
		f.Add([]byte(seed), uint64(1))
	}
	f.Fuzz(func(t *testing.T, in []byte, seed uint64) {
		o := options()
		o.Keep = true
		var whole, pieces bytes.Buffer
		sum, err := bulk.Run(t.Context(), bytes.NewReader(in), &whole, o)
		_, err2 := bulk.Run(t.Context(), &choppy{bytes.NewReader(in), rand.New(rand.NewPCG(seed, 0))}, &pieces, o)
		if fmt.Sprint(err) != fmt.Sprint(err2) || !bytes.Equal(whole.Bytes(), pieces.Bytes()) {
			t.Fatalf("%q: %v, %v\n%s\n%s", in, err, err2, whole.Bytes(), pieces.Bytes())
		}
		list := rows(t, whole.Bytes())
		if err != nil || bytes.HasPrefix(in, []byte("\x1f\x8b")) {
			return
		}
		n := 0
		lines := bytes.Split(bytes.TrimPrefix(in, []byte("\ufeff")), []byte("\n"))
		for i, text := range lines {
			if len(bytes.Trim(text, " \t\r")) == 0 {
				continue
			}
			if n == len(list) || list[n].Line != int64(i+1) {
				t.Fatalf("%q: line %d has no row", in, i+1)
			}
			n++
		}
		if n != len(list) || sum.OK+sum.Failed != int64(n) {
			t.Fatalf("%q: %d rows for %d lines, %+v", in, len(list), n, sum)
		}
	})
}

//go:build linux

package stack

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/mockclient"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/world"
)

// childEnv makes TestChildServer a server: "bare", or how many users have logged in.
const childEnv = "WXLOGIN_BENCH_CHILD"

// TestChildServer is no test: benchmarks that want the CPU of a server alone start this program anew, and it serves until its
// input ends.
func TestChildServer(t *testing.T) {
	kind := os.Getenv(childEnv)
	switch kind {
	case "":
		t.Skip("only benchmarks start it")
	case "bare":
		server := httptest.NewServer(http.HandlerFunc(constant))
		defer server.Close()
		settle()
		fmt.Println(server.URL)
	default:
		n, err := strconv.Atoi(kind)
		if err != nil {
			t.Fatal(err)
		}
		running := startLogged(t)
		s := running.mock
		for i := range n {
			logIn(t, s, fmt.Sprintf("user%d", i))
		}
		s.clock.Move(10 * time.Minute) // their codes are over
		settle()
		fmt.Println(running.URL())
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// settle lets the heap grow to the size that it keeps, as it had long done if all those users had come over HTTP.
func settle() {
	const piece = 16 << 10
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	for range 2*m.HeapAlloc/piece + 1000 {
		_, _ = io.Discard.Write(make([]byte, piece))
	}
}

// startLogged starts a simulation that writes its log lines to nowhere.
func startLogged(t testing.TB) *Stack {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background()) // it must live until the cleanup has waited
	running, err := Start(ctx, Options{
		Addr:     "127.0.0.1:0",
		Logger:   slog.New(slog.NewTextHandler(nowhere{}, nil)),
		TokenTTL: 24 * time.Hour, SessionTTL: 72 * time.Hour, Mock: &Mock{Seed: 1},
	})
	if err != nil {
		stop()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		if err := running.Wait(); err != nil {
			t.Error(err)
		}
	})
	return running
}

// nowhere keeps the handler from noticing that its lines are not wanted.
type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }

// logIn does what a login leaves behind.
func logIn(t testing.TB, s *simulation, name string) {
	t.Helper()
	l, err := s.world.Login("", name)
	if err != nil {
		t.Fatal(err)
	}
	identity, refusal := s.world.Exchange(world.Exchange{AppID: s.app.ID, Secret: s.app.Secret, Code: l.Code})
	if refusal != nil {
		t.Fatal(refusal.Reason)
	}
	_, err = s.store.Save(t.Context(), session.Login{
		ID:      session.ID{Origin: s.client.Origin(), AppID: s.app.ID, OpenID: identity.OpenID},
		UnionID: identity.UnionID, Key: identity.SessionKey, At: s.clock.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// BenchmarkServerCPU reports the CPU of the server's process alone, as a multiple of the bare handler's.
func BenchmarkServerCPU(b *testing.B) {
	bare, ours := child(b, "bare", 0), child(b, fmt.Sprint(benchUsers), benchUsers)
	for name, path := range map[string]string{"jscode2session": exchangePath, "onLogin": "/onLogin?code="} {
		b.Run(name, func(b *testing.B) {
			var ratios []float64
			for i := 0; b.Loop(); i++ {
				floor := bare.cost(b, ours.mint(b, i), exchangePath, `{"session_key":"`)
				ratios = append(ratios, float64(ours.cost(b, ours.mint(b, i), path, "{"))/float64(floor))
			}
			report(b, "x-CPU", ratios)
		})
	}
}

// BenchmarkManyUsers reports the server's CPU of a login when a million users have logged in, as a multiple of that with a thousand.
func BenchmarkManyUsers(b *testing.B) {
	few, many := child(b, "1000", 1000), child(b, "1000000", 1_000_000)
	var ratios []float64
	for i := 0; b.Loop(); i++ {
		floor := few.cost(b, few.mint(b, i), "/onLogin?code=", `{"token":"`)
		ratios = append(ratios, float64(many.cost(b, many.mint(b, i), "/onLogin?code=", `{"token":"`))/float64(floor))
	}
	report(b, "x-CPU", ratios)
}

// A childServer is another process.
type childServer struct {
	url    string
	pid    int
	users  int
	client *http.Client
	phone  *mockclient.Client
}

func child(b *testing.B, kind string, users int) *childServer {
	b.Helper()
	command := exec.CommandContext(b.Context(), os.Args[0], "-test.run=^TestChildServer$", "-test.timeout=0")
	command.Env = append(os.Environ(), childEnv+"="+kind)
	stdin, err := command.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: blockClients}
	b.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = stdin.Close()
		_, _ = io.Copy(io.Discard, stdout)
		_ = command.Wait()
	})
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	c := &childServer{url: strings.TrimSpace(url), pid: command.Process.Pid, users: users, client: &http.Client{Transport: transport}}
	if c.phone, err = mockclient.New(c.url, transport); err != nil {
		b.Fatal(err)
	}
	return c
}

// mint asks for the codes of a block, of users all over the table.
func (c *childServer) mint(b *testing.B, round int) []string {
	b.Helper()
	codes := make([]string, blockSize)
	for i := range codes {
		l, err := c.phone.Login(b.Context(), mockclient.Who{User: fmt.Sprintf("user%d", (round*blockSize+i)*7919%c.users)})
		if err != nil {
			b.Fatal(err)
		}
		codes[i] = string(l.Code)
	}
	return codes
}

// cost is the CPU that the child took for a block.
func (c *childServer) cost(b *testing.B, codes []string, path, want string) time.Duration {
	b.Helper()
	before := c.cpu(b)
	block(b, c.client, c.url+path, codes, want)
	return c.cpu(b) - before
}

// cpu is the time on processors of all threads. The kernel's other counters have ticks of 10 ms.
func (c *childServer) cpu(b *testing.B) time.Duration {
	b.Helper()
	paths, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", c.pid))
	if err != nil || len(paths) == 0 {
		b.Skipf("no schedstat: %v", err)
	}
	var total time.Duration
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		ns, err := strconv.ParseInt(string(bytes.Fields(text)[0]), 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		total += time.Duration(ns)
	}
	return total
}

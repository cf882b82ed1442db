//go:build linux

package stack

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/world"
)

// bareServer is the least program that answers over HTTP.
const bareServer = `package main

import (
	"io"
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") })
	_ = http.ListenAndServe(os.Args[1], nil)
}
`

// magicExchange is a call that needs no code of wx.login.
const magicExchange = "/sns/jscode2session?appid=" + string(world.DemoAppID) + "&secret=" + world.DemoSecret + "&js_code=user-alice"

// BenchmarkStartProcess reports how long serve --mock takes from the start of its process to its first answer, as a multiple of a bare
// server's time, by turns; and its memory (VmRSS) when it has answered once and does nothing.
func BenchmarkStartProcess(b *testing.B) {
	bare, ours := build(b)
	var ratios, sizes []float64
	for b.Loop() {
		floor, _ := launch(b, bare, []string{"ADDR"}, "/")
		took, size := launch(b, ours, []string{"serve", "--mock", "--addr", "ADDR"}, magicExchange)
		ratios = append(ratios, float64(took)/float64(floor))
		sizes = append(sizes, size)
	}
	report(b, "x-start", ratios)
	report(b, "MB-idle", sizes)
}

// BenchmarkStartPopulation reports the seconds to the first answer of serve --mock with a million users, and its memory then.
func BenchmarkStartPopulation(b *testing.B) {
	_, ours := build(b)
	var seconds, sizes []float64
	for b.Loop() {
		took, size := launch(b, ours, []string{"serve", "--mock", "--users", "1000000", "--addr", "ADDR"}, magicExchange)
		seconds, sizes = append(seconds, took.Seconds()), append(sizes, size)
	}
	report(b, "s-start", seconds)
	report(b, "MB-idle", sizes)
}

// build makes both programs, ours as a release has it.
func build(b *testing.B) (bare, ours string) {
	b.Helper()
	dir := b.TempDir()
	source := filepath.Join(dir, "bare.go")
	if err := os.WriteFile(source, []byte(bareServer), 0o600); err != nil {
		b.Fatal(err)
	}
	bare, ours = filepath.Join(dir, "bare"), filepath.Join(dir, "wxlogin")
	for program, from := range map[string]string{bare: source, ours: "github.com/wxlogin/wxlogin"} {
		out, err := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, from).CombinedOutput()
		if err != nil {
			b.Fatalf("go build %s: %v\n%s", from, err, out)
		}
	}
	return bare, ours
}

// launch starts a program on a free port, which replaces "ADDR" among its arguments, asks until it answers, and ends it. It returns the
// time from the start to the answer, and the size of the process in MB a moment later.
func launch(b *testing.B, program string, args []string, path string) (took time.Duration, size float64) {
	b.Helper()
	addr := freeAddr(b)
	command := exec.CommandContext(b.Context(), program)
	for _, arg := range args {
		if arg == "ADDR" {
			arg = addr
		}
		command.Args = append(command.Args, arg)
	}
	command.Env = append(os.Environ(), "HOME="+b.TempDir(), "XDG_CONFIG_HOME=")
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: time.Minute}
	start := time.Now()
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = command.Process.Kill()
		_ = command.Wait() // killed
	}()
	for {
		answer, err := client.Get("http://" + addr + path)
		if err == nil {
			took = time.Since(start)
			_, _ = io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close()
			break
		}
		if _, refused := errors.AsType[*net.OpError](err); !refused || time.Since(start) > time.Minute {
			b.Fatal(err)
		}
		time.Sleep(100 * time.Microsecond)
	}
	time.Sleep(200 * time.Millisecond) // for what starts in the background
	return took, residentMB(b, command.Process.Pid)
}

func freeAddr(b *testing.B) string {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// residentMB is the physical memory of a process, as /proc tells it.
func residentMB(b *testing.B, pid int) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := bytes.Cut(status, []byte("VmRSS:"))
	kilobytes, err := strconv.ParseFloat(string(bytes.Fields(rest)[0]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return kilobytes / 1024
}

//go:build unix

package child_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wxlogin/wxlogin/internal/child"
)

// roleVariable makes the test's binary play a part of a test: it runs a program as wxlogin does, or it is that program.
const roleVariable = "WXLOGIN_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "run":
		os.Exit(playRun())
	case "report":
		os.Exit(playReport())
	}
	goleak.VerifyTestMain(m)
}

// playRun is a process that runs a program and does nothing else.
func playRun() int {
	watch := child.NewWatch()
	defer watch.Stop()
	env := append(os.Environ(), roleVariable+"=report")
	code, err := child.Run(context.Background(), watch, child.Options{
		Args: os.Args[1:], Env: env, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	})
	if failed, ok := errors.AsType[*child.StartError](err); ok {
		fmt.Println(failed)
		return failed.Code
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	return code
}

// playReport is a program that says which signals it gets. It ends with code 40 on those that ask for it, unless it is called stubborn.
func playReport() int {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2)
	fmt.Println("ready", os.Getpid(), syscall.Getpgrp())
	for s := range signals {
		fmt.Println("got", s)
		if len(os.Args) < 2 && (s == syscall.SIGINT || s == syscall.SIGTERM || s == syscall.SIGQUIT) {
			return 40
		}
	}
	return 0
}

// A runner is a process that plays run, in a session of its own: without a terminal, whatever the developer has.
type runner struct {
	*exec.Cmd
	lines *bufio.Scanner
}

func startRunner(t *testing.T, args ...string) *runner {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), roleVariable+"=run")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &runner{cmd, bufio.NewScanner(out)}
}

// line returns the next line, and fails the test if there is none.
func (r *runner) line(t *testing.T) string {
	t.Helper()
	if !r.lines.Scan() {
		t.Fatalf("the program said no more: %v", r.lines.Err())
	}
	return r.lines.Text()
}

func (r *runner) send(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(r.Process.Pid, s); err != nil {
		t.Fatal(err)
	}
}

// code waits for the end and returns the exit code.
func (r *runner) code(t *testing.T) int {
	t.Helper()
	for r.lines.Scan() {
		t.Log(r.lines.Text())
	}
	if err := r.Wait(); err != nil {
		if _, ok := errors.AsType[*exec.ExitError](err); !ok {
			t.Fatal(err)
		}
	}
	return r.ProcessState.ExitCode()
}

func run(t *testing.T, o child.Options) (int, error) {
	t.Helper()
	watch := child.NewWatch()
	defer watch.Stop()
	o.Env = os.Environ()
	return child.Run(t.Context(), watch, o)
}

func TestExitCode(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	noFormat := filepath.Join(dir, "noformat")
	if err := os.WriteFile(noFormat, []byte{0, 1, 2, 3}, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		want int
	}{
		{[]string{"true"}, 0},
		{[]string{"sh", "-c", "exit 3"}, 3},
		{[]string{"sh", "-c", "exit 255"}, 255},
		{[]string{"sh", "-c", "kill -TERM $$"}, 128 + 15},
		{[]string{"sh", "-c", "kill -KILL $$"}, 128 + 9},
		{[]string{"no-such-program"}, 127},
		{[]string{filepath.Join(dir, "nowhere")}, 127},
		{[]string{plain}, 126},
		{[]string{dir}, 126},
		{[]string{noFormat}, 126},
	} {
		code, err := run(t, child.Options{Args: test.args})
		if failed, ok := errors.AsType[*child.StartError](err); ok {
			if code = failed.Code; failed.Program != test.args[0] {
				t.Errorf("%q: the error names %q", test.args, failed.Program)
			}
		} else if err != nil {
			t.Errorf("%q: %v", test.args, err)
		}
		if code != test.want {
			t.Errorf("%q: code %d, want %d (%v)", test.args, code, test.want, err)
		}
	}
}

// TestNotBegun: who is told to stop before the program began does not begin it.
func TestNotBegun(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	watch := child.NewWatch()
	defer watch.Stop()
	mark := filepath.Join(t.TempDir(), "mark")
	if _, err := child.Run(ctx, watch, child.Options{Args: []string{"touch", mark}}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("the program ran")
	}
}

// TestStreams: the program has our own files, not copies through a pipe, and the bytes are the same.
func TestStreams(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	in, out, errOut := filepath.Join(dir, "in"), filepath.Join(dir, "out"), filepath.Join(dir, "err")
	want := bytes.Repeat([]byte("\x00\xff\r\n\x1b[31m微信"), 5000)
	if err := os.WriteFile(in, want, 0o600); err != nil {
		t.Fatal(err)
	}
	stdin, err := os.Open(in)
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := os.Create(out)
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	stderr, err := os.Create(errOut)
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	// A file is a file for the program as well: truncating what is written to works, as it would not through a pipe.
	code, err := run(t, child.Options{Args: []string{"sh", "-c", "cat; test -f /dev/stdin && test -f /dev/stdout && echo files >&2"}, Stdin: stdin, Stdout: stdout, Stderr: stderr})
	if code != 0 || err != nil {
		t.Fatalf("code %d, %v", code, err)
	}
	if got, _ := os.ReadFile(out); !bytes.Equal(got, want) {
		t.Errorf("%d bytes came out, want %d", len(got), len(want))
	}
	if got, _ := os.ReadFile(errOut); string(got) != "files\n" {
		t.Errorf("standard error has %q", got)
	}
}

// TestPipe: SIGPIPE works in the program as it does in a shell, although we do not want to die of it.
func TestPipe(t *testing.T) {
	t.Parallel()
	var errOut bytes.Buffer
	code, err := run(t, child.Options{Args: []string{"sh", "-c", "yes | head -n 1"}, Stdout: io.Discard, Stderr: &errOut})
	if code != 0 || err != nil || errOut.Len() > 0 {
		t.Errorf("code %d, %v, %q", code, err, errOut.String())
	}
}

func TestSignals(t *testing.T) {
	t.Parallel()
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT} {
		r := startRunner(t, os.Args[0])
		r.line(t)
		for _, other := range []syscall.Signal{syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGHUP, s} {
			if signal.Ignored(other) { // as under nohup: who started us wants it to reach nobody
				continue
			}
			r.send(t, other)
			if got := r.line(t); got != "got "+other.String() {
				t.Errorf("%v: the program says %q", other, got)
			}
		}
		if signal.Ignored(s) {
			r.send(t, syscall.SIGTERM)
		}
		if code := r.code(t); code != 40 {
			t.Errorf("%v: code %d, want the program's 40", s, code)
		}
	}
}

// TestSecondSignal: a program that does not listen ends all the same, and with it what it started.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	r := startRunner(t, "sh", "-c", "trap '' INT TERM; sleep 1000 & echo $$ $!; wait; while :; do sleep 1000; done")
	var shell, sleeper int
	if _, err := fmt.Sscan(r.line(t), &shell, &sleeper); err != nil {
		t.Fatal(err)
	}
	r.send(t, syscall.SIGTERM)
	r.send(t, syscall.SIGINT)
	if code := r.code(t); code != 130 && code != 143 { // two signals sent at once come in any order
		t.Errorf("code %d", code)
	}
	gone(t, shell)
	gone(t, sleeper)
}

// TestLeftBehind: what a program leaves in its group ends with it, also what does not listen.
func TestLeftBehind(t *testing.T) {
	t.Parallel()
	for _, sleeper := range []string{"sleep 1000", `sh -c 'trap "" TERM; while :; do sleep 1000; done'`} {
		r := startRunner(t, "sh", "-c", sleeper+` > /dev/null & sh -c 'sleep 1000 > /dev/null & echo $!' & echo $!; wait $!; exit 3`)
		var pids [2]int
		for i := range pids {
			if _, err := fmt.Sscan(r.line(t), &pids[i]); err != nil {
				t.Fatal(err)
			}
		}
		if code := r.code(t); code != 3 {
			t.Errorf("code %d, want 3", code)
		}
		for _, pid := range pids {
			gone(t, pid)
		}
	}
}

// gone waits until a process is no more, or only waits for somebody to ask how it ended.
func gone(t *testing.T, pid int) {
	t.Helper()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for syscall.Kill(pid, 0) == nil {
		state, _ := exec.CommandContext(t.Context(), "ps", "-o", "stat=", "-p", fmt.Sprint(pid)).Output()
		if strings.HasPrefix(string(state), "Z") {
			return
		}
		select {
		case <-ticker.C:
		case <-t.Context().Done():
			t.Fatalf("process %d is still there", pid)
		}
	}
}

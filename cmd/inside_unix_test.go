//go:build unix

package cmd

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A guest is a command that runs inside the simulation, in a process of its own without a terminal.
type guest struct {
	*exec.Cmd
	lines  *bufio.Scanner
	stderr *bytes.Buffer
	tmp    string // where temporary files go
}

// startGuest runs a shell script inside the simulation, after it has said where the simulation's files are.
func startGuest(t *testing.T, script string) *guest {
	t.Helper()
	need(t, "sh")
	g := &guest{Cmd: exec.CommandContext(t.Context(), "wxlogin", "serve", "--mock", "--", "sh", "-c", "test -f $SSL_CERT_FILE || exit 99; echo ${SSL_CERT_FILE%/*}; "+script), stderr: new(bytes.Buffer)}
	g.Env = cleanEnv(t)
	g.tmp = strings.TrimPrefix(g.Env[len(g.Env)-1], "TMPDIR=")
	g.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	g.Stderr = g.stderr
	out, err := g.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Start(); err != nil {
		t.Fatal(err)
	}
	g.lines = bufio.NewScanner(out)
	if dir := g.line(t); filepath.Dir(dir) != g.tmp {
		t.Fatalf("the files are in %q", dir)
	}
	return g
}

func (g *guest) line(t *testing.T) string {
	t.Helper()
	if !g.lines.Scan() {
		t.Fatalf("no line: %v\n%s", g.lines.Err(), g.stderr)
	}
	return g.lines.Text()
}

func (g *guest) send(t *testing.T, pid int, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, s); err != nil {
		t.Fatal(err)
	}
}

// ends waits for the end, and checks the exit code and that nothing is left.
func (g *guest) ends(t *testing.T, codes ...int) {
	t.Helper()
	for g.lines.Scan() {
		t.Log(g.lines.Text())
	}
	err := g.Wait()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		t.Fatal(err)
	}
	code, wanted := g.ProcessState.ExitCode(), false
	for _, want := range codes {
		wanted = wanted || code == want
	}
	if !wanted {
		t.Errorf("exit code %d, want %d\n%s", code, codes, g.stderr)
	}
	left, err := filepath.Glob(filepath.Join(g.tmp, "wxlogin-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

// TestNothingStaysBehind ends a command in every way there is. Each time the temporary directory is gone, and the exit code is that of
// the command.
func TestNothingStaysBehind(t *testing.T) {
	t.Parallel()
	t.Run("by itself", func(t *testing.T) {
		t.Parallel()
		startGuest(t, "exit 3").ends(t, 3)
	})
	t.Run("by a signal that it gets from us", func(t *testing.T) {
		t.Parallel()
		g := startGuest(t, "echo on; exec sleep 1000")
		g.line(t)
		g.send(t, g.Process.Pid, syscall.SIGTERM)
		g.ends(t, 143)
	})
	t.Run("by its own answer to a signal", func(t *testing.T) {
		t.Parallel()
		// The simulation is there while the command cleans up: it may have something to say to WeChat.
		g := startGuest(t, "trap 'wxlogin mock clock > /dev/null && exit 7' TERM; echo on; while :; do sleep 0.01; done")
		g.line(t)
		g.send(t, g.Process.Pid, syscall.SIGTERM)
		g.ends(t, 7)
	})
	t.Run("by two signals", func(t *testing.T) {
		t.Parallel()
		g := startGuest(t, "trap '' INT; echo on; while :; do sleep 1000; done")
		g.line(t)
		g.send(t, g.Process.Pid, syscall.SIGINT)
		g.send(t, g.Process.Pid, syscall.SIGTERM) // two of a kind may become one before they are read
		g.ends(t, 130, 143)
	})
	t.Run("killed", func(t *testing.T) {
		t.Parallel()
		g := startGuest(t, "echo $$; sleep 1000 & wait")
		pid := 0
		if _, err := fmt.Sscan(g.line(t), &pid); err != nil {
			t.Fatal(err)
		}
		g.send(t, pid, syscall.SIGKILL)
		g.ends(t, 137)
	})
	t.Run("with what it started", func(t *testing.T) {
		t.Parallel()
		// The pipe to us ends when the last of the command's processes is gone: the scanner waits for that.
		startGuest(t, "sh -c 'sleep 1000 & sleep 1000' & exit 0").ends(t, 0)
	})
	t.Run("without having begun", func(t *testing.T) {
		t.Parallel()
		tmp := t.TempDir()
		cmd := exec.CommandContext(t.Context(), "wxlogin", "serve", "--mock", "--", filepath.Join(tmp, "nowhere"))
		cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
		_ = cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != 127 {
			t.Errorf("exit code %d", code)
		}
		if left, _ := os.ReadDir(tmp); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

// need skips a test for want of a program, or fails it where nothing may be skipped.
func need(t *testing.T, program string) {
	t.Helper()
	missing, err := scriptCondition("missing:" + program)
	if err != nil {
		t.Fatal(err)
	}
	if missing {
		t.Skip(program, "is not installed")
	}
}

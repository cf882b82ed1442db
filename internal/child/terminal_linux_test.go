package child_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// TestTerminal runs a program on a terminal of its own: it is in the foreground there, so that it may read, and Ctrl-C reaches it once.
func TestTerminal(t *testing.T) {
	t.Parallel()
	master, slave := openPTY(t)
	defer slave.Close()
	cmd := exec.CommandContext(t.Context(), os.Args[0], os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"=run")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	screen := bufio.NewReader(master)
	line := func() string {
		text, err := screen.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(text)
	}
	var pid, group int
	if _, err := fmt.Sscanf(line(), "ready %d %d", &pid, &group); err != nil {
		t.Fatal(err)
	}
	if pid == cmd.Process.Pid || group != cmd.Process.Pid {
		t.Errorf("process %d of group %d, want the group of %d", pid, group, cmd.Process.Pid)
	}
	foreground, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPGRP)
	if err != nil {
		t.Fatal(err)
	}
	if foreground != group {
		t.Errorf("the foreground is %d, the program's group %d", foreground, group)
	}
	if _, err := master.WriteString("\x03"); err != nil {
		t.Fatal(err)
	}
	if got := line(); !strings.HasSuffix(got, "got interrupt") { // the terminal shows ^C before it
		t.Errorf("the screen shows %q", got)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 40 {
		t.Errorf("code %d, want the program's 40", code)
	}
}

// TestTerminalOnce: a key is one signal. A program that lives with the first Ctrl-C does not get another one from us.
func TestTerminalOnce(t *testing.T) {
	t.Parallel()
	master, slave := openPTY(t)
	defer slave.Close()
	cmd := exec.CommandContext(t.Context(), os.Args[0], os.Args[0], "stubborn")
	cmd.Env = append(os.Environ(), roleVariable+"=run")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	screen := bufio.NewReader(master)
	expect := func(want string) {
		t.Helper()
		text, err := screen.ReadString('\n')
		if err != nil || !strings.Contains(text, want) {
			t.Fatalf("the screen shows %q, %v; want %q", text, err, want)
		}
	}
	expect("ready")
	if _, err := master.WriteString("\x03"); err != nil {
		t.Fatal(err)
	}
	expect("got interrupt")
	if err := syscall.Kill(cmd.Process.Pid, syscall.SIGUSR1); err != nil { // comes after anything that is on its way
		t.Fatal(err)
	}
	expect("got user defined signal 1")
	if _, err := master.WriteString("\x03"); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("code %d after the second Ctrl-C, want 130", code)
	}
}

// TestTerminalSecond: the second Ctrl-C ends also what a program has started and what does not listen to the key.
func TestTerminalSecond(t *testing.T) {
	t.Parallel()
	master, slave := openPTY(t)
	defer slave.Close()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "sh", "-c", "trap '' INT; sleep 1000 & echo $!; wait")
	cmd.Env = append(os.Environ(), roleVariable+"=run")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	text, err := bufio.NewReader(master).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	sleeper := 0
	if _, err := fmt.Sscan(text, &sleeper); err != nil {
		t.Fatal(err)
	}
	// Not by the key: two of them at once may become one signal before they are read.
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		if err := syscall.Kill(cmd.Process.Pid, s); err != nil {
			t.Fatal(err)
		}
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 && code != 143 {
		t.Errorf("code %d", code)
	}
	gone(t, sleeper)
}

// openPTY opens a pseudo terminal.
func openPTY(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Skip("no pseudo terminals here: ", err)
	}
	t.Cleanup(func() { _ = master.Close() })
	return master, slave
}

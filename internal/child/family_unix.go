//go:build unix

package child

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// What a program left behind in its group has so long to end by itself. It is asked as often as that: whoever ends at once is not waited for.
const (
	grace      = 2 * time.Second
	askEvery   = 5 * time.Millisecond
	noSignal   = syscall.Signal(0) // asks whether there is anybody
	wholeGroup = -1                // times the number of a group: its members
)

// A family is a program and what it starts. On a terminal they belong to our own process group, so that the terminal's keys reach them
// as they reach us, and they may read from it. Off one they are a group of their own, which can be ended as a whole.
type family struct {
	tty *os.File // the controlling terminal; nil: a group of its own
	pid int
}

func newFamily(cmd *exec.Cmd) *family {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		return &family{}
	}
	return &family{tty: tty}
}

func (f *family) started(p *os.Process) { f.pid = p.Pid }

// pass sends a signal on, unless the program had it already: the terminal's keys go to all of the group in its foreground.
func (f *family) pass(received os.Signal) {
	number, _ := received.(syscall.Signal)
	if f.tty != nil && (number == syscall.SIGINT || number == syscall.SIGQUIT) && f.inForeground() {
		return
	}
	// To the program alone, as if it had been started without us: one that looks after children of its own, as npm does, tells them
	// itself, and twice is not the same as once. An error says that it has just ended.
	_ = syscall.Kill(f.pid, number)
}

func (f *family) inForeground() bool {
	group, err := unix.IoctlGetInt(int(f.tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == syscall.Getpgrp()
}

// kill ends the program, and its group if that is its own. In a group that we share but lead, which is what a shell made for us, the
// others are asked to end: we get the signal ourselves, and have to live on for the clean-up. What else is in a group that we do not lead
// is none of our business: the shell that runs a script, or make.
func (f *family) kill() {
	switch {
	case f.tty == nil:
		_ = syscall.Kill(wholeGroup*f.pid, syscall.SIGKILL)
		return
	case syscall.Getpgrp() == syscall.Getpid():
		_ = syscall.Kill(wholeGroup*syscall.Getpid(), syscall.SIGTERM)
	}
	_ = syscall.Kill(f.pid, syscall.SIGKILL)
}

// close ends what is left of a group of the program's own.
func (f *family) close() {
	if f.tty != nil {
		_ = f.tty.Close()
		return
	}
	if f.pid == 0 || f.gone(syscall.SIGTERM) {
		return
	}
	deadline := time.NewTimer(grace)
	defer deadline.Stop()
	ticker := time.NewTicker(askEvery)
	defer ticker.Stop()
	for {
		select {
		case <-deadline.C:
			f.kill()
			return
		case <-ticker.C:
			if f.gone(noSignal) {
				return
			}
		}
	}
}

// gone sends the group a signal and reports whether nobody was left to get it.
func (f *family) gone(number syscall.Signal) bool {
	return errors.Is(syscall.Kill(wholeGroup*f.pid, number), syscall.ESRCH)
}

// passed are the signals that are for the program.
func passed() []os.Signal {
	return []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2}
}

// endsProgram reports whether a signal asks for an end. The others mean what the program makes of them, and a terminal that closes sends
// more than one HUP.
func endsProgram(received os.Signal) bool {
	return received == syscall.SIGINT || received == syscall.SIGTERM || received == syscall.SIGQUIT
}

// watchPipe keeps a broken pipe an error of the write, without the signal being ignored: what is ignored here is ignored in every
// program that we start, and "yes | head -1" inside one would complain.
func watchPipe() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// Package child runs a program inside the simulation: its process and process group, the signals that are meant for it, and its exit
// code. It knows nothing of the simulation: the environment comes from the caller. What the program reads and writes are the caller's
// own streams, handed over as they are; nothing is copied in between.
package child

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
)

// The exit codes of a program that could not be started, as shells give them, and what is added to the number of a signal that ended one.
const (
	CodeNotExecutable = 126
	CodeNotFound      = 127

	signalBase = 128
)

// Options of [Run].
type Options struct {
	Args []string // the program and its arguments
	Env  []string // as of [os.Environ]

	Stdin          io.Reader // a file is inherited, anything else is copied
	Stdout, Stderr io.Writer
}

// A StartError says that a program could not be started.
type StartError struct {
	Program string
	Code    int // CodeNotFound or CodeNotExecutable
	Err     error
}

func (e *StartError) Error() string { return fmt.Sprintf("cannot run %q: %v", e.Program, e.Err) }

// Unwrap returns the system's error.
func (e *StartError) Unwrap() error { return e.Err }

// Run runs a program to its end and returns its exit code, 128 and the number of the signal if one ended it. Signals of watch are passed
// on; the second one that asks for an end ends the program at once. What the program leaves behind in a process group of its own is
// ended as well. A program that cannot be started is a [*StartError]; if ctx is done before the start, the error is that of ctx.
func Run(ctx context.Context, watch *Watch, o Options) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	// The program's end is decided by its signals: a context could only kill it.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), o.Args[0], o.Args[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = o.Env, o.Stdin, o.Stdout, o.Stderr
	family := newFamily(cmd)
	if err := cmd.Start(); err != nil {
		family.close()
		return 0, startError(o.Args[0], err)
	}
	family.started(cmd.Process)
	defer family.close()
	ended := make(chan struct{})
	var end error
	go func() {
		defer close(ended)
		end = cmd.Wait()
	}()
	urgent := 0
	for {
		select {
		case <-ended:
			return exitCode(cmd.ProcessState, end)
		case received := <-watch.signals:
			if endsProgram(received) {
				urgent++
			}
			if urgent > 1 {
				family.kill()
				<-ended
				return signalCode(received), nil
			}
			family.pass(received)
		}
	}
}

// exitCode is what a shell would make of the end of a program.
func exitCode(state *os.ProcessState, err error) (int, error) {
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		return 0, fmt.Errorf("wait for the program: %w", err)
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return signalBase + int(status.Signal()), nil
	}
	return state.ExitCode(), nil
}

func signalCode(s os.Signal) int {
	number, _ := s.(syscall.Signal)
	return signalBase + int(number)
}

// startError tells a program that is not there from one that is, and cannot be run.
func startError(program string, err error) error {
	code := CodeNotExecutable
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		code = CodeNotFound
	}
	return &StartError{Program: program, Code: code, Err: cause(err)}
}

// cause is the innermost reason: the program is named beside it.
func cause(err error) error {
	if e, ok := errors.AsType[*exec.Error](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	return err
}

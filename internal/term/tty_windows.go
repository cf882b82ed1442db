package term

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// console is Windows' terminal, which has one name to read from and one to write to.
type console struct {
	*os.File
	out *os.File
}

func (c *console) Write(p []byte) (int, error) { return c.out.Write(p) }

func (c *console) Close() error { return errors.Join(c.File.Close(), c.out.Close()) }

// openTTY opens the console of the process, whatever the standard streams are.
func openTTY() (io.ReadWriteCloser, error) {
	in, err := os.OpenFile("CONIN$", os.O_RDWR, 0)
	if err != nil {
		return nil, ErrNoTTY
	}
	out, err := os.OpenFile("CONOUT$", os.O_RDWR, 0)
	if err != nil {
		_ = in.Close()
		return nil, ErrNoTTY
	}
	return &console{File: in, out: out}, nil
}

// isClosedPipe knows ERROR_BROKEN_PIPE and ERROR_NO_DATA, with which a write to a pipe without a reader fails.
func isClosedPipe(err error) bool {
	return errors.Is(err, syscall.ERROR_BROKEN_PIPE) || errors.Is(err, syscall.Errno(232))
}

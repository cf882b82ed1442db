//go:build !windows

package term

import (
	"io"
	"os"
)

// openTTY opens the terminal of the session, whatever the standard streams are.
func openTTY() (io.ReadWriteCloser, error) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil, ErrNoTTY
	}
	return tty, nil
}

// isClosedPipe knows what only Windows says.
func isClosedPipe(error) bool { return false }

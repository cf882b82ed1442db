package term

import (
	"bufio"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/creack/pty"
)

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

// TestPromptSecretDoesNotEcho types a secret into a real terminal driver and reads everything that it shows.
func TestPromptSecretDoesNotEcho(t *testing.T) {
	t.Parallel()
	master, slave := openPTY(t)
	s, _, _, _ := Test()
	s.TTY = func() (io.ReadWriteCloser, error) { return slave, nil }
	screen := bufio.NewReader(master)
	shown := make(chan string)
	go func() {
		label, _ := screen.ReadString(':') // the question stands there before anything is typed
		shown <- label
	}()
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		secret, err := s.PromptSecret(t.Context(), "AppSecret: ")
		done <- result{secret.Reveal(), err}
	}()
	label := <-shown
	waitForNoEcho(t, master)
	if _, err := io.WriteString(master, "canary-secret\n"); err != nil {
		t.Fatal(err)
	}
	got := <-done
	if got.err != nil || got.text != "canary-secret" {
		t.Fatalf("read %q, %v", got.text, got.err)
	}
	rest, _ := screen.ReadString('\n')
	if !strings.HasSuffix(label, "AppSecret:") || strings.Contains(rest, "canary") {
		t.Errorf("the screen shows %q", label+rest)
	}
}

// waitForNoEcho asks the driver until the echo is off.
func waitForNoEcho(t *testing.T, f *os.File) {
	t.Helper()
	for t.Context().Err() == nil {
		var state syscall.Termios
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), syscall.TCGETS, uintptr(unsafe.Pointer(&state))); errno != 0 {
			t.Fatal(errno)
		}
		if state.Lflag&syscall.ECHO == 0 {
			return
		}
	}
}

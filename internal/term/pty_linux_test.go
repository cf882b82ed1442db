package term

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// openPTY opens a pseudo terminal with the system calls of pty(7).
func openPTY(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo terminals here: ", err)
	}
	t.Cleanup(func() { _ = master.Close() })
	var unlock, number int32
	control(t, master, syscall.TIOCSPTLCK, &unlock)
	control(t, master, syscall.TIOCGPTN, &number)
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return master, slave
}

func control(t *testing.T, f *os.File, request uintptr, arg *int32) {
	t.Helper()
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(unsafe.Pointer(arg))); errno != 0 {
		t.Fatal(errno)
	}
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

// Package redistest runs a real Redis, or Valkey, for tests: on a free port of the loopback, in a directory of its own, ended by its
// process id when the test ends.
package redistest

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// programs are what may serve, in the order of preference. WXLOGIN_TEST_REDIS names another.
var programs = []string{"redis-server", "valkey-server"}

// databases is how many a server has: enough for each test of a suite to get one of its own.
const databases = 10000

// Server is a running server.
type Server struct {
	Port int

	program string
	dir     string
	args    []string
	next    atomic.Int64 // database

	mu      sync.Mutex
	process *exec.Cmd
	done    chan struct{} // closed when the process has ended
}

// Start runs a server with arguments such as "--appendonly", "yes". Without a program to run the test is skipped, or fails where
// WXLOGIN_REQUIRE=all says that nothing may be skipped.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	s := &Server{program: find(t), dir: t.TempDir(), args: args}
	for attempt := 0; ; attempt++ { // between choosing a port and listening on it somebody else may take it
		s.Port = FreePort(t)
		err := s.run()
		if err == nil {
			break
		}
		if attempt == 5 {
			t.Fatal(err)
		}
	}
	t.Cleanup(s.Kill)
	return s
}

func find(t testing.TB) string {
	t.Helper()
	if named := os.Getenv("WXLOGIN_TEST_REDIS"); named != "" {
		return named
	}
	for _, program := range programs {
		if path, err := exec.LookPath(program); err == nil {
			return path
		}
	}
	missing := strings.Join(programs, " nor ")
	if os.Getenv("WXLOGIN_REQUIRE") == "all" {
		t.Fatalf("neither %s is installed, and WXLOGIN_REQUIRE=all demands one", missing)
	}
	t.Skipf("neither %s is installed: the Redis store was not tested", missing)
	return ""
}

// FreePort returns a port of the loopback on which nobody listened a moment ago.
func FreePort(t testing.TB) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed at once
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return number
}

// run starts the process and returns when it accepts connections.
func (s *Server) run() error {
	args := append([]string{
		"--port", strconv.Itoa(s.Port), "--bind", "127.0.0.1", "--dir", s.dir, "--databases", strconv.Itoa(databases),
		"--save", "", "--daemonize", "no", "--logfile", "", "--pidfile", "",
	}, s.args...)
	process := exec.Command(s.program, args...) //nolint:gosec,noctx // a program of this machine, ended by Kill
	out, err := process.StdoutPipe()
	if err != nil {
		return err
	}
	process.Stderr = process.Stdout
	if err := process.Start(); err != nil {
		return err
	}
	ready, done := make(chan bool, 1), make(chan struct{})
	var said strings.Builder
	go func() {
		defer close(done)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if line := lines.Text(); strings.Contains(line, "eady to accept connections") {
				select {
				case ready <- true:
				default:
				}
			} else if said.Len() < 4096 {
				said.WriteString(line + "\n")
			}
		}
		_ = process.Wait()
	}()
	select {
	case <-ready:
	case <-done:
		return fmt.Errorf("%s ended at its start:\n%s", s.program, said.String())
	}
	s.mu.Lock()
	s.process, s.done = process, done
	s.mu.Unlock()
	return nil
}

// Address is that of a database which no other call was given.
func (s *Server) Address() string {
	return fmt.Sprintf("redis://127.0.0.1:%d/%d", s.Port, s.next.Add(1)%databases)
}

// PID is the process that serves now.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process.Process.Pid
}

// Kill ends the process with SIGKILL and waits for its end. Killing twice is nothing.
func (s *Server) Kill() {
	s.mu.Lock()
	process, done := s.process, s.done
	s.mu.Unlock()
	if process != nil {
		_ = process.Process.Kill() // may have ended by itself
		<-done
	}
}

// Restart kills the process if it runs, and starts it again on the same port and files.
func (s *Server) Restart() error {
	s.Kill()
	return s.run()
}

// UsedMemory is what the server says of its memory, in bytes.
func (s *Server) UsedMemory(t testing.TB) int64 {
	t.Helper()
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port))) //nolint:noctx // of this machine
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write([]byte("INFO memory\r\nQUIT\r\n")); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		if text, found := strings.CutPrefix(lines.Text(), "used_memory:"); found {
			size, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return size
		}
	}
	t.Fatal("the server does not tell its memory")
	return 0
}

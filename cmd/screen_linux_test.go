package cmd

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

// A screen is a terminal at which commands are typed one after the other, in a home of its own with the files of testdata/screen.
type screen struct {
	t    *testing.T
	home string
	env  map[string]string
}

func newScreen(t *testing.T, locale string) *screen {
	t.Helper()
	home, err := os.MkdirTemp("/tmp", "w") //nolint:usetesting // that one is long: the path is on the screen, where lines end at a column
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	if err := os.CopyFS(home, os.DirFS("testdata/screen")); err != nil {
		t.Fatal(err)
	}
	s := &screen{t: t, home: home, env: map[string]string{
		"HOME": home, "PATH": os.Getenv("PATH"), "TERM": "xterm-256color", "SHELL": "/bin/bash", "LANG": locale, "TZ": "UTC", "GORACE": "atexit_sleep_ms=0",
		// npm tells of newer versions of itself
		"NO_UPDATE_NOTIFIER": "1", "npm_config_update_notifier": "false", "npm_config_color": "false", "npm_config_progress": "false",
	}}
	if !*update { // the port that is shown is taken when other servers run
		s.env["WXLOGIN_ADDR"] = "127.0.0.1:0"
	}
	return s
}

// environment returns the variables as a process takes them.
func (s *screen) environment() []string {
	var env []string
	for _, name := range slices.Sorted(maps.Keys(s.env)) {
		env = append(env, name+"="+s.env[name])
	}
	return env
}

// typed runs a line of shell and returns what it put on the screen. A line that ends with & stays until the test is over; what it put there is
// the message that it is ready. Variables that a line exports are there for the next one.
func (s *screen) typed(line string) string {
	s.t.Helper()
	if server, background := strings.CutSuffix(line, " &"); background {
		return s.started(server)
	}
	kept := filepath.Join(s.home, ".environment")
	shown, wait := s.run("set -a; trap 'env -0 >" + kept + "' EXIT\n" + line)
	text, err := io.ReadAll(shown)
	if err != nil && !errors.Is(err, syscall.EIO) { // the last one at the terminal has left
		s.t.Fatal(err)
	}
	wait()
	data, err := os.ReadFile(kept)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = os.Remove(kept)
	for assignment := range strings.SplitSeq(strings.TrimSuffix(string(data), "\x00"), "\x00") {
		name, value, _ := strings.Cut(assignment, "=")
		if name != "_" && name != "SHLVL" && name != "PWD" && name != "OLDPWD" {
			s.env[name] = value
		}
	}
	return s.clean(string(text))
}

// started runs a server, and points the lines that follow at it.
func (s *screen) started(line string) string {
	s.t.Helper()
	shown, wait := s.run("exec " + line)
	lines := bufio.NewReader(shown)
	var text string
	for !strings.Contains(text, `)"`) { // what to type next ends the message
		more, err := lines.ReadString('\n')
		if err != nil {
			s.t.Fatalf("%s: %q: %v", line, text, err)
		}
		text += more
	}
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(text)
	if address == "" {
		s.t.Fatalf("%s: %q", line, text)
	}
	s.env["WXLOGIN_URL"] = address
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		_, _ = io.Copy(io.Discard, lines)
	}()
	s.t.Cleanup(func() {
		wait()
		<-drained
	})
	return s.clean(text)
}

// clean makes the text of a terminal one of a file, as of the home that documentation speaks of.
func (s *screen) clean(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), s.home, "/home/you")
}

// run starts a shell on a terminal of its own. What is returned waits for it, and ends it first if it is a server.
func (s *screen) run(script string) (shown *os.File, wait func()) {
	s.t.Helper()
	master, slave := openTerminal(s.t)
	command := exec.CommandContext(context.WithoutCancel(s.t.Context()), "bash", "-c", script)
	command.Dir, command.Env = s.home, s.environment()
	command.Stdin, command.Stdout, command.Stderr = slave, slave, slave
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := command.Start(); err != nil {
		s.t.Fatal(err)
	}
	_ = slave.Close()
	return master, func() {
		if strings.HasPrefix(script, "exec ") {
			_ = command.Process.Signal(syscall.SIGTERM)
		}
		_ = command.Wait() // commands on screens fail, too
		_ = master.Close()
	}
}

// openTerminal opens a pseudo terminal of the screen's width, with the system calls of pty(7).
func openTerminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo terminals here: ", err)
	}
	control := func(request uintptr, arg unsafe.Pointer) {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, master.Fd(), request, uintptr(arg)); errno != 0 {
			t.Fatal(errno)
		}
	}
	var unlock, number int32
	control(syscall.TIOCSPTLCK, unsafe.Pointer(&unlock))
	control(syscall.TIOCGPTN, unsafe.Pointer(&number))
	size := [4]uint16{50, screenWidth}
	control(syscall.TIOCSWINSZ, unsafe.Pointer(&size))
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return master, slave
}

// TestScreens types what the pictures of the documentation show, and compares with their recordings, from which TestGenerated draws.
func TestScreens(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"bash", "node", "npm"} {
		need(t, program)
	}
	for _, tt := range []struct{ language, locale string }{{"en", "C.UTF-8"}, {"zh", "zh_CN.UTF-8"}} {
		t.Run(tt.language, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join("testdata", "screen", tt.language+".screen")
			recorded, err := os.ReadFile(path)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
			s := newScreen(t, tt.locale)
			s.env["WXLOGIN_APPID"] = "wx4f4bc4dec97d474b" // payload.json is WeChat's own sample, with blanks for pluses
			var shown strings.Builder
			for _, line := range []string{"wxlogin decrypt payload.json", "wxlogin serve --mock -- npm test"} {
				fmt.Fprintf(&shown, "$ %s\n%s", line, s.typed(line))
				delete(s.env, "WXLOGIN_APPID")
			}
			switch {
			case lasting(string(recorded)) == lasting(shown.String()):
			case *update:
				writeGenerated(t, path, shown.String())
			default:
				t.Errorf("%s is not what a terminal shows; run go generate ./... (-recorded +shown):\n%s", path, cmp.Diff(string(recorded), shown.String()))
			}
		})
	}
}

// TestReadme types the commands in the console blocks of both READMEs, in their order, at one terminal, and compares what comes.
func TestReadme(t *testing.T) { //nolint:tparallel // the pages take turns: both show the usual port
	t.Parallel()
	for _, program := range []string{"bash", "node", "npm"} {
		need(t, program)
	}
	for page, locale := range map[string]string{"README.md": "C.UTF-8", "README.zh-CN.md": "zh_CN.UTF-8"} {
		t.Run(page, func(t *testing.T) {
			path := filepath.Join("..", page)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			s := newScreen(t, locale)
			count := 0
			for _, block := range fencedBlocks(string(text)) {
				if block.language != "console" {
					continue
				}
				count++
				got := s.typedAgain(block.text)
				switch {
				case lasting(block.text) == lasting(got):
				case *update:
					text = bytes.Replace(text, []byte("```console\n"+block.text), []byte("```console\n"+got), 1)
				default:
					t.Errorf("%s, line %d: a terminal shows something else; run go generate ./... (-page +terminal):\n%s", page, block.line, cmp.Diff(block.text, got))
				}
			}
			if count < 5 {
				t.Errorf("only %d blocks found: the search is broken", count)
			}
			if *update {
				writeGenerated(t, path, string(text))
			}
		})
	}
}

// typedAgain types the commands of a block, and returns the block as it has to be. A command goes on in lines that are indented after a
// backslash. Where an argument of a command is of an earlier screen, such as a code, it is that of this one.
func (s *screen) typedAgain(block string) string {
	s.t.Helper()
	var got strings.Builder
	lines := slices.Collect(strings.Lines(block))
	for i := 0; i < len(lines); i++ {
		command, is := strings.CutPrefix(lines[i], "$ ")
		if !is {
			continue
		}
		got.WriteString(lines[i])
		for strings.HasSuffix(command, "\\\n") && i+1 < len(lines) {
			i++
			command += lines[i]
			got.WriteString(lines[i])
		}
		got.WriteString(stripped(s.typed(strings.TrimSuffix(command, "\n"))))
	}
	return got.String()
}

//go:build unix

package cmd

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// A process is a `wxlogin serve` of its own. It is this test's binary under another name, so that it has the race detector where the
// test has it.
type process struct {
	args, env []string

	mu      sync.Mutex
	running *exec.Cmd
	done    chan struct{}
	url     string
	stderr  *bytes.Buffer
}

// start runs the process and returns when it is ready.
func (p *process) start() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	command := &exec.Cmd{Path: self, Args: append([]string{"wxlogin", "serve", "--json"}, p.args...), Env: append(os.Environ(), p.env...)}
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	line, readErr := bufio.NewReader(out).ReadBytes('\n')
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = command.Wait() // ended by a signal, mostly
	}()
	var ready struct{ URL string }
	if err := json.Unmarshal(line, &ready); err != nil || ready.URL == "" {
		_ = command.Process.Kill()
		<-done
		return fmt.Errorf("no ready line (%w): %s", readErr, &stderr)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running, p.done, p.url, p.stderr = command, done, ready.URL, &stderr
	return nil
}

// kill ends the process with SIGKILL. It returns what it had logged.
func (p *process) kill() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running == nil {
		return ""
	}
	_ = p.running.Process.Kill()
	<-p.done
	p.running = nil
	return p.stderr.String()
}

// shortened is the end of a log.
func shortened(log string) string { return log[max(0, len(log)-4000):] }

// startUntil starts the process again and again: Redis may be away.
func (p *process) startUntil(end time.Time) (err error) {
	for {
		if err = p.start(); err == nil || time.Now().After(end) {
			return err
		}
	}
}

// ask sends one request and reads a JSON answer. A status of 0 is a connection that broke, or was refused.
func ask(client *http.Client, method, target, bearer string, body []byte, out any) (status int, reason string) {
	request, err := http.NewRequest(method, target, bytes.NewReader(body))
	if err != nil {
		panic(err)
	}
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, ""
	}
	defer response.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(response.Body); err != nil {
		return 0, ""
	}
	if response.StatusCode >= http.StatusBadRequest {
		var p struct{ Reason string }
		if json.Unmarshal(text.Bytes(), &p) != nil {
			return response.StatusCode, "no problem+json"
		}
		return response.StatusCode, p.Reason
	}
	if out != nil && json.Unmarshal(text.Bytes(), out) != nil {
		return response.StatusCode, "no JSON"
	}
	return response.StatusCode, ""
}

// chaosTime is how long the chaos lasts: three seconds unless WXLOGIN_CHAOS says otherwise.
func chaosTime(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("WXLOGIN_CHAOS")
	if text == "" {
		return 3 * time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

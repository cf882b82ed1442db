package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/term"
)

// An endlessLog gives one line again and again, and calls a function once it has given so many bytes.
type endlessLog struct {
	line  string
	at    int
	after int
	then  func()
}

func (e *endlessLog) Read(p []byte) (int, error) {
	if e.after -= len(p); e.after < 0 && e.then != nil {
		e.then()
		e.then = nil
	}
	for n := 0; n < len(p); {
		size := copy(p[n:], e.line[e.at:])
		n += size
		e.at = (e.at + size) % len(e.line)
	}
	return len(p), nil
}

// TestBulkStopped presses Ctrl-C in the middle of a log without end: what is done is whole lines, and counted.
func TestBulkStopped(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"for people", nil, "stopped; what is done is whole lines:\n"},
		{"in Chinese", []string{"--lang", "zh"}, "已停止，已完成的部分均为完整的行：\n"},
		{"for programs", []string{"--json"}, `{"summary":{"lines":`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(t.Context())
			streams, _, out, errOut := term.Test()
			line := `{"encryptedData":"` + canaryData + `","iv":"r7BXXKkLb8qrSNn05n0qiA==","session_key":"tiihtNczf5v6AKRyjwEUhQ=="}` + "\n"
			streams.In = &endlessLog{line: line, after: 8 << 20, then: func() { cancel(&signalError{signal: syscall.SIGINT}) }}
			a := &app.App{IO: streams, Env: streams.Env, Now: time.Now, Flags: app.Flags{Keys: map[string]string{}}}
			code := run(ctx, a, append([]string{"decrypt", "--bulk", "-", "--appid", canaryAppID}, tt.args...))
			if code != 130 || !strings.HasPrefix(errOut.String(), tt.want) {
				t.Errorf("exit %d\n%s", code, errOut.String())
			}
			for text := range bytes.Lines(out.Bytes()) {
				if !json.Valid(text) || text[len(text)-1] != '\n' {
					t.Fatalf("no whole line: %s", text)
				}
			}
			lines := strconv.Itoa(bytes.Count(out.Bytes(), []byte("\n")))
			if count := regexp.MustCompile(`\d+`).FindString(errOut.String()); count != lines {
				t.Errorf("%s lines were written, but it says %s", lines, errOut.String())
			}
		})
	}
}

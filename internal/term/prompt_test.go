package term

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/wxlogin/wxlogin/internal/lang"
)

// fakeTTY answers with what in holds and keeps what is written.
type fakeTTY struct {
	io.Reader
	bytes.Buffer
	closed bool
}

func (f *fakeTTY) Read(p []byte) (int, error) { return f.Reader.Read(p) }
func (f *fakeTTY) Close() error               { f.closed = true; return nil }

func withAnswers(in string) (*IO, *fakeTTY) {
	s, _, _, _ := Test()
	tty := &fakeTTY{Reader: strings.NewReader(in)}
	s.TTY = func() (io.ReadWriteCloser, error) { return tty, nil }
	return s, tty
}

func TestPrompt(t *testing.T) {
	t.Parallel()
	s, tty := withAnswers(" wx123 \r\nsecond\nlast")
	for _, want := range []string{"wx123", "second", "last"} {
		if got, err := s.Prompt(t.Context(), "AppID: "); err != nil || got != want {
			t.Errorf("Prompt = %q, %v, want %q", got, err, want)
		}
	}
	if _, err := s.Prompt(t.Context(), "AppID: "); !errors.Is(err, io.EOF) || !isUsage(err) {
		t.Errorf("at the end: %v", err)
	}
	if got, want := tty.String(), strings.Repeat("AppID: ", 4)+"\n"; got != want || !tty.closed {
		t.Errorf("wrote %q, closed %v", got, tty.closed)
	}
}

// TestLongQuestion is broken between words, and the answer stands behind it.
func TestLongQuestion(t *testing.T) {
	t.Parallel()
	s, tty := withAnswers("k\n\n")
	s.Width = 30
	if _, err := s.Prompt(t.Context(), "keep the AppSecret in the keyring (k), or not now (n)? [k] "); err != nil {
		t.Fatal(err)
	}
	if got, want := tty.String(), "keep the AppSecret in the\nkeyring (k), or not now (n)?\n[k] "; got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
}

func isUsage(err error) bool { _, ok := errors.AsType[*UsageError](err); return ok }

func TestPromptLimits(t *testing.T) {
	t.Parallel()
	s, _ := withAnswers(strings.Repeat("x", 1<<16))
	if _, err := s.Prompt(t.Context(), "AppID: "); err == nil || !strings.Contains(err.Error(), "longer than 4096 bytes") {
		t.Errorf("error %v", err)
	}
}

func TestPromptSecret(t *testing.T) {
	t.Parallel()
	s, _ := withAnswers("0123456789abcdef0123456789abcdef\n")
	got, err := s.PromptSecret(t.Context(), "AppSecret")
	if err != nil || got.Reveal() != "0123456789abcdef0123456789abcdef" {
		t.Errorf("PromptSecret = %d bytes, %v", got.Len(), err)
	}
}

func TestConfirm(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]bool{"y\n": true, "YES\n": true, "是\n": true, "\n": false, "n\n": false, "yep\n": false} {
		s, tty := withAnswers(answer)
		s.Lang = lang.Chinese
		if got, err := s.Confirm(t.Context(), "删除 3 个会话？"); err != nil || got != want {
			t.Errorf("Confirm(%q) = %v, %v", answer, got, err)
		}
		if tty.String() != "删除 3 个会话？ [y/N] " {
			t.Errorf("asked %q", tty)
		}
	}
}

func TestPromptWithoutTerminal(t *testing.T) {
	t.Parallel()
	s, _, _, _ := Test()
	if _, err := s.Prompt(t.Context(), "x"); !errors.Is(err, ErrNoTTY) {
		t.Errorf("error %v", err)
	}
}

func TestPromptIsCancelled(t *testing.T) {
	t.Parallel()
	s, _, _, _ := Test()
	r, w := io.Pipe()
	defer w.Close()
	s.TTY = func() (io.ReadWriteCloser, error) { return &fakeTTY{Reader: r}, nil }
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Prompt(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestCanPrompt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		in, out bool
		noInput bool
		env     []string
		want    bool
	}{
		{"both ends", true, true, false, nil, true},
		{"stdin is a pipe", false, true, false, nil, false},
		{"stdout is a pipe", true, false, false, nil, false},
		{"--no-input", true, true, true, nil, false},
		{"CI", true, true, false, []string{"CI", "true"}, false},
		{"CI=1", true, true, false, []string{"CI", "1"}, false},
		{"CI empty", true, true, false, []string{"CI", ""}, true},
		{"CI=false", true, true, false, []string{"CI", "false"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, _, _, _ := Test()
			s.InTTY, s.OutTTY, s.Env = tt.in, tt.out, environ(tt.env...)
			if got := s.CanPrompt(tt.noInput); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

package redact_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/wxlogin/wxlogin/internal/redact"
)

const canary = "tiihtNczf5v6AKRyjwEUhQ=="

type holder struct {
	Public  redact.Secret
	private redact.Secret
	nested  struct{ deep []redact.Secret }
}

func newHolder() holder {
	h := holder{Public: redact.NewSecret(canary), private: redact.NewSecret(canary)}
	h.nested.deep = []redact.Secret{redact.NewSecret(canary)}
	return h
}

func TestSecretNeverPrints(t *testing.T) {
	t.Parallel()
	h := newHolder()
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", h.Public, "holder", h)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", h.Public, "holder", h)
	asJSON, err := json.Marshal(map[string]any{"h": h, "s": h.Public, "m": map[string]redact.Secret{"k": h.private}})
	if err != nil {
		t.Fatal(err)
	}
	outputs := []string{log.String(), string(asJSON), fmt.Errorf("x: %w", fmt.Errorf("%v %q", h.Public, h.private)).Error()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T %v"} {
		outputs = append(outputs, fmt.Sprintf(verb, h.Public), fmt.Sprintf(verb, h), fmt.Sprintf(verb, &h), fmt.Sprintf(verb, []any{h}))
	}
	hex := fmt.Sprintf("%x", canary)
	for _, out := range outputs {
		if strings.Contains(out, canary) || strings.Contains(strings.ToLower(out), hex) {
			t.Errorf("the secret stands in %q", out)
		}
	}
	if got := string(asJSON); !strings.Contains(got, `"s":"[redacted]"`) {
		t.Errorf("JSON = %s, want the mask", got)
	}
}

func TestSecretReadsFromJSON(t *testing.T) {
	t.Parallel()
	var in struct {
		Key redact.Secret `json:"key"`
	}
	if err := json.Unmarshal([]byte(`{"key":"`+canary+`"}`), &in); err != nil {
		t.Fatal(err)
	}
	if in.Key.Reveal() != canary {
		t.Errorf("Reveal() = %q", in.Key.Reveal())
	}
	if !in.Key.Equal(redact.NewSecret(canary)) || in.Key.Equal(redact.NewSecret("other")) || in.Key.Equal(redact.Secret{}) {
		t.Error("Equal is wrong")
	}
}

func TestHint(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"": "", "short": "[redacted]", canary: "tii***"} {
		if got := redact.NewSecret(in).Hint(); got != want {
			t.Errorf("Hint(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestClean(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"plain", "invalid code, rid: 652d44d0", "invalid code, rid: 652d44d0"},
		{"chinese", "微信用户", "微信用户"},
		{"emoji keeps its selector", "❤\ufe0f", "❤\ufe0f"},
		{"escape sequence", "\x1b[31mred\x1b[0m", "[31mred[0m"},
		{"c1", "a\u009b31mb", "a31mb"},
		{"bidi", "user\u202etxt.exe", "usertxt.exe"},
		{"isolates", "\u2066x\u2069", "x"},
		{"zero width", "a\u200bb\ufeffc", "abc"},
		{"lines", "a\nb\tc\rd", "a b cd"},
		{"line separators", "a\u2028b\u2029c", "abc"},
		{"not UTF-8", "a\xffb", "a\ufffdb"},
		{"filler", "a\u3164b", "ab"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := redact.Untrusted(tt.in).String(); got != tt.want {
				t.Errorf("Clean(%q) = %q, want %q", tt.in, got, tt.want)
			}
			if got := redact.Untrusted(tt.in).Raw(); got != tt.in {
				t.Errorf("Raw() = %q", got)
			}
		})
	}
}

func TestShorten(t *testing.T) {
	t.Parallel()
	if got := redact.Shorten("微信用户微信", 4); got != "微信用户..." {
		t.Errorf("Shorten = %q", got)
	}
}

func FuzzClean(f *testing.F) {
	for _, seed := range []string{"", "微信", "\x1b]0;t\x07", "\xff\xfe", "\u202e"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := redact.Clean(s)
		if again := redact.Clean(got); again != got {
			t.Errorf("Clean is not idempotent: %q, %q", got, again)
		}
		if strings.ContainsAny(got, "\x00\x07\x08\n\r\t\x1b\x7f\u009b\u200b\u202e") {
			t.Errorf("Clean(%q) = %q lets a control through", s, got)
		}
	})
}

func TestPath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/sns/jscode2session":               "/sns/jscode2session",
		"/cgi-bin/token&secret=0123":        "/cgi-bin/token***",
		"/cgi-bin/token/secret=0123":        "/cgi-bin/token/secret***",
		"/wxa/checksession;access_token=81": "/wxa/checksession***",
		"/a\x1b[2J/b":                       "/a[2J/b",
		"/0123456789012345678901234567890":  "/012345678901234567890123456789...",
		"":                                  "",
	} {
		if got := redact.Path(path, 31); got != want {
			t.Errorf("%q is shown as %q, not as %q", path, got, want)
		}
	}
}

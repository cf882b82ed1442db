package term

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/redact"
)

type answer struct {
	OpenID string          `json:"openid"`
	Nick   string          `json:"nick"`
	Big    json.Number     `json:"big"`
	Key    redact.Secret   `json:"session_key"`
	List   []int           `json:"list"`
	Raw    json.RawMessage `json:"raw"`
}

func newAnswer() answer {
	return answer{
		OpenID: "o6zAJs-xyz", Nick: "<微信 & co>", Big: "9007199254740993", Key: redact.NewSecret("tiihtNczf5v6AKRyjwEUhQ=="),
		List: []int{1, 2}, Raw: json.RawMessage(`{"z":1.10,"a":123456789012345678901234567890}`),
	}
}

func TestParseOutput(t *testing.T) {
	t.Parallel()
	dot, empty, broken, unknown := ".", " ", ".a |", "nope(1)"
	tests := []struct {
		name   string
		flag   bool
		format string
		jq     *string
		want   Format
		err    string
	}{
		{"nothing", false, "", nil, Text, ""},
		{"--json", true, "", nil, JSON, ""},
		{"-o json", false, "json", nil, JSON, ""},
		{"-o ndjson", false, "ndjson", nil, NDJSON, ""},
		{"--json -o ndjson", true, "ndjson", nil, NDJSON, ""},
		{"--json over output: text", true, "text", nil, JSON, ""},
		{"-q implies JSON", false, "text", &dot, JSON, ""},
		{"-q with ndjson", false, "ndjson", &dot, NDJSON, ""},
		{"-o yaml", false, "yaml", nil, 0, `unknown output format "yaml"`},
		{"-q empty", false, "", &empty, 0, "the jq expression is empty"},
		{"-q broken", false, "", &broken, 0, `the jq expression ".a |" does not compile`},
		{"-q unknown function", false, "", &unknown, 0, "function not defined: nope/1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseOutput(tt.flag, tt.format, tt.jq)
			if tt.err != "" {
				if _, ok := errors.AsType[*UsageError](err); !ok || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("error %v, want a usage error with %q", err, tt.err)
				}
				return
			}
			if err != nil || got.Format != tt.want || (got.JQ != nil) != (tt.jq != nil) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

// TestPrint compares with what jq 1.7 prints for the same object (-r, -c); numbers too large for a float64 keep their digits.
func TestPrint(t *testing.T) {
	t.Parallel()
	whole := `{"openid":"o6zAJs-xyz","nick":"<微信 & co>","big":9007199254740993,"session_key":"[redacted]","list":[1,2],` +
		`"raw":{"z":1.10,"a":123456789012345678901234567890}}` + "\n"
	tests := []struct{ name, jq, want string }{
		{"whole object", "", whole},
		{"raw string", ".openid", "o6zAJs-xyz\n"},
		{"html", ".nick", "<微信 & co>\n"},
		{"large integer", ".big", "9007199254740993\n"},
		{"very large integer", ".raw.a", "123456789012345678901234567890\n"},
		{"large integer, computed", ".raw.a + 1", "123456789012345678901234567891\n"},
		{"several results", ".list[]", "1\n2\n"},
		{"none", "empty", ""},
		{"null", ".nope", "null\n"},
		{"secret", ".session_key", "[redacted]\n"},
		{"object", "{list, openid}", `{"list":[1,2],"openid":"o6zAJs-xyz"}` + "\n"},
		{"halt", ".openid, halt", "o6zAJs-xyz\n"},
		{"the environment is not there", "$ENV | length", "0\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, _, out, _ := Test()
			if err := s.SetColor("always"); err != nil {
				t.Fatal(err)
			}
			o := Output{Format: JSON}
			if tt.jq != "" {
				var err error
				if o, err = ParseOutput(false, "", &tt.jq); err != nil {
					t.Fatal(err)
				}
			}
			if err := o.Print(s, newAnswer(), func(*Page) { t.Error("text was asked for") }); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, out.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPrintQueryFails(t *testing.T) {
	t.Parallel()
	expr := ".openid, (.openid | .x)"
	o, err := ParseOutput(false, "", &expr)
	if err != nil {
		t.Fatal(err)
	}
	s, _, out, _ := Test()
	err = o.Print(s, newAnswer(), nil)
	failure, ok := errors.AsType[*QueryError](err)
	if !ok || failure.Expr != expr || failure.Unwrap() == nil || !strings.Contains(failure.Error(), `failed: expected an object but got: string`) {
		t.Errorf("error %v, want a QueryError", err)
	}
	if out.String() != "o6zAJs-xyz\n" {
		t.Errorf("printed %q", out)
	}
}

func TestWriteJSON(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := WriteJSON(&b, map[string]any{"error": "a<b"}); err != nil || b.String() != `{"error":"a<b"}`+"\n" {
		t.Errorf("wrote %q, %v", b.String(), err)
	}
	if err := WriteJSON(&b, func() {}); err == nil || !strings.HasPrefix(err.Error(), "encode JSON: ") {
		t.Errorf("a function: %v", err)
	}
}

// TestTerminalIsNotSteered: U+009B is CSI, which encoding/json leaves as it is.
func TestTerminalIsNotSteered(t *testing.T) {
	t.Parallel()
	nick := answer{Nick: "a\u009b31m\u202e\U000e0001\x7fb", Big: "1", Raw: json.RawMessage("1")}
	s, _, out, _ := Test()
	s.OutTTY = true
	if err := (Output{Format: JSON}).Print(s, nick, nil); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), `"nick":"a\u009b31m\u202e\udb40\udc01\u007fb"`) {
		t.Errorf("printed %q", out)
	}
	var back answer
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || back.Nick != nick.Nick {
		t.Errorf("read back %q, %v", back.Nick, err)
	}
	out.Reset()
	expr := `.nick, "two\nlines"`
	o, err := ParseOutput(false, "", &expr)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Print(s, nick, nil); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "a31mb\ntwo\nlines\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

func FuzzQuery(f *testing.F) {
	for _, seed := range []string{".", ".a", "..|numbers", "$ENV", "[limit(3;.[]?)]", "\"\\(.)\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		if strings.ContainsAny(expr, "0123456789") || strings.Contains(expr, "r") {
			t.Skip("repeat, range, recurse and large numbers may run for ever, as in jq")
		}
		if _, err := compile(expr); err != nil {
			if _, ok := errors.AsType[*UsageError](err); !ok {
				t.Errorf("error %T", err)
			}
		}
	})
}

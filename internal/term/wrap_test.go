package term

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"charm.land/lipgloss/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wxlogin/wxlogin/internal/lang"
)

// prose has what must survive the breaking of lines: flags, request ids, topics, paths and JSON, which readers copy.
func prose() []lang.T {
	return []lang.T{
		{
			En: "A flag such as --session-key or --json is never broken, nor is the rid 6b04f1e5-1a2b3c4d-5e6f7a8b, nor wxlogin help exit-codes, nor /home/somebody/.local/state/wxlogin/keys.json.",
			Zh: "--session-key、--json 这样的参数不会被拆开，rid 6b04f1e5-1a2b3c4d-5e6f7a8b、wxlogin help exit-codes 以及 /home/somebody/.local/state/wxlogin/keys.json 也不会；标点不出现在行首，（左括号）不留在行尾。",
		},
		{
			En: `An error is one object: {"error":{"kind":"login","exit":5,"errcode":40029,"rid":"…","message":"…","hint":["…"]}}. The kind is a name.`,
			Zh: `错误是一个对象：{"error":{"kind":"login","exit":5,"errcode":40029,"rid":"…","message":"…","hint":["…"]}}。kind 是名称。`,
		},
		{
			En: "WeChat's documentation speaks of login state (session_key), a well-known name.",
			Zh: "登录凭证校验接口返回的会话密钥在用户重新登录之后可能改变因此必须使用同一次登录的密钥来解密数据，否则填充无效。",
		},
	}
}

func TestWrapGolden(t *testing.T) {
	t.Parallel()
	for _, l := range []lang.Lang{lang.English, lang.Chinese} {
		for _, width := range []int{40, 80} {
			name := fmt.Sprintf("TestWrap-%v-%d", l, width)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				var b strings.Builder
				for _, text := range prose() {
					b.WriteString(wrap(text.In(l), width) + "\n\n")
				}
				golden(t, name, []byte(b.String()))
			})
		}
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		columns    int
		want       string
	}{
		{"empty", "", 10, ""},
		{"fits exactly", "0123456789", 10, "0123456789"},
		{"at a blank", "give --json here", 8, "give\n--json\nhere"},
		{"a long word stays whole", "see /a/long/path/to/it now", 8, "see\n/a/long/path/to/it\nnow"},
		{"a long list at its commas", "fields openid,unionid,appid end", 14, "fields openid,\nunionid,appid\nend"},
		{"a short list does not", "fields a,b c,d", 10, "fields a,b\nc,d"},
		{"between Han characters", "会话密钥已更换", 8, "会话密钥\n已更换"},
		{"no full stop in front", "会话密钥。已更换", 8, "会话密\n钥。已更\n换"},
		{"no opening sign at the end", "会话密（钥已更换）", 8, "会话密\n（钥已更\n换）"},
		{"not between a quote and its word", `值 "zh" 无效`, 6, "值\n\"zh\"\n无效"},
		{"no blank at an end", "会话 密钥 ", 5, "会话\n密钥"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, wrap(tt.text, tt.columns)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestWrapKeeps: whatever the text, nothing but blanks is lost, no line starts with a sign that clings to what is before it, and only
// what cannot be broken is wider than it should be.
func TestWrapKeeps(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("ab-,&. \"{}会话密钥，。；（）“”…"))).Draw(t, "text")
		columns := rapid.IntRange(1, 30).Draw(t, "columns")
		got := wrap(text, columns)
		if bare(got) != bare(text) {
			t.Errorf("%q became %q", text, got)
		}
		for i, line := range strings.Split(got, "\n") {
			if i > 0 && strings.ContainsRune(clinging, []rune(line + "x")[0]) && !strings.HasPrefix(line, " ") {
				t.Errorf("line %q of %q", line, text)
			}
			if lipgloss.Width(line) > columns && strings.Contains(strings.TrimSpace(line), " ") && !strings.ContainsAny(line, clinging+opening) {
				t.Errorf("line %q is wider than %d and has a blank", line, columns)
			}
		}
	})
}

func bare(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}

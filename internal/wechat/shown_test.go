package wechat_test

import (
	"strings"
	"testing"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

func TestShown(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"appid", "wx4f4bc4dec97d474b", "wx4f4bc4dec97d474b"},
		{"openid", "oGZUI0egBJY1zhBYw2KhdUfwVJJE", "oGZUI0egBJY1zhBYw2KhdUfwVJJE"},
		{"code", "0a3sXb000wJRRH1dzq0000aXWD2sXb0b", "0a3sXb000wJRRH1dzq0000aXWD2sXb0b"},
		{"long", strings.Repeat("x", 50), strings.Repeat("x", 40) + "..."},
		{"hostile", "wx\x1b[2J", "wx[2J"},
		{"empty", "", ""},
		{"AppSecret", "0123456789abcdef0123456789abcdef", "012***"},
		{"session_key", "tiihtNczf5v6AKRyjwEUhQ==", "tii***"},
		{"access_token", "81_" + strings.Repeat("aB3-", 30), "81_***"},
		{"login token", "eyJhbGciOiJkaXIifQ..a.b.c", "eyJ***"},
		{"JWT", "eyJhbGciOiJIUzI1NiJ9.e30.x", "eyJ***"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := wechat.Shown(tt.in, 40); got != tt.want {
				t.Errorf("Shown(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
	err := wechat.AppID("0123456789abcdef0123456789abcdef").Check()
	if err == nil || err.Error() != `appid "012***" is not "wx" and 16 lower-case hexadecimal digits` {
		t.Error(err)
	}
}

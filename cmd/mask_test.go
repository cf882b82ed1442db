package cmd

import (
	"testing"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/term"
)

func TestMaskErrors(t *testing.T) {
	t.Parallel()
	const secret = "0123456789abcdef0f1e2d3c4b5a6978"
	tests := []struct {
		name     string
		env      map[string]string
		args     []string
		in, want string
	}{
		{"nothing to hide", nil, []string{"exchange", "x"}, "unknown x", "unknown x"},
		{"argument", nil, []string{"exchange", secret}, "unknown " + secret, "unknown 012***"},
		{"value of a flag", nil, []string{"--appid=" + secret}, "appid " + secret + ".", "appid 012***."},
		{"value of a short flag", nil, []string{"-s" + secret}, "'s' in -s" + secret, "'s' in -s012***"},
		{"reference", nil, []string{"env:" + secret}, secret + " is not set", "012*** is not set"},
		{"variable", map[string]string{"WXLOGIN_MOCK_TOKEN": "correct horse battery"}, nil, "sent correct horse battery", "sent cor***"},
		{"short variable", map[string]string{"WXLOGIN_STORE_PASSWORD": "password"}, nil, "password", "[redacted]"},
		{"variable that is part of words", map[string]string{"WXLOGIN_STORE_PASSWORD": "err"}, nil, "error", "error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			streams, _, _, out := term.Test()
			a := &app.App{IO: streams, Env: func(name string) (string, bool) { v, ok := tt.env[name]; return v, ok }}
			maskErrors(a, tt.args)
			if n, err := a.IO.Err.Write([]byte(tt.in)); n != len(tt.in) || err != nil {
				t.Errorf("%d bytes, %v", n, err)
			}
			if out.String() != tt.want {
				t.Errorf("%q, want %q", out, tt.want)
			}
		})
	}
}

package wxapi_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

func TestOrigin(t *testing.T) {
	t.Parallel()
	tests := []struct {
		base string
		want wechat.Origin
	}{
		{"", "https://api.weixin.qq.com"},
		{"https://api.weixin.qq.com/", "https://api.weixin.qq.com"},
		{"HTTPS://API.Weixin.QQ.com:443/prefix//", "https://api.weixin.qq.com"},
		{"https://api.weixin.qq.com.", "https://api.weixin.qq.com"},
		{"https://hk.api.weixin.qq.com:8443", "https://hk.api.weixin.qq.com:8443"},
		{"http://127.0.0.1:8420", "http://127.0.0.1:8420"},
		{"http://127.9.9.9:80", "http://127.9.9.9"},
		{"http://LOCALHOST:8420/x", "http://localhost:8420"},
		{"http://[::1]:8420", "http://[::1]:8420"},
		{"http://[0:0:0:0:0:0:0:1]:8420", "http://[::1]:8420"},
		{"http://[::ffff:127.0.0.1]:8420", "http://[::ffff:127.0.0.1]:8420"},
		{"https://[2001:DB8::1]", "https://[2001:db8::1]"},
	}
	for _, tt := range tests {
		client, err := wxapi.New(wxapi.Options{Base: tt.base})
		if err != nil {
			t.Errorf("New(%q): %v", tt.base, err)
			continue
		}
		if got := client.Origin(); got != tt.want {
			t.Errorf("Origin of %q = %q, want %q", tt.base, got, tt.want)
		}
		if got, err := wxapi.OriginOf(tt.base); got != tt.want || err != nil {
			t.Errorf("OriginOf(%q) = %q, %v, want %q", tt.base, got, err, tt.want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, base, reason string }{
		{"plain http", "http://api.weixin.qq.com", "must be https"},
		{"http on a private address", "http://10.0.0.1", "must be https"},
		{"http on all addresses", "http://0.0.0.0:8420", "must be https"},
		{"a name that starts like loopback", "http://localhost.example.com", "must be https"},
		{"address with a tail", "http://127.0.0.1.example.com", "must be https"},
		{"no scheme", "api.weixin.qq.com", "must start with https://"},
		{"other scheme", "ftp://api.weixin.qq.com", "must start with https://"},
		{"no host", "https:///sns", "names no host"},
		{"port only", "https://:443", "names no host"},
		{"password", "https://me:canary-pw@api.weixin.qq.com", "user name"},
		{"unreadable with password", "https://me:canary-pw@api.weixin.qq.com:port%zz", "not a URL"},
		{"query", "https://api.weixin.qq.com?secret=canary-pw", "query"},
		{"empty query", "https://api.weixin.qq.com?", "query"},
		{"fragment", "https://api.weixin.qq.com#x", "fragment"},
		{"control character", "https://api.weixin.qq.com\n", "not a URL"},
		{"not ASCII", "https://\u5fae\u4fe1.example", "ASCII"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := wxapi.New(wxapi.Options{Base: tt.base})
			if _, isBase := errors.AsType[*wxapi.BaseError](err); !isBase || !strings.Contains(err.Error(), tt.reason) {
				t.Fatalf("New(%q) = %v, want a BaseError with %q", tt.base, err, tt.reason)
			}
			if strings.Contains(err.Error(), "canary-pw") {
				t.Errorf("the error holds the password: %v", err)
			}
		})
	}
}

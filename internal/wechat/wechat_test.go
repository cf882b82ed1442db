package wechat_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

func TestSessionKeyBytes(t *testing.T) {
	t.Parallel()
	const key = "tiihtNczf5v6AKRyjwEUhQ==" // of WeChat's decryption sample; bytes by openssl base64 -d
	got, err := wechat.NewSessionKey(key).Bytes()
	if want := "b628a1b4d7337f9bfa00a4728f011485"; err != nil || hex.EncodeToString(got) != want {
		t.Errorf("Bytes() = %x, %v; want %s", got, err, want)
	}
}

func TestSessionKeyBytesRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, key, reason string }{
		{"empty", "", "is empty"},
		{"15 bytes", "tiihtNczf5v6AKRyjwEU", "holds 15 bytes"},
		{"24 bytes", "tiihtNczf5v6AKRyjwEUhQtiihtNczf5", "holds 24 bytes"},
		{"blank for plus", "tiihtNczf5v6 KRyjwEUhQ==", "not standard base64"},
		{"URL alphabet", "tiihtNczf5v6_KRyjwEUhQ==", "not standard base64"},
		{"spare bits set", "tiihtNczf5v6AKRyjwEUhR==", "not standard base64"},
		{"no padding", "tiihtNczf5v6AKRyjwEUhQ", "not standard base64"},
		{"line end", "tiihtNczf5v6AKRyjwEUhQ==\n", "line breaks"},
		{"placeholder", "mock_session_key_1", "not standard base64"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := wechat.NewSessionKey(tt.key).Bytes()
			shape, isShape := errors.AsType[*wechat.ShapeError](err)
			if !isShape || !strings.Contains(shape.Reason, tt.reason) || shape.Field != "session_key" {
				t.Fatalf("error %v, want %q", err, tt.reason)
			}
			if tt.key != "" && strings.Contains(fmt.Sprintf("%v %+v", err, shape), tt.key) {
				t.Errorf("the error holds the key: %+v", shape)
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  error
		want string
	}{
		{
			&wechat.Error{Code: wechat.CodeInvalidCode, Msg: "invalid code, rid: 652d44d0-1d0af18b-5b069232"},
			"WeChat answered errcode 40029: invalid code, rid: 652d44d0-1d0af18b-5b069232",
		},
		{&wechat.Error{Code: -1, Msg: "a\x1b[31mb\nc"}, "WeChat answered errcode -1: a[31mb c"},
		{&wechat.Error{Code: 1, Msg: "0123456789abcdef"}, "WeChat answered errcode 1: 0123456789abcdef"},
		{&wechat.ShapeError{Field: "secret", Reason: "is empty"}, "secret is empty"},
		{&wechat.ShapeError{Field: "appid", Value: "\u202ex", Reason: "is odd"}, `appid "x" is odd`},
	}
	for _, tt := range tests {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("Error() = %q, want %q", got, tt.want)
		}
	}
}

func TestErrorTextIsShort(t *testing.T) {
	t.Parallel()
	long := &wechat.Error{Code: 1, Msg: "x"}
	for len(long.Msg) < 10_000 {
		long.Msg += long.Msg
	}
	if got := len(long.Error()); got > 300 {
		t.Errorf("%d bytes", got)
	}
}

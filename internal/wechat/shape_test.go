package wechat_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// The samples are from WeChat's documentation, its decryption sample and threads of its developer community.
func TestShapeOf(t *testing.T) {
	t.Parallel()
	accessToken := "92_" + strings.Repeat("mDBx-_0aZ", 15)
	tests := []struct {
		name, text string
		want       wechat.Shape
	}{
		{"appid", "wx4f4bc4dec97d474b", wechat.ShapeAppID},
		{"appid with a capital", "wx4F4bc4dec97d474b", wechat.ShapeUnknown},
		{"appid cut short", "wx4f4bc4dec97d474", wechat.ShapeUnknown},
		{"corpid of WeCom", "ww4f4bc4dec97d474b", wechat.ShapeUnknown},
		{"guest of DevTools", "touristappid", wechat.ShapeUnknown},
		{"original id", "gh_0a1b2c3d4e5f", wechat.ShapeOriginalID},
		{"openid of 2016", "oGZUI0egBJY1zhBYw2KhdUfwVJJE", wechat.ShapeOpenID},
		{"openid with - and _", "okQ-s5X1ILvDud0amynR1Psw_URs", wechat.ShapeOpenID},
		{"unionid", "ocMvos6NjeKLIBqg5Mr9QjxrP1FA", wechat.ShapeOpenID},
		{"openid of 27", "oGZUI0egBJY1zhBYw2KhdUfwVJJ", wechat.ShapeUnknown},
		{"login code", "081HonW91tM3MN1NizW91F0mW91HonWu", wechat.ShapeLoginCode},
		{"newer login code", "0c3QFUkl2dPleh4tZnol2ENl9u1QFUkI", wechat.ShapeLoginCode},
		{"login code cut short", "081HonW91tM3MN1NizW91F0mW91HonW", wechat.ShapeUnknown},
		{"code of WeCom", "Qj8ih8W1zqh_KGNmrjxkOZISK82WOIJlpKn3t8oJGTQ", wechat.ShapeUnknown},
		{"mock literal", "the code is a mock one", wechat.ShapeMockLiteral},
		{"phone code", strings.Repeat("0123456789abcdef", 4), wechat.ShapePhoneCode},
		{"secret", "0123456789abcdef0123456789abcdef", wechat.ShapeAppSecret},
		{"session key", "tiihtNczf5v6AKRyjwEUhQ==", wechat.ShapeSessionKey},
		{"session key of 15 bytes", "tiihtNczf5v6AKRyjwEU", wechat.ShapeUnknown},
		{"session key with a blank", "tiihtNczf5v6 KRyjwEUhQ==", wechat.ShapeUnknown},
		{"access token", accessToken, wechat.ShapeAccessToken},
		{"access token without its number", accessToken[2:], wechat.ShapeUnknown},
		{"JWS of RFC 7515 A.1", "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UifQ.dBjftJeZ4CVP", wechat.ShapeJWS},
		{"JWE with direct encryption", "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..48V1_ALb6US04U3b.5eym8TW_c8SuK0ltJ3rpYI.XFBoMYUZodetZdvTiFvSkQ", wechat.ShapeJWE},
		{"dots only", "a.b.c", wechat.ShapeUnknown},
		{"empty", "", wechat.ShapeUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := wechat.ShapeOf(tt.text); got != tt.want {
				t.Errorf("ShapeOf(%q) = %d, want %d", tt.text, got, tt.want)
			}
		})
	}
}

func TestCheckNamesTheField(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		err   error
		field string // "" when there is to be no error
	}{
		{"appid", wechat.AppID("wx4f4bc4dec97d474b").Check(), ""},
		{"appid", wechat.AppID("wxappid\x1b[31m").Check(), "appid"},
		{"openid", wechat.OpenID("oGZUI0egBJY1zhBYw2KhdUfwVJJE").Check(), ""},
		{"openid", wechat.OpenID("").Check(), "openid"},
		{"secret", wechat.NewAppSecret("0123456789abcdef0123456789abcdef").Check(), ""},
		{"secret", wechat.NewAppSecret("").Check(), "secret"},
		{"secret", wechat.NewAppSecret("0123****************************").Check(), "secret"},
		{"secret", wechat.NewAppSecret("0123456789ABCDEF0123456789ABCDEF").Check(), "secret"},
	}
	for _, tt := range tests {
		shape, isShape := errors.AsType[*wechat.ShapeError](tt.err)
		switch {
		case tt.field == "" && tt.err != nil, tt.field != "" && !isShape:
			t.Errorf("%s: error %v", tt.name, tt.err)
		case isShape && (shape.Field != tt.field || shape.Error() != redact.Clean(shape.Error())):
			t.Errorf("%s: field %q, text %q", tt.name, shape.Field, shape)
		case isShape && strings.Contains(fmt.Sprintf("%v %+v %#v", tt.err, shape, shape), "0123"):
			t.Errorf("%s: the error holds the secret: %#v", tt.name, shape)
		}
	}
}

func FuzzShapeOf(f *testing.F) {
	for _, seed := range []string{"", "wx", "o", "gh_", "eyJ....", "081HonW91tM3MN1NizW91F0mW91HonWu", "tiihtNczf5v6AKRyjwEUhQ==", "tiih\r\ntNczf5v6AKRyjwEUhQ=="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		shape := wechat.ShapeOf(text)
		if _, err := wechat.NewSessionKey(text).Bytes(); err == nil && shape != wechat.ShapeSessionKey {
			t.Errorf("%q is a usable session key, its shape %d", text, shape)
		}
		if wechat.AppID(text).Check() == nil && shape != wechat.ShapeAppID {
			t.Errorf("%q is an appid, its shape %d", text, shape)
		}
	})
}

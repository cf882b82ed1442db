package loginhttp_test

import (
	"errors"
	"net"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/accesstoken"
	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

func TestPhone(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	bearer := "Bearer " + a.token(t)
	for name, tt := range map[string]struct {
		contentType, body string
		status            int
		asked             wechat.Code
	}{
		"the event's detail": {"application/json", `{"errMsg":"getPhoneNumber:ok","code":"c1","encryptedData":"x","iv":"y"}`, 200, "c1"},
		"a form":             {"application/x-www-form-urlencoded", "code=c2", 200, "c2"},
		"no code":            {"application/json", `{}`, 400, ""},
		"nothing":            {"application/json", ``, 400, ""},
		"a number":           {"application/json", `{"code":7}`, 400, ""},
		"garbage":            {"application/json", `{`, 400, ""},
	} {
		a.asked = ""
		answer, body := a.call(t, http.MethodPost, "/phone", tt.body, "Authorization", bearer, "Content-Type", tt.contentType)
		if answer.StatusCode != tt.status || a.asked != tt.asked {
			t.Errorf("%s: status %d, WeChat was asked about %q: %s", name, answer.StatusCode, a.asked, body)
		}
		if want := `{"phone_number":"+85251234567","pure_phone_number":"51234567","country_code":"852"}`; tt.status == 200 && body != want {
			t.Errorf("%s: %s", name, body)
		}
	}
}

// TestPhoneFailures is the map of what goes wrong, whole: a code wants another tap, a token another login, and what is the server's is
// as for a login.
func TestPhoneFailures(t *testing.T) {
	t.Parallel()
	refusal := func(code wechat.ErrCode) error { return &wechat.Error{Code: code, RID: "6380622c-50076416-224b40b0"} }
	for _, tt := range []struct {
		name             string
		answers, noToken error
		want             mapped
	}{
		{"code not valid", refusal(40029), nil, mapped{422, "tap_again", ""}},
		{"of another app", refusal(40013), nil, mapped{500, "misconfigured", ""}},
		{"not granted", refusal(48001), nil, mapped{500, "misconfigured", ""}},
		{"busy", refusal(-1), nil, mapped{503, "try_later", "2"}},
		{"limited", refusal(45011), nil, mapped{429, "try_later", "60"}},
		{"token refused twice", refusal(40001), nil, mapped{500, "misconfigured", ""}},
		{"lost", &wxapi.TransportError{Code: true, Sent: true, Err: net.ErrClosed}, nil, mapped{504, "tap_again", ""}},
		{"not sent", &wxapi.TransportError{Code: true, Err: net.ErrClosed}, nil, mapped{503, "try_later", "2"}},
		{"nonsense", &wxapi.AnswerError{Code: true}, nil, mapped{502, "try_later", "2"}},
		{"no token: lost", nil, &wxapi.TransportError{Sent: true, Err: net.ErrClosed}, mapped{503, "try_later", "2"}},
		{"no token: nonsense", nil, &wxapi.AnswerError{}, mapped{502, "try_later", "2"}},
		{"no token: wrong secret", nil, refusal(40125), mapped{500, "misconfigured", ""}},
		{"no token: store", nil, &accesstoken.StoreError{Err: session.ErrClosed}, mapped{503, "try_later", "2"}},
		{"in flight", nil, &login.PhoneError{Err: login.ErrCodeInFlight}, mapped{422, "tap_again", ""}},
		{"anything", nil, errBroken, mapped{500, "try_later", "2"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newAPI(t)
			bearer := "Bearer " + a.token(t)
			a.answers, a.noToken = tt.answers, tt.noToken
			answer, body := a.call(t, http.MethodPost, "/phone", `{"code":"c"}`, "Authorization", bearer)
			r := readRefusal(t, answer, body)
			if diff := cmp.Diff(tt.want, mapped{answer.StatusCode, r.Reason, answer.Header.Get("Retry-After")}); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, body)
			}
			if e, ok := errors.AsType[*wechat.Error](errors.Join(tt.answers, tt.noToken)); ok && (r.ErrCode != int(e.Code) || r.RID != e.RID) {
				t.Errorf("errcode and rid: %s", body)
			}
			if answer.Header.Get("WWW-Authenticate") != "" {
				t.Errorf("a phone code is no challenge for the token: %v", answer.Header)
			}
		})
	}
}

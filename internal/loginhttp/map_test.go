package loginhttp_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// mapped is a line of the table of failures: what a client sees.
type mapped struct {
	Status     int
	Reason     string
	RetryAfter string // seconds
}

// knownErrCodes are the errcodes that say something about the user or the moment. All others are the owner's to solve.
func knownErrCodes() map[wechat.ErrCode]mapped {
	return map[wechat.ErrCode]mapped{
		-1:    {503, "try_later", "2"},
		40029: {401, "login_again", ""},
		40163: {401, "login_again", ""},
		40226: {403, "blocked", ""},
		45009: {429, "try_later", "3600"},
		45011: {429, "try_later", "60"},
	}
}

func TestErrCodes(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	codes := []wechat.ErrCode{1, 99999, -2} // of which the catalogue knows nothing
	for entry := range wechat.Catalogue() {
		codes = append(codes, entry.Code)
	}
	if len(codes) < 70 {
		t.Errorf("the catalogue has %d entries", len(codes))
	}
	for _, errcode := range codes {
		want, known := knownErrCodes()[errcode]
		if !known {
			want = mapped{500, "misconfigured", ""}
		}
		a.answers = &wechat.Error{Code: errcode, Msg: "secret words, rid: 6380622c-50076416-224b40b0", RID: "6380622c-50076416-224b40b0"}
		answer, body := a.call(t, http.MethodGet, "/onLogin?code="+code, "")
		r := readRefusal(t, answer, body)
		if diff := cmp.Diff(want, mapped{answer.StatusCode, r.Reason, answer.Header.Get("Retry-After")}); diff != "" {
			t.Errorf("errcode %d (-want +got):\n%s", errcode, diff)
		}
		if r.ErrCode != int(errcode) || r.RID != "6380622c-50076416-224b40b0" || a.record.ErrCode != int(errcode) {
			t.Errorf("errcode %d: %s, record %d", errcode, body, a.record.ErrCode)
		}
		if strings.Contains(body, "secret words") || !strings.Contains(a.record.Reason, "secret words") {
			t.Errorf("errcode %d: WeChat's text belongs in the log (%q) and not in %s", errcode, a.record.Reason, body)
		}
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	lost := func(sent, timeout bool) error {
		return &wxapi.TransportError{Host: "api.weixin.qq.com", Sent: sent, Timeout: timeout, Err: net.ErrClosed}
	}
	tests := []struct {
		name   string
		weChat error
		store  error
		want   mapped
	}{
		{"not sent", lost(false, false), nil, mapped{503, "try_later", "2"}},
		{"not sent in time", lost(false, true), nil, mapped{503, "try_later", "2"}},
		{"sent, no answer", lost(true, true), nil, mapped{504, "login_again", ""}},
		{"sent, connection lost", lost(true, false), nil, mapped{504, "login_again", ""}},
		{"lost after -1", fmt.Errorf("after errcode -1 and one repetition: %w", lost(true, false)), nil, mapped{504, "login_again", ""}},
		{"nonsense", &wxapi.AnswerError{Status: 200, ContentType: "text/html", Reason: lang.T{En: "is not JSON", Zh: "不是 JSON"}.With()}, nil, mapped{502, "try_later", "2"}},
		{"in flight", login.ErrCodeInFlight, nil, mapped{401, "login_again", ""}},
		{"store", nil, errBroken, mapped{503, "try_later", "2"}},
		{"anything", errBroken, nil, mapped{500, "try_later", "2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newAPI(t)
			a.answers, a.broken = tt.weChat, tt.store
			answer, body := a.call(t, http.MethodGet, "/onLogin?code="+code, "")
			r := readRefusal(t, answer, body)
			if diff := cmp.Diff(tt.want, mapped{answer.StatusCode, r.Reason, answer.Header.Get("Retry-After")}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if cause := errors.Join(tt.weChat, tt.store); !strings.Contains(a.record.Reason, cause.Error()) {
				t.Errorf("the log has %q, not the cause", a.record.Reason)
			}
			if strings.Contains(body, "disk") || strings.Contains(body, "closed network") {
				t.Errorf("the cause stands in %s", body)
			}
		})
	}
}

func TestTokenFailures(t *testing.T) {
	t.Parallel()
	issue := func(t *testing.T, a *api, ring *token.Ring, edit func(*token.Claims)) string {
		t.Helper()
		c := token.Claims{Issuer: "wxlogin", OpenID: openID, AppID: appID, IssuedAt: a.now, ExpiresAt: a.now.Add(time.Hour)}
		if edit != nil {
			edit(&c)
		}
		value, err := ring.Issue(c)
		if err != nil {
			t.Fatal(err)
		}
		return "Bearer " + value.Reveal()
	}
	own := func(edit func(*token.Claims)) func(*testing.T, *api) string {
		return func(t *testing.T, a *api) string { return issue(t, a, a.ring, edit) }
	}
	text := func(s string) func(*testing.T, *api) string { return func(*testing.T, *api) string { return s } }
	tests := []struct {
		name   string
		header func(t *testing.T, a *api) string
		title  string
	}{
		{"none", text(""), "missing token"},
		{"another scheme", text("Basic YTpi"), "missing token"},
		{"scheme alone", text("Bearer"), "missing token"},
		{"nothing behind the scheme", text("Bearer "), "missing token"},
		{"blanks behind the scheme", text("Bearer    "), "token refused"},
		{"garbage", text("Bearer garbage"), "token refused"},
		{"two tokens", text("Bearer a b"), "token refused"},
		{"issued by a mock", own(func(c *token.Claims) { c.Issuer = "wxlogin-mock" }), "token refused"},
		{"for another app", own(func(c *token.Claims) { c.AppID = "wx0000000000000000" }), "token refused"},
		{"expired", own(func(c *token.Claims) { c.IssuedAt, c.ExpiresAt = c.IssuedAt.Add(-time.Hour), c.IssuedAt }), "token refused"},
		{"another key", func(t *testing.T, a *api) string {
			ring, err := token.NewRing("")
			if err != nil {
				t.Fatal(err)
			}
			return issue(t, a, ring, nil)
		}, "token refused"},
		{"revoked", func(t *testing.T, a *api) string {
			header := "Bearer " + a.token(t)
			if answer, _ := a.call(t, http.MethodPost, "/logout", "", "Authorization", header); answer.StatusCode != http.StatusNoContent {
				t.Fatal(answer.Status)
			}
			return header
		}, "token refused"},
		{"no session", own(nil), "session expired"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newAPI(t)
			header := tt.header(t, a)
			for _, call := range [][2]string{{http.MethodGet, "/session"}, {http.MethodPost, "/decrypt"}, {http.MethodPost, "/phone"}} {
				answer, body := a.call(t, call[0], call[1], `{"encryptedData":"AAAA","iv":"AAAA","code":"c"}`, "Authorization", header)
				r := readRefusal(t, answer, body)
				if answer.StatusCode != 401 || r.Reason != "login_again" || r.Title != tt.title {
					t.Errorf("%s: %s", call[1], body)
				}
				want := `Bearer realm="wxlogin", error="invalid_token"`
				if tt.title == "missing token" { // RFC 6750, section 3.1
					want = `Bearer realm="wxlogin"`
				}
				if got := answer.Header.Get("WWW-Authenticate"); got != want {
					t.Errorf("%s: WWW-Authenticate %q", call[1], got)
				}
				if len(header) > 20 && strings.Contains(body+a.record.Reason, header[7:]) {
					t.Errorf("%s: the token stands in the answer or the log", call[1])
				}
			}
		})
	}
}

// A token in a query ends in the logs of everything between, so it opens nothing.
func TestTokenInQuery(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	bearer := a.token(t)
	for _, name := range []string{"token", "access_token", "Authorization"} {
		answer, body := a.call(t, http.MethodGet, "/session?"+name+"="+bearer, "")
		if r := readRefusal(t, answer, body); answer.StatusCode != 401 || r.Reason != "login_again" {
			t.Errorf("%s: %s", name, body)
		}
	}
}

func TestBearerSpelling(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	bearer := a.token(t)
	for _, header := range []string{"Bearer " + bearer, "bearer " + bearer, "BEARER   " + bearer + " "} {
		if answer, body := a.call(t, http.MethodGet, "/session", "", "Authorization", header); answer.StatusCode != 200 {
			t.Errorf("%.10s…: %s", header, body)
		}
	}
}

// Why open data was refused is for the log. An answer that tells padding from anything else lets a stranger decrypt without the key.
func TestNoOracle(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	bearer := a.token(t)
	good := seal(t, keyText, `{"nickName":"Band",`+mark+`}`)
	answers := map[string]string{}
	for name, envelope := range map[string]opendata.Envelope{
		"foreign key":       seal(t, otherKey, `{"nickName":"Band",`+mark+`}`),
		"padding":           {EncryptedData: "AAAAAAAAAAAAAAAAAAAAAA==", IV: good.IV},
		"not JSON":          seal(t, keyText, `{"nickName":`),
		"another app":       seal(t, keyText, `{"nickName":"Band","watermark":{"timestamp":1477314187,"appid":"wx0000000000000000"}}`),
		"no watermark":      seal(t, keyText, `{"nickName":"Band"}`),
		"signature":         {EncryptedData: good.EncryptedData, IV: good.IV, RawData: "{}", Signature: strings.Repeat("0", 40)},
		"signature missing": {EncryptedData: good.EncryptedData, IV: good.IV, RawData: "{}"},
		"openid in a text":  seal(t, keyText, "for "+openID),
		"not base64":        {EncryptedData: "%%%", IV: "%%%"},
		"iv too short":      {EncryptedData: good.EncryptedData, IV: "AAAA"},
	} {
		answer, body := a.decrypt(t, bearer, envelope)
		r := readRefusal(t, answer, body)
		if answer.StatusCode != 422 || r.Reason != "login_again" || len(answer.Header) != 4 {
			t.Errorf("%s: %s, header %v", name, body, answer.Header)
		}
		if a.record.Reason == "" {
			t.Errorf("%s: the log has no cause", name)
		}
		answers[body] = name
	}
	if len(answers) != 1 {
		t.Errorf("the answers differ: %v", answers)
	}
}

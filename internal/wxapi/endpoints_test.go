package wxapi_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

const (
	canaryToken  = "92_CanaryTokenW1tM3MN1NizW91F0mCanaryAAAxxx"
	officialKey  = "o0q0otL8aEzpcZL/FT9WsQ=="
	phoneCode    = "e31968a7f94cc5ee25fafc2aef2773f0bb8c3937b22520eb8ee345274d00c144"
	sampleOpenID = "okQ-s5X1ILvDud0amynR1Psw-URs"
	// signedNothing is HMAC-SHA256 of the empty message under the text of officialKey: printf '' | openssl dgst -sha256 -hmac KEY
	signedNothing = "46e043c5525c2d817c44be603d30837a808a1d930d038f6fdc3e62a201fed128"
)

// A recorder answers everything with one body and notes what it was asked.
type recorder struct {
	*httptest.Server
	mu   sync.Mutex
	seen []string // "POST /path?query body"
}

func record(t *testing.T, answer string) *recorder {
	t.Helper()
	r := &recorder{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, in *http.Request) {
		body, _ := io.ReadAll(in.Body)
		r.mu.Lock()
		r.seen = append(r.seen, strings.TrimSpace(in.Method+" "+in.URL.RequestURI()+" "+in.Header.Get("Content-Type")+" "+string(body)))
		r.mu.Unlock()
		w.Header().Set("Content-Type", "application/json; encoding=utf-8")
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(r.Close)
	return r
}

// TestEndpoints makes each call against an answer of the documentation, or one that somebody published, and compares the request
// with the documentation of developers.weixin.qq.com/miniprogram/dev/server/API (read in November 2026).
func TestEndpoints(t *testing.T) {
	t.Parallel()
	token := redact.NewSecret(canaryToken)
	key := wechat.NewSessionKey(officialKey)
	const signature = "&signature=" + signedNothing + "&sig_method=hmac_sha256"
	stable := func(c *wxapi.Client) (string, error) {
		got, err := c.StableToken(t.Context())
		return fmt.Sprint(got.Value.Reveal(), " ", got.ExpiresIn), err
	}
	phone := func(code, openID string) func(c *wxapi.Client) (string, error) {
		return func(c *wxapi.Client) (string, error) {
			got, err := c.PhoneNumber(t.Context(), token, wechat.Code(code), wechat.OpenID(openID))
			return fmt.Sprint(got.Number.Reveal(), " ", got.PureNumber.Reveal(), " ", got.CountryCode, " ", got.AppID, " ", got.TappedAt.Unix()), err
		}
	}
	check := func(c *wxapi.Client) (string, error) {
		return "", c.CheckSession(t.Context(), token, sampleOpenID, key)
	}
	reset := func(c *wxapi.Client) (string, error) {
		got, err := c.ResetSessionKey(t.Context(), token, sampleOpenID, key)
		return got.Reveal(), err
	}
	const (
		stableRequest = `POST /cgi-bin/stable_token application/json {"grant_type":"client_credential","appid":"` + appID + `","secret":"` + canarySecret + `","force_refresh":false}`
		phoneRequest  = `POST /wxa/business/getuserphonenumber?access_token=` + canaryToken + ` application/json {"code":"` + phoneCode + `"}`
		phoneInfo     = `"phone_info":{"phoneNumber":"13580006666","purePhoneNumber":"13580006666",`
	)
	for _, tt := range []struct {
		name    string
		call    func(*wxapi.Client) (string, error)
		answer  string
		request string
		want    string
		err     string
	}{
		{"stable_token", stable, `{"access_token":"ACCESS_TOKEN","expires_in":345}`, stableRequest, "ACCESS_TOKEN 5m45s", ""},
		{"stable_token, seconds as a text", stable, `{"access_token":"x","expires_in":"7200"}`, stableRequest, "x 2h0m0s", ""},
		{"stable_token, life absurd", stable, `{"access_token":"x","expires_in":99999999}`, stableRequest, "x 24h0m0s", ""},
		{"stable_token, no seconds", stable, `{"access_token":"x"}`, stableRequest, "", "whose expires_in is not a number"},
		{"stable_token, none left", stable, `{"access_token":"x","expires_in":0}`, stableRequest, "", "whose expires_in is not a number"},
		{"stable_token, no token", stable, `{"expires_in":7200}`, stableRequest, "", "neither an errcode nor an access_token"},
		{"stable_token, refused", stable, `{"errcode":41002,"errmsg":"appid missing rid: 645a6274-7b8e3e26-083122bf"}`, stableRequest, "", "errcode 41002"},
		{
			"phone", phone(phoneCode, ""), `{"errcode":0,"errmsg":"ok",` + phoneInfo + `"countryCode": 86,"watermark":{"timestamp": 1637744274,"appid":"` + appID + `"}}}`,
			phoneRequest, "13580006666 13580006666 86 " + appID + " 1637744274", "",
		},
		{
			"phone, foreign, country code a text", phone(phoneCode, ""),
			`{"errcode":0,"errmsg":"ok","phone_info":{"phoneNumber":"+85251234567","purePhoneNumber":"51234567","countryCode":"852"}}`,
			phoneRequest, "+85251234567 51234567 852  -62135596800", "",
		},
		{
			"phone of a user", phone("x&\"y", sampleOpenID), `{"errcode":0,"errmsg":"ok",` + phoneInfo + `"countryCode":"86"}}`,
			`POST /wxa/business/getuserphonenumber?access_token=` + canaryToken + ` application/json {"code":"x&\"y","openid":"` + sampleOpenID + `"}`,
			"13580006666 13580006666 86  -62135596800", "",
		},
		{"phone, none", phone(phoneCode, ""), `{"errcode":0,"errmsg":"ok"}`, phoneRequest, "", "neither an errcode nor a phoneNumber"},
		{"phone, of another form", phone(phoneCode, ""), `{"errcode":0,"phone_info":["13580006666"]}`, phoneRequest, "", "of another form"},
		{
			"phone, refused", phone(phoneCode, ""), `{"errcode":40029,"errmsg":"invalid code hint: [5GLeM53Vf-2rQy3] rid: 650fde1e-09e9893b-59fba5ce"}`,
			phoneRequest, "", "errcode 40029",
		},
		{"checksession", check, `{"errcode":0,"errmsg":"ok"}`, "GET /wxa/checksession?access_token=" + canaryToken + "&openid=" + sampleOpenID + signature, "", ""},
		{
			"checksession, somebody else's answer", check, `{"ok":true}`,
			"GET /wxa/checksession?access_token=" + canaryToken + "&openid=" + sampleOpenID + signature, "", "holds no errcode",
		},
		{
			"checksession, stale", check, `{"errcode":87009,"errmsg":"invalid signature hint: [82oAkA03451090]"}`,
			"GET /wxa/checksession?access_token=" + canaryToken + "&openid=" + sampleOpenID + signature, "", "errcode 87009",
		},
		{
			"resetusersessionkey", reset, `{"errcode":0,"errmsg":"ok","openid":"` + sampleOpenID + `","session_key":"CcLsZ8mJGvxwVrNLsHDZMA=="}`,
			"GET /wxa/resetusersessionkey?access_token=" + canaryToken + "&openid=" + sampleOpenID + signature, "CcLsZ8mJGvxwVrNLsHDZMA==", "",
		},
		{
			"resetusersessionkey, of somebody else", reset, `{"errcode":0,"errmsg":"ok","openid":"oOther","session_key":"CcLsZ8mJGvxwVrNLsHDZMA=="}`,
			"GET /wxa/resetusersessionkey?access_token=" + canaryToken + "&openid=" + sampleOpenID + signature, "", "about another openid",
		},
		{
			"resetusersessionkey, no key", reset, `{"errcode":0,"errmsg":"ok","openid":"` + sampleOpenID + `"}`,
			"GET /wxa/resetusersessionkey?access_token=" + canaryToken + "&openid=" + sampleOpenID + signature, "", "nor a session_key",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := record(t, tt.answer)
			got, err := tt.call(newClient(t, server.URL))
			switch {
			case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
				t.Errorf("error %v, want %q", err, tt.err)
			case tt.err == "" && (err != nil || got != tt.want):
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
			checkSilent(t, err)
			if diff := cmp.Diff([]string{tt.request}, server.seen); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// TestConsumed tells for each kind of failure what it says of a code, and of another call.
func TestConsumed(t *testing.T) {
	t.Parallel()
	type verdict interface {
		CodeMayBeConsumed() bool
		Retryable() bool
	}
	for _, tt := range []struct {
		name                string
		err                 verdict
		consumed, retryable bool
	}{
		{"not sent", &wxapi.TransportError{Code: true}, false, true},
		{"sent, with a code", &wxapi.TransportError{Code: true, Sent: true}, true, false},
		{"sent, without a code", &wxapi.TransportError{Sent: true}, false, true},
		{"nonsense, with a code", &wxapi.AnswerError{Code: true}, true, false},
		{"nonsense, without a code", &wxapi.AnswerError{}, false, true},
		{"busy", &wechat.Error{Code: -1}, false, true},
		{"limited", &wechat.Error{Code: 45011}, false, true},
		{"invalid", &wechat.Error{Code: 40029}, true, false},
		{"used", &wechat.Error{Code: 40163}, true, false},
		{"blocked", &wechat.Error{Code: 40226}, true, false},
		{"wrong secret", &wechat.Error{Code: 40125}, false, false},
		{"unknown", &wechat.Error{Code: 99999}, false, false},
	} {
		if tt.err.CodeMayBeConsumed() != tt.consumed || tt.err.Retryable() != tt.retryable {
			t.Errorf("%s: consumed %v, retryable %v", tt.name, tt.err.CodeMayBeConsumed(), tt.err.Retryable())
		}
	}
}

// TestTrace holds every part of a trace to what may be seen, against an answer that repeats what it was asked with.
func TestTrace(t *testing.T) {
	t.Parallel()
	const sessionKey, phone, newToken = "bJb7LAI5uK8OoMPUHlYmrA==", "13580006666", "92_ANewTokenOfWeChatsThatNobodyMaySee"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, in *http.Request) {
		w.Header().Set("Date", "Mon, 16 Nov 2020 03:01:06 GMT")
		w.Header().Set("X-Echo", in.URL.RawQuery)
		w.Header().Set("Set-Cookie", "a=b")
		w.Header().Set("X-"+sessionKey[:10], "key "+sessionKey)
		switch in.URL.Path {
		case "/sns/jscode2session":
			_, _ = io.WriteString(w, `{"session_key":"`+sessionKey+`","openid":"`+sampleOpenID+`","note":"`+sessionKey+`"}`)
		case "/cgi-bin/stable_token":
			_, _ = io.WriteString(w, `{"access_token":"`+newToken+`","expires_in":7200}`)
		case "/wxa/business/getuserphonenumber":
			_, _ = io.WriteString(w, `{"errcode":0,"errmsg":"ok","phone_info":{"phoneNumber":"`+phone+`","purePhoneNumber":"`+phone+`"},"x":[{"secret":"`+phone+`"}]}`)
		default:
			w.WriteHeader(http.StatusBadGateway)
			_, _ = io.WriteString(w, "<p>"+in.URL.RequestURI())
		}
	}))
	t.Cleanup(server.Close)
	var traces []wxapi.Trace
	client, err := wxapi.New(wxapi.Options{
		Base: server.URL, AppID: appID, Secret: wechat.NewAppSecret(canarySecret), Trace: func(x wxapi.Trace) { traces = append(traces, x) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	token, key := redact.NewSecret(canaryToken), wechat.NewSessionKey(officialKey)
	_, err1 := client.Code2Session(t.Context(), canaryCode)
	_, err2 := client.StableToken(t.Context())
	_, err3 := client.PhoneNumber(t.Context(), token, phoneCode, sampleOpenID)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	if err := client.CheckSession(t.Context(), token, sampleOpenID, key); err == nil {
		t.Fatal("the gateway's page passed")
	}
	want := []string{
		"GET " + server.URL + "/sns/jscode2session?appid=" + appID + "&secret=[redacted]&js_code=[redacted]&grant_type=authorization_code  200 0 " +
			`{"note":"[redacted]","openid":"` + sampleOpenID + `","session_key":"[redacted]"}`,
		"POST " + server.URL + `/cgi-bin/stable_token {"grant_type":"client_credential","appid":"` + appID + `","secret":"[redacted]","force_refresh":false} 200 0 ` +
			`{"access_token":"[redacted]","expires_in":7200}`,
		"POST " + server.URL + `/wxa/business/getuserphonenumber?access_token=[redacted] {"code":"[redacted]","openid":"` + sampleOpenID + `"} 200 0 ` +
			`{"errcode":0,"errmsg":"ok","phone_info":{"phoneNumber":"[redacted]","purePhoneNumber":"[redacted]"},"x":[{"secret":"[redacted]"}]}`,
		"GET " + server.URL + "/wxa/checksession?access_token=[redacted]&openid=" + sampleOpenID + "&signature=[redacted]&sig_method=hmac_sha256  502 none (not shown)",
	}
	var got []string
	for _, x := range traces {
		code := "none"
		if x.ErrCode != nil {
			code = fmt.Sprint(*x.ErrCode)
		}
		got = append(got, fmt.Sprint(x.Method, " ", x.URL, " ", x.Body, " ", x.Status, " ", code, " ", x.AnswerBody))
		if want := time.Date(2020, 11, 16, 3, 1, 6, 0, time.UTC); !x.Date.Equal(want) || x.Duration <= 0 {
			t.Errorf("date %v, duration %v", x.Date, x.Duration)
		}
		all := fmt.Sprintf("%+v %+v %+v", x, x.Header, x.AnswerHeader)
		for _, canary := range []string{canarySecret, canaryCode, canaryToken, phoneCode, signedNothing, newToken, phone, sessionKey[:10]} {
			if strings.Contains(all, canary) && !(canary == sessionKey[:10] && x.Method == http.MethodPost) && !(canary == sessionKey[:10] && x.Status == 502) {
				t.Errorf("the trace holds %q: %s", canary, all)
			}
		}
		if x.AnswerHeader.Get("Set-Cookie") != redact.Mask {
			t.Errorf("Set-Cookie is %q", x.AnswerHeader.Get("Set-Cookie"))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("traces (-want +got):\n%s", diff)
	}
}

// TestTraceOfFailures sees attempts that did not get far.
func TestTraceOfFailures(t *testing.T) {
	t.Parallel()
	server := newHostile(t, writes(`HTTP/1.1 200 OK`+"\r\nContent-Length: 99\r\n\r\n"+goodBody, false))
	var traces []wxapi.Trace
	client, err := wxapi.New(wxapi.Options{
		Base: server.base(), AppID: appID, Secret: wechat.NewAppSecret(canarySecret), Trace: func(x wxapi.Trace) { traces = append(traces, x) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	_, err = client.Code2Session(t.Context(), canaryCode)
	if outcomeOf(t, err) != lost || len(traces) != 1 || traces[0].ErrCode != nil || traces[0].AnswerBody != "" {
		t.Fatalf("%v, %+v", err, traces)
	}
	if failed, is := errors.AsType[*wxapi.TransportError](traces[0].Err); !is || !failed.Sent || !failed.CodeMayBeConsumed() {
		t.Errorf("the trace has the error %v", traces[0].Err)
	}
}

// TestRequests shows calls without making them.
func TestRequests(t *testing.T) {
	t.Parallel()
	client, err := wxapi.New(wxapi.Options{Base: "https://api.weixin.qq.com/prefix", AppID: appID, Secret: wechat.NewAppSecret(canarySecret)})
	if err != nil {
		t.Fatal(err)
	}
	masked := func(name string) wxapi.Param { return wxapi.Param{Name: name, Value: redact.Mask, Secret: true} }
	text := func(name, value string) wxapi.Param { return wxapi.Param{Name: name, Value: value} }
	const base = "https://api.weixin.qq.com/prefix"
	for _, tt := range []struct{ got, want wxapi.Request }{
		{client.Code2SessionRequest("c"), wxapi.Request{
			Method: "GET", URL: base + "/sns/jscode2session",
			Query: []wxapi.Param{text("appid", appID), masked("secret"), text("js_code", "c"), text("grant_type", "authorization_code")},
		}},
		{client.StableTokenRequest(), wxapi.Request{
			Method: "POST", URL: base + "/cgi-bin/stable_token",
			Body: []wxapi.Param{text("grant_type", "client_credential"), text("appid", appID), masked("secret"), {Name: "force_refresh", Value: "false", Literal: true}},
		}},
		{client.PhoneNumberRequest("c", "o"), wxapi.Request{
			Method: "POST", URL: base + "/wxa/business/getuserphonenumber", Query: []wxapi.Param{masked("access_token")}, Body: []wxapi.Param{text("code", "c"), text("openid", "o")},
		}},
		{client.CheckSessionRequest("o"), wxapi.Request{
			Method: "GET", URL: base + "/wxa/checksession",
			Query: []wxapi.Param{masked("access_token"), text("openid", "o"), masked("signature"), text("sig_method", "hmac_sha256")},
		}},
		{client.ResetSessionKeyRequest("o"), wxapi.Request{
			Method: "GET", URL: base + "/wxa/resetusersessionkey",
			Query: []wxapi.Param{masked("access_token"), text("openid", "o"), masked("signature"), text("sig_method", "hmac_sha256")},
		}},
	} {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

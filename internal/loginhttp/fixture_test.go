package loginhttp_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/loginhttp"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/session/memory"
	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

const (
	openID  = "oGZUI0egBJY1zhBYw2KhdUfwVJJE"
	unionID = "ocMvos6NjeKLIBqg5Mr9QjxrP1FA"
	appID   = "wx4f4bc4dec97d474b"
	keyText = "tiihtNczf5v6AKRyjwEUhQ=="
	code    = "0a3sXb000wJRRH1dzq0000aXWD2sXb0b"

	credential = "a credential, with : and % in it"

	otherKey = "HyVFkGl5F5OQWJZZaNzBBg=="
	mark     = `"watermark":{"timestamp":1477314187,"appid":"wx4f4bc4dec97d474b"}`
)

// api is a handler, and what its answers depend on.
type api struct {
	http.Handler
	service *login.Service
	paths   []string
	ring    *token.Ring
	now     time.Time
	record  *journal.Record // of the last request

	calls   atomic.Int64 // of WeChat
	asked   wechat.Code  // the code of the last one
	answers error        // what WeChat answers; nil is a session
	noToken error        // why there is no access token
	broken  error        // what the store fails with

	brokenRevoked error // what it fails with when asked for a revocation
}

func newAPI(t testing.TB) *api {
	t.Helper()
	ring, err := token.NewRing("")
	if err != nil {
		t.Fatal(err)
	}
	a := &api{ring: ring, now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	a.service = login.New(login.Options{
		WeChat: a, Store: store{memory.New(), a}, Tokens: ring, Now: func() time.Time { return a.now },
		Phones: a, AccessTokens: a,
		Origin: "https://api.weixin.qq.com", AppID: appID, Issuer: "wxlogin", TokenTTL: 24 * time.Hour, SessionTTL: 72 * time.Hour,
	})
	handler := loginhttp.New(a.service, loginhttp.Options{Introspection: redact.NewSecret(credential)})
	a.Handler, a.paths = handler, handler.Paths()
	return a
}

// Code2Session is WeChat's side.
func (a *api) Code2Session(_ context.Context, code wechat.Code) (wxapi.Session, error) {
	a.calls.Add(1)
	a.asked = code
	if a.answers != nil {
		return wxapi.Session{}, a.answers
	}
	return wxapi.Session{OpenID: openID, UnionID: unionID, SessionKey: wechat.NewSessionKey(keyText)}, nil
}

// PhoneNumber is WeChat's side of /phone.
func (a *api) PhoneNumber(_ context.Context, _ redact.Secret, code wechat.Code, _ wechat.OpenID) (wxapi.PhoneNumber, error) {
	a.asked = code
	if a.answers != nil {
		return wxapi.PhoneNumber{}, a.answers
	}
	return wxapi.PhoneNumber{Number: redact.NewSecret("+85251234567"), PureNumber: redact.NewSecret("51234567"), CountryCode: "852"}, nil
}

// Call is what has the access token.
func (a *api) Call(ctx context.Context, call func(context.Context, redact.Secret) error) error {
	if a.noToken != nil {
		return a.noToken
	}
	return call(ctx, redact.NewSecret("token"))
}

type store struct {
	*memory.Store
	api *api
}

func (s store) Begin(ctx context.Context, e session.Exchange, until time.Time) (bool, error) {
	if s.api.broken != nil {
		return false, s.api.broken
	}
	return s.Store.Begin(ctx, e, until)
}

func (s store) Revoked(ctx context.Context, id string) (*session.Revocation, error) {
	if s.api.brokenRevoked != nil {
		return nil, s.api.brokenRevoked
	}
	return s.Store.Revoked(ctx, id)
}

// token logs in and returns the login token.
func (a *api) token(t testing.TB) string {
	t.Helper()
	issued, err := a.service.Login(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	return issued.Value.Reveal()
}

// call sends a request and returns the answer, its body read. The header is of pairs.
func (a *api) call(t testing.TB, method, target, body string, header ...string) (*http.Response, string) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Add(header[i], header[i+1])
	}
	a.record = &journal.Record{}
	recorder := httptest.NewRecorder()
	a.ServeHTTP(recorder, request.WithContext(journal.With(request.Context(), a.record)))
	answer := recorder.Result()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got := answer.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("%s %s: Cache-Control %q", method, target, got)
	}
	for _, secret := range []string{openID, unionID, keyText, otherKey} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%s %s: %s stands in the answer", method, target, secret)
		}
	}
	return answer, string(text)
}

func (a *api) decrypt(t testing.TB, bearer string, e opendata.Envelope) (*http.Response, string) {
	t.Helper()
	body, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return a.call(t, http.MethodPost, "/decrypt", string(body), "Authorization", "Bearer "+bearer, "Content-Type", "application/json")
}

func seal(t testing.TB, key, plain string) opendata.Envelope {
	t.Helper()
	e, err := opendata.Seal(wechat.NewSessionKey(key), nil, []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// refusal is what a program reads of a problem.
type refusal struct {
	Type, Title, Detail, Reason, RID string
	Status, ErrCode                  int
}

// readRefusal checks that an answer is a problem, whole and consistent.
func readRefusal(t testing.TB, answer *http.Response, body string) refusal {
	t.Helper()
	var r refusal
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		t.Fatalf("status %d, %q: %v", answer.StatusCode, body, err)
	}
	if got := answer.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type %q", got)
	}
	if r.Status != answer.StatusCode || r.Type != "urn:wxlogin:problem:"+r.Reason || r.Title == "" || r.Detail == "" {
		t.Errorf("status %d: %s", answer.StatusCode, body)
	}
	if answer.StatusCode < 400 {
		t.Errorf("a failure with status %d, which wx.request's users take for success", answer.StatusCode)
	}
	return r
}

var errBroken = errors.New("the disk is gone")

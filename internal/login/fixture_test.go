package login_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/session/memory"
	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// The user, the app and the key of WeChat's own sample of user info.
const (
	openID  = wechat.OpenID("oGZUI0egBJY1zhBYw2KhdUfwVJJE")
	unionID = wechat.UnionID("ocMvos6NjeKLIBqg5Mr9QjxrP1FA")
	appID   = wechat.AppID("wx4f4bc4dec97d474b")
	keyText = "tiihtNczf5v6AKRyjwEUhQ=="

	otherKey = "HyVFkGl5F5OQWJZZaNzBBg=="
	origin   = wechat.Origin("https://api.weixin.qq.com")
	issuer   = "wxlogin"
	code     = wechat.Code("0a3sXb000wJRRH1dzq0000aXWD2sXb0b")

	tokenTTL   = 24 * time.Hour
	sessionTTL = 72 * time.Hour
)

var errBroken = errors.New("the disk is gone")

// weChat answers exchanges.
type weChat func(ctx context.Context, code wechat.Code) (wxapi.Session, error)

func (f weChat) Code2Session(ctx context.Context, code wechat.Code) (wxapi.Session, error) {
	return f(ctx, code)
}

// band is what WeChat answers for the user of the sample.
func band() wxapi.Session {
	return wxapi.Session{OpenID: openID, UnionID: unionID, SessionKey: wechat.NewSessionKey(keyText)}
}

func always(answer wxapi.Session) weChat {
	return func(context.Context, wechat.Code) (wxapi.Session, error) { return answer, nil }
}

// a watch tells the time that it is set to.
type watch struct {
	mu  sync.Mutex
	now time.Time
}

func newWatch() *watch { return &watch{now: time.Date(2026, 11, 23, 8, 0, 0, 500_000_000, time.UTC)} }

func (w *watch) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *watch) Move(by time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(by)
}

// brokenStore fails in the one operation that broken names.
type brokenStore struct {
	*memory.Store
	broken atomic.Value
}

func (s *brokenStore) fail(operation string) error {
	if s.broken.Load() == operation {
		return errBroken
	}
	return nil
}

func (s *brokenStore) Get(ctx context.Context, id session.ID) (session.Session, error) {
	if s.broken.Load() == "unseal" {
		return session.Session{}, &session.UnsealError{ID: id, Err: errBroken}
	}
	if err := s.fail("get"); err != nil {
		return session.Session{}, err
	}
	return s.Store.Get(ctx, id)
}

func (s *brokenStore) Begin(ctx context.Context, e session.Exchange, until time.Time) (bool, error) {
	if err := s.fail("begin"); err != nil {
		return false, err
	}
	return s.Store.Begin(ctx, e, until)
}

func (s *brokenStore) End(ctx context.Context, e session.Exchange, l *session.Login) (session.Session, error) {
	if err := s.fail("end"); err != nil {
		return session.Session{}, err
	}
	return s.Store.End(ctx, e, l)
}

func (s *brokenStore) Revoke(ctx context.Context, r session.Revocation) error {
	if err := s.fail("revoke"); err != nil {
		return err
	}
	return s.Store.Revoke(ctx, r)
}

func (s *brokenStore) Revoked(ctx context.Context, id string) (*session.Revocation, error) {
	if err := s.fail("revoked"); err != nil {
		return nil, err
	}
	return s.Store.Revoked(ctx, id)
}

func (s *brokenStore) CutOff(ctx context.Context, c session.Cutoff) error {
	if err := s.fail("cut off"); err != nil {
		return err
	}
	return s.Store.CutOff(ctx, c)
}

func (s *brokenStore) Cutoffs(ctx context.Context, id session.ID) ([]session.Cutoff, error) {
	if err := s.fail("cutoffs"); err != nil {
		return nil, err
	}
	return s.Store.Cutoffs(ctx, id)
}

func (s *brokenStore) Expire(ctx context.Context, now, before time.Time) error {
	if err := s.fail("expire"); err != nil {
		return err
	}
	return s.Store.Expire(ctx, now, before)
}

// bench is a service and what it stands on.
type bench struct {
	*login.Service
	store *brokenStore
	ring  *token.Ring
	watch *watch
}

func newBench(t testing.TB, answers weChat) *bench {
	t.Helper()
	ring, err := token.NewRing("")
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{store: &brokenStore{Store: memory.New()}, ring: ring, watch: newWatch()}
	b.Service = login.New(login.Options{
		WeChat: answers, Store: b.store, Tokens: ring, Now: b.watch.Now,
		Origin: origin, AppID: appID, Issuer: issuer, TokenTTL: tokenTTL, SessionTTL: sessionTTL,
	})
	return b
}

// login logs the user in and returns the token.
func (b *bench) login(t testing.TB) string {
	t.Helper()
	issued, err := b.Login(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	return issued.Value.Reveal()
}

// issue makes a token of the service's ring with claims that edit has changed.
func (b *bench) issue(t testing.TB, edit func(*token.Claims)) string {
	t.Helper()
	now := b.watch.Now()
	claims := token.Claims{Issuer: issuer, OpenID: openID, AppID: appID, IssuedAt: now, ExpiresAt: now.Add(tokenTTL)}
	if edit != nil {
		edit(&claims)
	}
	value, err := b.ring.Issue(claims)
	if err != nil {
		t.Fatal(err)
	}
	return value.Reveal()
}

func (b *bench) id() session.ID { return session.ID{Origin: origin, AppID: appID, OpenID: openID} }

func seal(t testing.TB, key, plain string) opendata.Envelope {
	t.Helper()
	e, err := opendata.Seal(wechat.NewSessionKey(key), nil, []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// sample reads one of the vectors of package opendata.
func sample(t testing.TB, name string) opendata.Envelope {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "opendata", "testdata", "vectors", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var vector struct {
		IV            string `json:"iv"`
		EncryptedData string `json:"encrypted_data"`
	}
	if err := json.Unmarshal(data, &vector); err != nil {
		t.Fatal(err)
	}
	return opendata.Envelope{EncryptedData: vector.EncryptedData, IV: vector.IV}
}

package login_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

func TestLogin(t *testing.T) {
	t.Parallel()
	b := newBench(t, always(band()))
	issued, err := b.Login(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	if issued.ExpiresIn != tokenTTL {
		t.Errorf("ExpiresIn = %v", issued.ExpiresIn)
	}
	_, got, err := b.ring.Open(issued.Value.Reveal(), b.watch.Now())
	if err != nil {
		t.Fatal(err)
	}
	want := token.Claims{
		Issuer: "wxlogin", OpenID: openID, AppID: appID, UnionID: unionID,
		IssuedAt: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC), ExpiresAt: time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC),
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(token.Claims{}, "ID")); diff != "" {
		t.Error(diff)
	}
	saved, err := b.store.Get(t.Context(), b.id())
	if err != nil {
		t.Fatal(err)
	}
	if saved.Key.Reveal() != keyText || saved.UnionID != unionID || !saved.KeyObtained.Equal(b.watch.Now()) {
		t.Errorf("saved key of %d bytes, unionid %q, obtained %v", saved.Key.Len(), saved.UnionID, saved.KeyObtained)
	}
}

// The unionid that an earlier login brought stays in the tokens of later ones that lack it.
func TestLoginKeepsUnionID(t *testing.T) {
	t.Parallel()
	answer := band()
	b := newBench(t, func(context.Context, wechat.Code) (wxapi.Session, error) { return answer, nil })
	b.login(t)
	answer.UnionID = ""
	_, claims, err := b.ring.Open(b.login(t), b.watch.Now())
	if err != nil || claims.UnionID != unionID {
		t.Errorf("unionid %q, %v", claims.UnionID, err)
	}
}

func TestLoginNoCode(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(context.Context, wechat.Code) (wxapi.Session, error) { panic("WeChat was asked") })
	if _, err := b.Login(t.Context(), ""); !errors.Is(err, login.ErrNoCode) {
		t.Errorf("Login = %v", err)
	}
}

func TestLoginOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		answered := make(chan struct{})
		b := newBench(t, func(context.Context, wechat.Code) (wxapi.Session, error) {
			calls.Add(1)
			<-answered
			return band(), nil
		})
		const callers = 50
		results := make(chan error, callers)
		for range callers {
			go func() {
				issued, err := b.Login(t.Context(), code)
				if err == nil && issued.Value.IsZero() {
					err = errors.New("no token")
				}
				results <- err
			}()
		}
		synctest.Wait() // all but one have been refused; that one waits for WeChat
		if len(results) != callers-1 {
			t.Errorf("%d calls ended before WeChat answered, want %d", len(results), callers-1)
		}
		for range callers - 1 {
			if err := <-results; !errors.Is(err, login.ErrCodeInFlight) {
				t.Errorf("a loser got %v", err)
			}
		}
		close(answered)
		if err := <-results; err != nil {
			t.Errorf("the winner got %v", err)
		}
		if calls.Load() != 1 {
			t.Errorf("WeChat was called %d times", calls.Load())
		}
	})
}

// A code is one app's at one API host; the same text elsewhere is another code.
func TestClaimsOfOtherApps(t *testing.T) {
	t.Parallel()
	var nested func() error
	b := newBench(t, func(context.Context, wechat.Code) (wxapi.Session, error) {
		if inner := nested; inner != nil {
			nested = nil
			return band(), inner()
		}
		return band(), nil
	})
	for name, edit := range map[string]func(*login.Options){
		"appid":  func(o *login.Options) { o.AppID = "wx0000000000000000" },
		"origin": func(o *login.Options) { o.Origin = "http://127.0.0.1:1" },
	} {
		options := b.Options
		edit(&options)
		other := login.New(options)
		nested = func() error { _, err := other.Login(t.Context(), code); return err }
		if _, err := b.Login(t.Context(), code); err != nil {
			t.Errorf("another %s: %v", name, err)
		}
	}
}

// When an exchange has ended, however it did, the code is no longer claimed: WeChat knows best whether it is spent.
func TestClaimAfterwards(t *testing.T) {
	t.Parallel()
	refused := func(c wechat.ErrCode) error { return &wechat.Error{Code: c, Msg: "no"} }
	lost := func(sent bool) error {
		return &wxapi.TransportError{Host: "api.weixin.qq.com", Sent: sent, Err: net.ErrClosed}
	}
	tests := []struct {
		name string
		err  error
	}{
		{"success", nil},
		{"busy", refused(wechat.CodeBusy)},
		{"quota of the minute", refused(wechat.CodeMinuteQuota)},
		{"invalid code", refused(wechat.CodeInvalidCode)},
		{"used", refused(wechat.CodeUsed)},
		{"not sent", lost(false)},
		{"sent", lost(true)},
		{"nonsense", &wxapi.AnswerError{Status: 502, Reason: lang.T{En: "is not JSON", Zh: "不是 JSON"}.With()}},
		{"nonsense after a repetition", fmt.Errorf("after errcode -1 and one repetition: %w", &wxapi.AnswerError{Status: 502})},
		{"lost after a repetition", fmt.Errorf("after errcode -1 and one repetition: %w", lost(true))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			b := newBench(t, func(context.Context, wechat.Code) (wxapi.Session, error) {
				calls++
				return band(), tt.err
			})
			if _, err := b.Login(t.Context(), code); !errors.Is(err, tt.err) {
				t.Fatalf("Login = %v", err)
			}
			if _, err := b.Login(t.Context(), code); errors.Is(err, login.ErrCodeInFlight) || calls != 2 {
				t.Errorf("the repetition: %d calls, %v", calls, err)
			}
		})
	}
}

func TestLoginOutlivesItsCaller(t *testing.T) {
	t.Parallel()
	ctx, leave := context.WithCancel(t.Context())
	b := newBench(t, func(ctx context.Context, _ wechat.Code) (wxapi.Session, error) {
		leave() // the client hangs up while WeChat has the code
		return band(), ctx.Err()
	})
	issued, err := b.Login(ctx, code)
	if err != nil || issued.Value.IsZero() {
		t.Fatalf("Login = %v", err)
	}
	if _, err := b.store.Get(t.Context(), b.id()); err != nil {
		t.Errorf("the session: %v", err)
	}
	if _, err := b.Login(t.Context(), code); errors.Is(err, login.ErrCodeInFlight) {
		t.Error("the claim was not released")
	}
}

// A caller who is gone before anything was sent changes nothing: no call, no claim.
func TestLoginOfOneWhoLeft(t *testing.T) {
	t.Parallel()
	calls := 0
	b := newBench(t, func(context.Context, wechat.Code) (wxapi.Session, error) { calls++; return band(), nil })
	ctx, leave := context.WithCancel(t.Context())
	leave()
	if _, err := b.Login(ctx, code); !errors.Is(err, context.Canceled) || calls != 0 {
		t.Errorf("%d calls, %v", calls, err)
	}
	b.login(t)
}

func TestLoginStoreFails(t *testing.T) {
	t.Parallel()
	for _, step := range []struct {
		name  string
		calls int // of WeChat, while the store is broken
	}{{"begin", 0}, {"end", 1}} {
		t.Run(step.name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			b := newBench(t, func(context.Context, wechat.Code) (wxapi.Session, error) { calls++; return band(), nil })
			b.store.broken.Store(step.name)
			_, err := b.Login(t.Context(), code)
			if broken, isStore := errors.AsType[*login.StoreError](err); !isStore || !errors.Is(broken, errBroken) || calls != step.calls {
				t.Fatalf("%d calls, Login = %v", calls, err)
			}
			b.store.broken.Store("")
			b.watch.Move(time.Minute) // a claim that was not given back ends by itself
			b.login(t)
		})
	}
}

// TestRefusedThoughStoreFails: what WeChat said is the answer, also where it cannot be written down.
func TestRefusedThoughStoreFails(t *testing.T) {
	t.Parallel()
	refused := &wechat.Error{Code: wechat.CodeInvalidCode, Msg: "invalid code"}
	b := newBench(t, func(context.Context, wechat.Code) (wxapi.Session, error) { return wxapi.Session{}, refused })
	b.store.broken.Store("end")
	if _, err := b.Login(t.Context(), code); !errors.Is(err, refused) {
		t.Errorf("Login = %v", err)
	}
}

// A session is kept even if no token can be made for it.
func TestLoginTokensFail(t *testing.T) {
	t.Parallel()
	b := newBench(t, always(band()))
	b.TokenTTL = 0 // a token that expires as it is issued
	if _, err := b.Login(t.Context(), code); err == nil {
		t.Fatal("no error")
	}
	if _, err := b.store.Get(t.Context(), b.id()); err != nil {
		t.Error(err)
	}
}

func TestExpire(t *testing.T) {
	t.Parallel()
	b := newBench(t, always(band()))
	b.login(t)
	b.watch.Move(sessionTTL)
	if err := b.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.store.Get(t.Context(), b.id()); err != nil {
		t.Errorf("a session of the last moment: %v", err)
	}
	b.watch.Move(time.Second)
	if err := b.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.store.Get(t.Context(), b.id()); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("after its life: %v", err)
	}
	b.store.broken.Store("expire")
	if _, isStore := errors.AsType[*login.StoreError](b.Expire(t.Context())); !isStore {
		t.Error("no *StoreError")
	}
}

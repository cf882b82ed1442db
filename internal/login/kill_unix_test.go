//go:build unix

package login_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/session/sqlite"
	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

const (
	killVariable  = "WXLOGIN_TEST_KILL" // the store of a child that logs a user in and kills itself on the way
	pointVariable = "WXLOGIN_TEST_POINT"
)

// steps of a login, in their order. A point is before or after one of them.
const (
	stepBegin = iota
	stepWeChat
	stepEnd
	steps
)

// A killer ends its process with SIGKILL at one point.
type killer struct {
	session.Store
	path     string
	point, n int
}

func (k *killer) at(step func()) {
	before := k.n * 2
	k.n++
	if k.point == before {
		k.die()
	}
	step()
	if k.point == before+1 {
		k.die()
	}
}

func (k *killer) die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

func (k *killer) Begin(ctx context.Context, e session.Exchange, until time.Time) (ok bool, err error) {
	k.at(func() { ok, err = k.Store.Begin(ctx, e, until) })
	return ok, err
}

func (k *killer) End(ctx context.Context, e session.Exchange, l *session.Login) (s session.Session, err error) {
	k.at(func() { s, err = k.Store.End(ctx, e, l) })
	return s, err
}

// Code2Session leaves a file behind: WeChat has the code.
func (k *killer) Code2Session(context.Context, wechat.Code) (answer wxapi.Session, err error) {
	k.at(func() { answer, err = band(), os.WriteFile(k.path+".asked", nil, 0o600) })
	return answer, err
}

func openFile(ctx context.Context, path string) (*sqlite.Store, *token.Ring, error) {
	ring, err := token.LoadOrCreate(path + ".keys")
	if err != nil {
		return nil, nil, err
	}
	store, err := sqlite.Open(ctx, path, ring)
	return store, ring, err
}

func killedLogin(path string) int {
	point, err := strconv.Atoi(os.Getenv(pointVariable))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	store, ring, err := openFile(context.Background(), path)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	k := &killer{Store: store, path: path, point: point}
	service := login.New(login.Options{
		WeChat: k, Store: k, Tokens: ring, Now: newWatch().Now,
		Origin: origin, AppID: appID, Issuer: issuer, TokenTTL: tokenTTL, SessionTTL: sessionTTL,
	})
	if _, err := service.Login(context.Background(), code); err != nil {
		fmt.Println(err)
		return 1
	}
	if err := store.Close(); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// TestKilled kills a login before and after each of its steps, opens the store again, and looks at what is there: a code that WeChat
// had is in the ledger, a session that was saved is there, and what the dead process had claimed is free after a minute.
func TestKilled(t *testing.T) {
	t.Parallel()
	for point := range 2*steps + 1 { // the last is the one at which nobody dies
		t.Run(strconv.Itoa(point), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "wxlogin.db")
			var output bytes.Buffer
			child := exec.CommandContext(t.Context(), os.Args[0])
			child.Env = append(os.Environ(), killVariable+"="+path, pointVariable+"="+strconv.Itoa(point))
			child.Stdout, child.Stderr = &output, &output
			err := child.Run()
			exit, died := errors.AsType[*exec.ExitError](err)
			if died {
				status, _ := exit.Sys().(syscall.WaitStatus)
				died = status.Signal() == syscall.SIGKILL
			}
			if died != (point < 2*steps) || err != nil && !died {
				t.Fatalf("the child: %v\n%s", err, output.String())
			}
			store, _, err := openFile(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = store.Close() }()
			survived(t, store, path, point)
		})
	}
}

// survived says what is there after a death at the point: a step has happened if the point is after it.
func survived(t *testing.T, store *sqlite.Store, path string, point int) {
	t.Helper()
	happened := func(step int) bool { return point > 2*step }
	_, err := os.Stat(path + ".asked")
	if asked := err == nil; asked != happened(stepWeChat) {
		t.Errorf("WeChat was asked: %v", asked)
	}
	history, err := store.Exchanges(t.Context(), origin, session.HashCode(code))
	if err != nil {
		t.Fatal(err)
	}
	entry, spent := session.Spending(history)
	want := session.OutcomeSending
	if happened(stepEnd) {
		want = session.OutcomeExchanged
	}
	if spent != happened(stepBegin) || spent && entry.Outcome != want {
		t.Errorf("the ledger says %v, %v, want %v", entry.Outcome, spent, want)
	}
	found, err := store.Get(t.Context(), session.ID{Origin: origin, AppID: appID, OpenID: openID})
	if saved := err == nil; saved != happened(stepEnd) || saved && found.Key.Reveal() != keyText {
		t.Errorf("the session: %v, %v", found.ID, err)
	}
	now := newWatch().Now()
	hash := session.Exchange{Origin: origin, AppID: appID, CodeHash: session.HashCode(code)}.Claim()
	free := !happened(stepBegin) || happened(stepEnd)
	if got, err := store.Claim(t.Context(), hash, now, now.Add(time.Minute)); err != nil || got != free {
		t.Errorf("the code can be claimed: %v, %v, want %v", got, err, free)
	}
	if got, err := store.Claim(t.Context(), hash, now.Add(2*time.Minute), now.Add(3*time.Minute)); err != nil || !got {
		t.Errorf("the claim of the dead does not end: %v, %v", got, err)
	}
}

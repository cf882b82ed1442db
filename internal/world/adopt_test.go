package world_test

import (
	"testing"
	"testing/synctest"

	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

const (
	strangeApp  wechat.AppID = "wx1111111111111111"
	strangeCode wechat.Code  = "0c3QFUkl2dPleh4tZnol2ENl9u1QFUkI"
)

func stranger(secret string, code wechat.Code) world.Exchange {
	return world.Exchange{AppID: strangeApp, Secret: wechat.NewAppSecret(secret), Code: code}
}

func TestAdopt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, world.Options{Adopt: true})
		refused(t, w, stranger("", strangeCode), wechat.CodeInvalidAppID, "unknown appid, and no well-shaped secret to adopt it with")
		id := exchange(t, w, stranger(otherSecret, strangeCode))
		if id.User != world.DefaultUser || id.UnionID != "" {
			t.Errorf("adopted as %+v", id)
		}
		refused(t, w, stranger(otherSecret, strangeCode), wechat.CodeUsed, "adopted code used 0.0 s ago")
		refused(t, w, stranger(world.DemoSecret, strangeCode), wechat.CodeInvalidSecret, "not the secret that this appid was adopted with")
		refused(t, w, stranger(otherSecret, "JSCODE"), wechat.CodeInvalidCode, "unknown and malformed code")
		for range 2 {
			if again := exchange(t, w, demo(wechat.MockCode)); again.User != world.DefaultUser {
				t.Errorf("the literal of DevTools logged %q in", again.User)
			}
		}
		if _, err := w.Userinfo(strangeApp, ""); err != nil {
			t.Errorf("the adopted user has no data: %v", err)
		}
	})
}

// TestAdoptLeavesOurCodesAlone: a code of the simulation that has expired is expired, not a stranger.
func TestAdoptLeavesOurCodesAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, world.Options{Adopt: true})
		code := login(t, w, "", "bob")
		w.Clock().Move(wechat.CodeLife)
		refused(t, w, demo(code), wechat.CodeInvalidCode, "code expired 0.0 s ago")
	})
}

func TestResetAllForgetsTheAdopted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, world.Options{Adopt: true})
	exchange(t, w, stranger(otherSecret, strangeCode))
	w.Clock().Move(wechat.CodeLife)
	w.ResetAll()
	if w.Clock().Offset() != 0 {
		t.Error("the clock is still moved")
	}
	exchange(t, w, stranger(world.DemoSecret, strangeCode)) // the first secret counts anew
}

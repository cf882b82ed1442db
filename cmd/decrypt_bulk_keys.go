package cmd

import (
	"context"
	"errors"
	"sync"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/bulk"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// maxSavedKeys bounds how many keys of users are remembered. Lines of one user come near each other; the store is asked again for who
// comes back later.
const maxSavedKeys = 10_000

// savedKeys looks keys of saved sessions up, for the workers of a bulk run. The store is opened when the first line needs it.
type savedKeys struct {
	app    *app.App
	appID  wechat.AppID  // of --appid or the configuration; empty: of the line
	openID wechat.OpenID // of --openid, for lines without one

	mu    sync.Mutex
	store session.Store
	found map[session.ID]savedKey
}

type savedKey struct {
	key wechat.SessionKey
	err error // a *bulk.KeyError
}

// find is a [bulk.SavedKeys].
func (s *savedKeys) find(ctx context.Context, appID wechat.AppID, openID wechat.OpenID) (wechat.SessionKey, error) {
	if s.appID != "" {
		appID = s.appID
	}
	if openID == "" {
		openID = s.openID
	}
	switch {
	case openID == "":
		return wechat.SessionKey{}, &bulk.KeyError{Message: textLineNoKey.With()}
	case appID == "":
		return wechat.SessionKey{}, &bulk.KeyError{Message: textLineNoApp.With()}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	origin, err := s.app.Origin()
	if err != nil {
		return wechat.SessionKey{}, err
	}
	id := session.ID{Origin: origin, AppID: appID, OpenID: openID}
	known, ok := s.found[id]
	if !ok {
		if known.key, err = s.get(ctx, id); errors.Is(err, session.ErrNotFound) {
			known.err = &bulk.KeyError{Message: textNoSessionOf.With(redact.Shorten(string(openID), 64), redact.Shorten(string(appID), 64), string(origin))}
		} else if err != nil {
			return wechat.SessionKey{}, err
		}
		if len(s.found) == maxSavedKeys || s.found == nil {
			s.found = map[session.ID]savedKey{}
		}
		s.found[id] = known
	}
	return known.key, known.err
}

func (s *savedKeys) get(ctx context.Context, id session.ID) (wechat.SessionKey, error) {
	if s.store == nil {
		store, exists, err := s.app.SavedStore(ctx)
		if err != nil {
			return wechat.SessionKey{}, err
		}
		if !exists {
			return wechat.SessionKey{}, session.ErrNotFound
		}
		s.store = store
	}
	found, err := s.store.Get(ctx, id)
	return found.Key, err
}

var (
	textLineNoKey = lang.T{En: "the line has no session_key, and no openid whose saved session would have one", Zh: "该行没有 session_key，也没有可查找已保存会话的 openid"}
	textLineNoApp = lang.T{En: "the line has an openid, but neither it nor the configuration has an appid to find the session by", Zh: "该行有 openid，但它和配置中都没有用于查找会话的 appid"}
)

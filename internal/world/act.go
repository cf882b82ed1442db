package world

import "github.com/wxlogin/wxlogin/internal/wechat"

// Act does to the world what an effect does to it, and says in a few words when there was nothing to do it to; "" for done, and
// for effects that are the business of the wire. The user is the one whose key is replaced.
func (w *World) Act(e Effect, id wechat.AppID, user string) (missed string) {
	switch e.Kind {
	case EffectRotateKey, EffectRotateFirst:
		if user == "" {
			return "no user known whose key to replace"
		}
		if err := w.RotateKey(id, user); err != nil {
			return err.Error()
		}
	case EffectStealToken:
		return w.stealTokens(id)
	}
	return "" // secret-reset and plus-slash follow from the fault itself: see faultSet.lasting
}

// stealTokens is another server of the same app that fetches access tokens for itself: by /cgi-bin/token, which leaves the one
// before its five minutes, and by a forced refresh of /cgi-bin/stable_token, which leaves it nothing.
func (w *World) stealTokens(id wechat.AppID) (missed string) {
	a := w.lookup(id)
	if a == nil {
		return "no app known whose token to retire"
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	now := w.now()
	missed = "the app has no access token"
	for kind := range tokenKinds {
		line := &a.state.tokens.lines[kind]
		line.expire(now)
		if _, _, alive := line.newest(now); !alive {
			continue
		}
		missed = ""
		if kind == tokenPlain {
			line.issue(now, TokenOverlap)
		} else {
			line.issue(now, 0)
		}
	}
	return missed
}

// UserOf finds the user that a call is about; "" when that cannot be known before the call is answered.
func (w *World) UserOf(c FaultCall) string {
	if c.User != "" {
		return c.User
	}
	if m, is, err := w.magicCode(c.Code); is && err == nil {
		return m.user
	}
	if owner, serial, _ := w.minter(c.Code); owner != nil {
		return owner.holder(func(s *state) *codeQueue { return &s.codes }, serial)
	}
	if tag, serial, marked := readPhoneCode(c.Code); marked {
		if owner := w.phoneCodeOwner(c.Code, tag, serial); owner != nil {
			return owner.holder(func(s *state) *codeQueue { return &s.phoneCodes }, serial)
		}
	}
	a := w.lookup(c.AppID)
	if a == nil || c.OpenID == "" {
		return ""
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if u := a.userOf(c.OpenID); u != nil {
		return u.name
	}
	return ""
}

// holder is the user who got a code.
func (a *app) holder(queue func(*state) *codeQueue, serial uint64) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if record := queue(&a.state).at(serial); record != nil {
		return a.state.users[record.user].name
	}
	return ""
}

// plusShare is in how many of a hundred keys and ivs there are both + and /.
func (a *app) plusShare() int {
	if a.faults.lasting(EffectPlusSlash, a.ID) {
		return percents
	}
	return a.plusSlash
}

// AppOfToken is the app that an access token was issued to, be it alive or not; "" when it is none of this world's.
func (w *World) AppOfToken(token string) wechat.AppID {
	if a, _, _ := w.tokenOwner(token); a != nil {
		return a.ID
	}
	return ""
}

package world

import (
	"crypto/subtle"
	"fmt"
	"strings"

	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// sigMethod is the only one that checksession and its siblings accept.
const sigMethod = "hmac_sha256"

// resetQuota is how many calls of resetusersessionkey an app has a minute, by its documentation.
const resetQuota = 60_000

// SessionCheck is a call of checksession or resetusersessionkey.
type SessionCheck struct {
	OpenID    wechat.OpenID
	Signature string // HMAC-SHA256 of "" in lower-case hexadecimal, keyed with the base64 text of the session key
	SigMethod string
	// Sent are the parts of the request that a mistaken client may have signed in place of "", to tell which.
	Sent []SentText
}

// SentText is a part of a request.
type SentText struct{ What, Text string } // What completes "the signature of ..."

// SessionReset is what resetusersessionkey gives, and the name of the simulated user.
type SessionReset struct {
	User       string
	OpenID     wechat.OpenID
	SessionKey wechat.SessionKey
}

// CheckSession is checksession: whether the signature was made with the user's present session key. It returns the name of the user.
//
// Of its errors the documentation has 87009 alone. The others are those of resetusersessionkey, and their order is our choice: a
// missing parameter (40097), sig_method (87008), the openid (40003), the key (87007), the signature (87009).
func (c Caller) CheckSession(x SessionCheck) (string, *Refusal) {
	u, refusal := c.signed(x, func(*user, int64) *Refusal { return nil })
	return u.name, refusal
}

// ResetSession is resetusersessionkey: the checks of [Caller.CheckSession], then a new session key in place of the present one, which is
// dead at once. The new key expires when the old one would have.
func (c Caller) ResetSession(x SessionCheck) (SessionReset, *Refusal) {
	u, refusal := c.signed(x, func(u *user, now int64) *Refusal {
		if !c.app.state.resets.take(minuteOf(now), resetQuota) {
			reason := fmt.Sprintf("more than %d calls of resetusersessionkey in this minute", resetQuota)
			return c.world.Refuse(wechat.CodeMinuteQuota, minuteQuotaMessage, reason)
		}
		c.app.replaceKey(u, now)
		return nil
	})
	if refusal != nil {
		return SessionReset{}, refusal
	}
	return SessionReset{User: u.name, OpenID: x.OpenID, SessionKey: sessionKey(u.key)}, nil
}

func (c Caller) checkParameters(x SessionCheck) *Refusal {
	var missing []string
	for _, p := range [][2]string{{"openid", string(x.OpenID)}, {"signature", x.Signature}, {"sig_method", x.SigMethod}} {
		if p[1] == "" {
			missing = append(missing, p[0])
		}
	}
	switch {
	case len(missing) > 0:
		return c.world.Refuse(wechat.CodeInvalidArgs, "invalid args", "no "+strings.Join(missing, ", no ")+" in the query")
	case x.SigMethod != sigMethod:
		return c.world.Refuse(wechat.CodeSigMethod, "invalid sig_method", "sig_method is not "+sigMethod)
	}
	return nil
}

// signed finds the user whose session key the signature was made with, does something with the user under the app's lock, and returns
// what the user then is; without a name when refused. How a wrong signature was made is found out without the lock.
func (c Caller) signed(x SessionCheck, do func(u *user, now int64) *Refusal) (user, *Refusal) {
	if refusal := c.checkParameters(x); refusal != nil {
		return user{}, refusal
	}
	u, now, refusal := c.lookedUp(x, do)
	if refusal == nil {
		return u, nil
	}
	if refusal.Code == wechat.CodeInvalidSignature {
		refusal.Reason = c.app.mistake(&u, x, now)
	}
	refusal.User = u.name
	return user{}, refusal
}

func (c Caller) lookedUp(x SessionCheck, do func(u *user, now int64) *Refusal) (copied user, now int64, refusal *Refusal) {
	c.app.mu.Lock()
	defer c.app.mu.Unlock()
	now = c.world.now()
	u := c.app.userOf(x.OpenID)
	switch {
	case u == nil:
		return user{}, now, c.world.Refuse(wechat.CodeInvalidOpenID, "invalid openid", c.app.strange(x.OpenID))
	case !u.keyAlive(now):
		reason := "the user never logged in"
		if u.keyExpires > 0 {
			reason = "session_key expired " + since(u.keyExpires, now)
		}
		// The spelling is WeChat's.
		return *u, now, c.world.Refuse(wechat.CodeNoSessionKey, "session_key is not existd or expired", reason)
	}
	want := opendata.SignSession(sessionKey(u.key), nil)
	if subtle.ConstantTimeCompare([]byte(want), []byte(x.Signature)) != 1 {
		return *u, now, c.world.Refuse(wechat.CodeInvalidSignature, "invalid signature", "")
	}
	refusal = do(u, now)
	return *u, now, refusal
}

// strange says what is the matter with an openid that no user of the app has.
func (a *app) strange(id wechat.OpenID) string {
	switch {
	case id.Check() != nil:
		return "malformed openid"
	case !strings.HasPrefix(string(id), a.prefix):
		return fmt.Sprintf("openid of another app: those of %s start with %s", a.ID, a.prefix)
	}
	return "nobody with this openid logged in since the start or the last reset"
}

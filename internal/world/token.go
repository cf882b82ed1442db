package world

import (
	"time"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

const (
	// tokenQuota is the default number of calls of /cgi-bin/token a day, in public reports of 2019 to 2025.
	tokenQuota = 2_000

	// By the documentation of getStableAccessToken, read in November 2026.
	stableMinuteQuota = 10_000
	stableDayQuota    = 500_000
	forceQuota        = 20 // a day
	forcePause        = 30 * time.Second
)

// grantType is the only one that the endpoints of access tokens accept.
const grantType = "client_credential"

// tokenState is an app's access tokens.
type tokenState struct {
	lines                   [tokenKinds]tokenLine
	days                    [tokenKinds]meter
	stableMinutes, forceDay meter
	forced                  int64 // when force_refresh was last granted, in ns; 0: never
}

// TokenRequest is a call of /cgi-bin/token or /cgi-bin/stable_token.
type TokenRequest struct {
	AppID     wechat.AppID
	Secret    wechat.AppSecret
	GrantType string
	Force     bool // force_refresh, which only [World.StableToken] reads
}

// AccessToken is what the token endpoints give.
type AccessToken struct {
	Token     redact.Secret
	ExpiresIn time.Duration // in whole seconds
	Note      string        // what the simulation did otherwise than asked, for the journal; mostly empty
}

// Token is getAccessToken: every call issues a new token, and the one before it lives five minutes more. grant_type is checked first,
// because a report has 40002 for a call without any parameter that WeChat reads.
func (w *World) Token(x TokenRequest) (AccessToken, *Refusal) {
	if x.GrantType != grantType {
		return AccessToken{}, w.invalidGrant(x)
	}
	a, refusal := w.authenticate(Exchange{AppID: x.AppID, Secret: x.Secret})
	if refusal != nil {
		return AccessToken{}, refusal
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	now := w.now()
	s := &a.state.tokens
	if !s.days[tokenPlain].take(dayOf(now), tokenQuota) {
		return AccessToken{}, w.Refuse(wechat.CodeDailyQuota, "reach max api daily quota limit"+stableHint, "more than 2000 calls of token today")
	}
	line := &s.lines[tokenPlain]
	line.expire(now)
	return a.granted(tokenPlain, line.issue(now, TokenOverlap), TokenLife, ""), nil
}

// StableToken is getStableAccessToken: the token of the call before, with the seconds that it has left, until its last five
// minutes; then a new one beside it. The appid is checked first, because a report has 41002 for a call without any parameter
// that WeChat reads. Force ends the tokens before at once. Asked for too soon or too often, it is ignored, as the documentation has
// it; that the answer then is the present token is our choice, and so is that a forced call counts when there was no token.
func (w *World) StableToken(x TokenRequest) (AccessToken, *Refusal) {
	a, refusal := w.authenticate(Exchange{AppID: x.AppID, Secret: x.Secret})
	if refusal != nil {
		return AccessToken{}, refusal
	}
	if x.GrantType != grantType {
		return AccessToken{}, w.invalidGrant(x)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	now := w.now()
	s := &a.state.tokens
	switch {
	case !s.stableMinutes.take(minuteOf(now), stableMinuteQuota):
		return AccessToken{}, w.Refuse(wechat.CodeMinuteQuota, minuteQuotaMessage, "more than 10000 calls of stable_token in this minute")
	case !s.days[tokenStable].take(dayOf(now), stableDayQuota):
		return AccessToken{}, w.Refuse(wechat.CodeDailyQuota, "reach max api daily quota limit", "more than 500000 calls of stable_token today")
	}
	line := &s.lines[tokenStable]
	line.expire(now)
	note := ""
	if x.Force {
		if note = s.force(now); note == "" {
			return a.granted(tokenStable, line.issue(now, 0), TokenLife, ""), nil
		}
	}
	if serial, record, alive := line.newest(now); alive {
		if left := time.Duration(record.expires - now); left >= TokenOverlap {
			return a.granted(tokenStable, serial, left, note), nil
		}
	}
	return a.granted(tokenStable, line.issue(now, TokenOverlap), TokenLife, note), nil
}

// force grants a forced refresh, or says why not.
func (s *tokenState) force(now int64) string {
	if since := time.Duration(now - s.forced); s.forced != 0 && 0 <= since && since < forcePause {
		return "force_refresh ignored: the last one was " + ago(since) + ", and 30 s must lie between two"
	}
	if !s.forceDay.take(dayOf(now), forceQuota) {
		return "force_refresh ignored: there were 20 today"
	}
	s.forced = now
	return ""
}

func (a *app) granted(kind tokenKind, serial uint64, left time.Duration, note string) AccessToken {
	return AccessToken{
		Token:     redact.NewSecret(mintToken(a.root, a.tag, kind, serial)),
		ExpiresIn: left.Truncate(time.Second), Note: note,
	}
}

func (w *World) invalidGrant(x TokenRequest) *Refusal {
	reason := "grant_type is not client_credential"
	if x.GrantType == "" {
		reason = "no grant_type"
	}
	return w.Refuse(wechat.CodeInvalidGrantType, "invalid grant_type", reason)
}

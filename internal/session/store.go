package session

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// Errors that every [Store] returns, to be tested with errors.Is.
var (
	ErrNotFound = errors.New("no such session")
	ErrClosed   = errors.New("session store is closed")
)

// A Store keeps sessions, claims of codes, revocations of tokens, the ledger of exchanges and access tokens. It is safe for concurrent use, each operation is atomic,
// and a store that several processes open is one store to all of them. An operation whose context ends before it took effect
// returns the context's error and has none.
type Store interface {
	// Save records a login by the rules of [Session.After] and returns the session as it then stands. A session whose keys
	// cannot be unsealed begins anew with the login's key.
	Save(ctx context.Context, l Login) (Session, error)
	// Get returns a session; [ErrNotFound], or an [*UnsealError] when the key ring has changed.
	Get(ctx context.Context, id ID) (Session, error)
	// Newest returns the session with the latest login of a mini program, or of any at that origin when app is empty. Errors
	// are those of Get.
	Newest(ctx context.Context, origin wechat.Origin, app wechat.AppID) (Session, error)
	// List returns sessions without their keys, which need no key ring to be listed. The latest login comes first; sessions of
	// the same instant follow by origin, appid and openid.
	List(ctx context.Context, f Filter) ([]Session, error)
	// Delete forgets a session, or returns [ErrNotFound].
	Delete(ctx context.Context, id ID) error

	// Claim reserves a code, given as its SHA-256, for one exchange. It reports false while another claim runs, that is until
	// the moment that one was made for, or its Release.
	Claim(ctx context.Context, codeHash [sha256.Size]byte, now, until time.Time) (bool, error)
	// Release ends a claim. Releasing what is not claimed is no error.
	Release(ctx context.Context, codeHash [sha256.Size]byte) error

	// Begin opens an exchange in one step: it claims the code, until the moment given, and adds e to the ledger. It reports false, and
	// adds nothing, while another claim of [Exchange.Claim] runs at e's time.
	Begin(ctx context.Context, e Exchange, until time.Time) (bool, error)
	// End closes an exchange in one step: it saves the login that it gave, unless that is nil, as [Store.Save] does, adds e to the
	// ledger, and releases the code.
	End(ctx context.Context, e Exchange, l *Login) (Session, error)

	// Revoke makes a token worthless. The first revocation of a token stands.
	Revoke(ctx context.Context, r Revocation) error
	// Revoked returns the revocation of a token, nil when there is none.
	Revoked(ctx context.Context, tokenID string) (*Revocation, error)

	// CutOff ends the tokens that a [Cutoff] says, by the rules of [Cutoff.After].
	CutOff(ctx context.Context, c Cutoff) error
	// Cutoffs returns the cutoff for everybody at the user's mini program and the user's own, in this order, where there are any.
	Cutoffs(ctx context.Context, user ID) ([]Cutoff, error)

	// Record adds an entry to the ledger.
	Record(ctx context.Context, e Exchange) error
	// Exchanges returns what the ledger knows of a code at an origin, in the order of its times; entries of the same instant come
	// in the order in which they were recorded.
	Exchanges(ctx context.Context, origin wechat.Origin, codeHash [sha256.Size]byte) ([]Exchange, error)

	// SaveAccessToken keeps the access token of an app in place of one that was obtained at the same time or before.
	SaveAccessToken(ctx context.Context, t AccessToken) error
	// AccessToken returns the access token of an app, expired or not; nil when there is none that can be opened.
	AccessToken(ctx context.Context, origin wechat.Origin, app wechat.AppID) (*AccessToken, error)

	// Expire drops what is past: sessions whose latest login is before sessionsBefore, claims, revocations, cutoffs and access tokens that
	// ended at or before now, and entries of the ledger that are [LedgerLife] old.
	Expire(ctx context.Context, now, sessionsBefore time.Time) error

	// Ping reports whether the store can answer.
	Ping(ctx context.Context) error
	// Close completes what was begun; afterwards every operation returns [ErrClosed]. Closing twice is no error.
	Close() error
}

// A Filter selects sessions; its zero fields select all.
type Filter struct {
	Origin wechat.Origin
	AppID  wechat.AppID
	Limit  int // at most so many; 0 is no limit
}

// A Revocation ends a login token before its time. Until is when the token would have expired anyway: from then on nobody
// needs the revocation.
type Revocation struct {
	TokenID string // the token's jti
	At      time.Time
	Until   time.Time
	Reason  string // for people: "logout"
}

// Check returns an error that names what is missing.
func (r Revocation) Check() error {
	switch {
	case r.TokenID == "":
		return errors.New("revocation names no token")
	case r.At.IsZero() || r.Until.IsZero():
		return errors.New("revocation has no time")
	}
	return nil
}

// Compare orders sessions as [Store.List] does.
func Compare(a, b Session) int {
	return cmp.Or(
		b.Refreshed.Compare(a.Refreshed),
		cmp.Compare(a.Origin, b.Origin),
		cmp.Compare(a.AppID, b.AppID),
		cmp.Compare(a.OpenID, b.OpenID),
	)
}

// Match reports whether the filter selects a session, Limit aside.
func (f Filter) Match(id ID) bool {
	return (f.Origin == "" || f.Origin == id.Origin) && (f.AppID == "" || f.AppID == id.AppID)
}

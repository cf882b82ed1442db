package app

import (
	"context"
	"errors"

	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/diagnose"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A NoSessionError says that no saved session fits.
type NoSessionError struct {
	Origin wechat.Origin
	AppID  wechat.AppID  // empty: any
	OpenID wechat.OpenID // likewise

	KeyWillDo bool // whoever asked takes the session_key from elsewhere, too
}

func (e *NoSessionError) Error() string { return "no saved session" }

// SavedSession finds the session of a user at the configured API host, or the newest one of the app, or of any app. It makes no store.
// The error is a [*NoSessionError] when there is none.
func (a *App) SavedSession(ctx context.Context, appID wechat.AppID, openID wechat.OpenID) (session.Session, session.Store, error) {
	origin, err := a.Origin()
	if err != nil {
		return session.Session{}, nil, err
	}
	store, exists, err := a.SavedStore(ctx)
	if err != nil {
		return session.Session{}, nil, err
	}
	err = session.ErrNotFound
	var found session.Session
	switch {
	case !exists:
	case openID == "":
		found, err = store.Newest(ctx, origin, appID)
	default:
		found, err = store.Get(ctx, session.ID{Origin: origin, AppID: appID, OpenID: openID})
	}
	if errors.Is(err, session.ErrNotFound) {
		return session.Session{}, nil, &NoSessionError{Origin: origin, AppID: appID, OpenID: openID}
	}
	return found, store, err
}

// A RefusedError is a refusal of WeChat's with its causes, the likeliest first.
type RefusedError struct {
	error
	Use      diagnose.CodeUse
	Findings []diagnose.Finding
}

// Unwrap returns the refusal.
func (e *RefusedError) Unwrap() error { return e.error }

// Explain adds to an error that is a refusal by WeChat what is known of its causes: in says what the caller knows, and this machine
// what it knows. Other errors come back as they are.
func (a *App) Explain(err error, in diagnose.RefusalInput) error {
	refusal, refused := errors.AsType[*wechat.Error](err)
	if !refused {
		return err
	}
	in.ErrCode, in.Now = refusal.Code, a.Now()
	for _, p := range config.MiniPrograms("") {
		in.Projects = append(in.Projects, diagnose.Project{File: p.File, AppID: p.AppID})
	}
	return &RefusedError{error: err, Use: in.Use, Findings: diagnose.Refusal(in)}
}

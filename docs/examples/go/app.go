package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	life     = 3 * 24 * time.Hour // of a session
	patience = 10 * time.Second   // with WeChat: the SDK's client has no limit of its own
)

// An app is the login server of a mini program: POST /login, and with the token that it answers, GET /me, POST /profile, POST /phone,
// POST /logout.
type app struct {
	wechat *weChat
	now    func() time.Time
	log    *log.Logger

	mu       sync.Mutex
	sessions map[string]session // by token; a real back end keeps them in a database
}

type session struct {
	openID, sessionKey string
	until              time.Time
}

// An answer that is no success: the mini program acts on its reason.
type refused struct {
	status int
	reason string
}

func (r refused) Error() string { return r.reason }

var (
	loginAgain = refused{http.StatusUnauthorized, "login_again"}
	badRequest = refused{http.StatusBadRequest, "bad_request"}
)

func newApp(wechat *weChat, logs io.Writer) *app {
	return &app{wechat: wechat, now: time.Now, log: log.New(logs, "", 0), sessions: map[string]session{}}
}

func (a *app) handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, route := range map[string]func(*http.Request) (any, error){
		"POST /login": a.login, "GET /me": a.me, "POST /profile": a.profile, "POST /phone": a.phone, "POST /logout": a.logout,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), patience)
			defer cancel()
			r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
			answer, err := route(r.WithContext(ctx))
			status := http.StatusOK
			if err != nil {
				status, answer = a.told(pattern, err)
			}
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Cache-Control", "no-store")
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(answer)
		})
	}
	return mux
}

func (a *app) login(r *http.Request) (any, error) {
	code, err := codeOf(r)
	if err != nil {
		return nil, err
	}
	openID, sessionKey, err := a.wechat.session(r.Context(), code)
	if err != nil {
		return nil, err
	}
	token := rand.Text()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sessions[token] = session{openID, sessionKey, a.now().Add(life)}
	return map[string]string{"token": token}, nil
}

func (a *app) me(r *http.Request) (any, error) {
	s, err := a.session(r)
	return map[string]time.Time{"until": s.until}, err
}

func (a *app) profile(r *http.Request) (any, error) {
	s, err := a.session(r)
	if err != nil {
		return nil, err
	}
	var sent struct{ EncryptedData, IV string }
	if json.NewDecoder(r.Body).Decode(&sent) != nil {
		return nil, badRequest
	}
	p, ok := a.wechat.open(s.sessionKey, sent.IV, sent.EncryptedData)
	// Most often the user has logged in since, elsewhere, and the data is encrypted under the newer key.
	if !ok || p.OpenID != "" && p.OpenID != s.openID {
		return nil, loginAgain
	}
	return map[string]string{"nickName": p.NickName, "avatarUrl": p.AvatarURL}, nil
}

func (a *app) phone(r *http.Request) (any, error) {
	if _, err := a.session(r); err != nil {
		return nil, err
	}
	code, err := codeOf(r)
	if err != nil {
		return nil, err
	}
	number, err := a.wechat.phoneNumber(r.Context(), code)
	if errcode(err) == 40029 { // the login is fine
		return nil, refused{http.StatusUnprocessableEntity, "tap_again"}
	}
	return map[string]string{"phone": number}, err
}

func (a *app) logout(r *http.Request) (any, error) {
	if _, err := a.session(r); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.sessions, bearer(r))
	return struct{}{}, nil
}

func (a *app) session(r *http.Request) (session, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, ok := a.sessions[bearer(r)]
	if !ok || !a.now().Before(s.until) {
		return session{}, loginAgain
	}
	return s, nil
}

// told is what the mini program hears of a failure: what to do next, not what WeChat said. That is logged.
func (a *app) told(route string, err error) (int, any) {
	var told refused
	if !errors.As(err, &told) {
		a.log.Printf("%s: %v", route, err)
		told = inWords(err)
	}
	return told.status, map[string]string{"reason": told.reason}
}

func inWords(err error) refused {
	if errors.Is(err, errNoAnswer) { // the code may be spent
		return refused{http.StatusGatewayTimeout, "login_again"}
	}
	switch errcode(err) {
	case 40029, 40163: // wrong or expired; used
		return loginAgain
	case 40226: // a user whom WeChat blocks
		return refused{http.StatusForbidden, "blocked"}
	case -1, 45011: // busy; too many logins of this user
		return refused{http.StatusTooManyRequests, "try_later"}
	default: // ours to repair: appid, secret, permissions
		return refused{http.StatusInternalServerError, "misconfigured"}
	}
}

func errcode(err error) int64 {
	var r refusal
	errors.As(err, &r)
	return r.errcode
}

func codeOf(r *http.Request) (string, error) {
	var sent struct{ Code string }
	if json.NewDecoder(r.Body).Decode(&sent) != nil || sent.Code == "" {
		return "", badRequest
	}
	return sent.Code, nil
}

func bearer(r *http.Request) string {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return token
}

package loginhttp

import (
	"net/http"
	"time"

	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// Inspect answers POST {"token"} with what [login.Service.Inspect] finds. A simulation mounts it in its control API: its keys live in
// its process only, so nobody else can judge its tokens.
func Inspect(service *login.Service) http.Handler {
	return route("/_mock/inspect", func(w http.ResponseWriter, r *http.Request) error {
		var in struct {
			Token string `json:"token"`
		}
		if err := readJSON(r, &in); err != nil {
			return err
		}
		if in.Token == "" {
			return badRequest(`the body must be a JSON object with "token"`)
		}
		inspection, err := service.Inspect(r.Context(), in.Token)
		if err != nil {
			return err
		}
		return answer(w, inspection)
	}, http.MethodPost)
}

// Revoke answers POST {"token"}, or {"openid", "before"} for all tokens of a user that were issued before a moment, or {"everybody":true}
// in place of the openid, with what [login.Service.Revoke] and [login.Service.RevokeBefore] did. A simulation mounts it in its control API.
func Revoke(service *login.Service) http.Handler {
	return route("/_mock/revoke", func(w http.ResponseWriter, r *http.Request) error {
		var in struct {
			Token     string        `json:"token"`
			OpenID    wechat.OpenID `json:"openid"`
			Everybody bool          `json:"everybody"`
			Before    time.Time     `json:"before"`
			Reason    string        `json:"reason"`
		}
		if err := readJSON(r, &in); err != nil {
			return err
		}
		given := 0
		for _, is := range []bool{in.Token != "", in.OpenID != "", in.Everybody} {
			if is {
				given++
			}
		}
		if given != 1 || in.Token != "" && !in.Before.IsZero() {
			return badRequest(`the body must be a JSON object with one of "token", "openid" and "everybody", the latter two with or without "before"`)
		}
		if in.Before.After(service.Now()) {
			return badRequest(`"before" is in the future: tokens that nobody has yet cannot be revoked`)
		}
		reason := redact.Shorten(in.Reason, maxReason)
		if in.Token != "" {
			done, err := service.Revoke(r.Context(), in.Token, reason)
			if err != nil {
				return err
			}
			return answer(w, done)
		}
		done, err := service.RevokeBefore(r.Context(), in.OpenID, in.Before, reason)
		if err != nil {
			return err
		}
		return answer(w, done)
	}, http.MethodPost)
}

// maxReason is in characters: a sentence.
const maxReason = 200

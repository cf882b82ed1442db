package loginhttp

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/problem"
	"github.com/wxlogin/wxlogin/internal/redact"
)

// Token introspection (RFC 7662) and revocation (RFC 7009), for the developer's other services. What is wrong with a request is told
// in the form of RFC 6749, section 5.2, which both RFCs ask for; the members of our problems stand beside it.

// reasonUnauthorized is the reason of a service without the credential.
const reasonUnauthorized = "unauthorized"

// A credential is compared by its hash, so that the time a comparison takes depends on nothing that the caller knows.
type credential [sha256.Size]byte

func newCredential(secret redact.Secret) credential { return sha256.Sum256([]byte(secret.Reveal())) }

func (c credential) is(given string) bool {
	hash := sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(hash[:], c[:]) == 1
}

// admits reports whether a request carries the credential, as the password of Basic or as a bearer token, and who sends it: the user
// name of Basic. Of RFC 6749, section 2.3.1, both readings are taken: clients do and do not form-encode before they join with a colon.
func (c credential) admits(r *http.Request) (who string, ok bool) {
	if len(r.Header.Values("Authorization")) != 1 {
		return "", false
	}
	if name, password, isBasic := r.BasicAuth(); isBasic {
		plain := c.is(password)
		decoded, err := url.QueryUnescape(password)
		encoded := err == nil && c.is(decoded)
		if unescaped, err := url.QueryUnescape(name); err == nil {
			name = unescaped
		}
		return redact.Shorten(name, 40), plain || encoded
	}
	token, err := readBearer(r)
	return "", err == nil && c.is(token)
}

// An oauthError is a refusal by RFC 6749, section 5.2.
type oauthError struct {
	status int
	code   string // of the RFC
	reason string // of ours
	title  string
	detail string // without quotes and backslashes, which error_description must not have
}

func (e *oauthError) Error() string { return e.detail }

// noCredential refuses a caller who does not know the credential.
func noCredential() error {
	return &oauthError{
		http.StatusUnauthorized, "invalid_client", reasonUnauthorized, "unauthorized",
		"send the introspection_secret of this server as the password of Basic or as a bearer token",
	}
}

func invalidRequest(detail string) error {
	return &oauthError{http.StatusBadRequest, "invalid_request", reasonBadRequest, "malformed request", detail}
}

// forServices lets POSTs with the credential and one token in a form through to handle.
func (h *Handler) forServices(path string, secret credential, handle func(w http.ResponseWriter, r *http.Request, who, token string) error) http.Handler {
	return route(path, func(w http.ResponseWriter, r *http.Request) error {
		err := func() error {
			who, ok := secret.admits(r)
			if !ok {
				w.Header().Add("WWW-Authenticate", `Basic realm="wxlogin", charset="UTF-8"`)
				w.Header().Add("WWW-Authenticate", `Bearer realm="wxlogin"`)
				return noCredential()
			}
			token, err := readFormToken(r)
			if err != nil {
				return err
			}
			return handle(w, r, who, token)
		}()
		if err != nil {
			refuseService(w, r, err)
		}
		return nil
	}, http.MethodPost)
}

// readFormToken takes the token from the form in the body. Parameters that nobody defined are ignored, the hint about the token's kind
// as well: there is one kind. Twice the same is an error (RFC 6749, section 3.2), and so is a token in the query, which ends in logs.
func readFormToken(r *http.Request) (string, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || query.Has("token") {
		return "", invalidRequest("the token belongs in the form in the body, not in the query")
	}
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/x-www-form-urlencoded" {
		return "", invalidRequest("the body must be a form, application/x-www-form-urlencoded")
	}
	body, err := readBody(r)
	if err != nil {
		return "", err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return "", invalidRequest("the form is not well-formed")
	}
	for name, values := range form {
		if len(values) > 1 && (name == "token" || name == "token_type_hint") {
			return "", invalidRequest("the parameter " + name + " is given more than once")
		}
	}
	if form.Get("token") == "" {
		return "", invalidRequest("the parameter token is missing")
	}
	return form.Get("token"), nil
}

// introspect answers by RFC 7662, section 2.2. Of a token that lets nobody in it says that and nothing else, whatever the cause.
func (h *Handler) introspect(w http.ResponseWriter, r *http.Request, _, token string) error {
	in, err := h.service.Inspect(r.Context(), token)
	if err != nil {
		return err
	}
	w.Header().Set("Pragma", "no-cache") // for caches that know only HTTP/1.0 (RFC 6749, section 5.1)
	if !in.Active() {
		journal.From(r.Context()).Reason = redact.Clean(inactiveReason(in))
		return answer(w, struct {
			Active bool `json:"active"`
		}{false})
	}
	return answer(w, struct {
		Active    bool   `json:"active"`
		TokenType string `json:"token_type"`
		Issuer    string `json:"iss"`
		Subject   string `json:"sub"`
		Audience  string `json:"aud"`
		ClientID  string `json:"client_id"`
		IssuedAt  int64  `json:"iat"`
		ExpiresAt int64  `json:"exp"`
		ID        string `json:"jti"`
		UnionID   string `json:"unionid,omitempty"`
	}{
		true, "Bearer", in.Claims.Issuer, string(in.Claims.OpenID), string(in.Claims.AppID), string(in.Claims.AppID),
		in.Claims.IssuedAt.Unix(), in.Claims.ExpiresAt.Unix(), in.Claims.ID, string(in.Claims.UnionID),
	})
}

func inactiveReason(in login.Inspection) string {
	if in.Cause != nil {
		return in.Cause.Error()
	}
	return login.ErrNoSession.Error()
}

// revoke answers by RFC 7009, section 2.2: 200 for a token that ends and for one that was worth nothing, because either way the caller
// has what was asked for.
func (h *Handler) revoke(w http.ResponseWriter, r *http.Request, who, token string) error {
	reason := "revoked by a service"
	if who != "" {
		reason = "revoked by " + who
	}
	_, err := h.service.Revoke(r.Context(), token, reason)
	if e, refused := errors.AsType[*login.TokenError](err); refused {
		journal.From(r.Context()).Reason = redact.Clean(e.Error())
	} else if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	w.WriteHeader(http.StatusOK)
	return nil
}

// refuseService answers with the error in both forms.
func refuseService(w http.ResponseWriter, r *http.Request, err error) {
	code := "server_error"
	f := problemOf(err)
	if e, ok := errors.AsType[*oauthError](err); ok {
		code, f = e.code, newFailure(e.status, e.reason, e.title, e.detail)
	} else if f.Reason == reasonBadRequest {
		code = "invalid_request"
	} else if f.Reason == reasonTryLater {
		code = "temporarily_unavailable"
	}
	journal.From(r.Context()).Reason = redact.Clean(err.Error())
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", retryAfter(f.RetryAfter))
	}
	f.Type = problem.Type(f.Reason)
	body, err := json.Marshal(struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
		problem.Problem
	}{code, strings.Map(describable, f.Detail), f.Problem})
	if err != nil {
		panic("loginhttp: internal error: " + err.Error()) // strings and integers always encode
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	w.WriteHeader(f.Status)
	_, _ = w.Write(body) // a client that went away has nobody to tell
}

// describable keeps the characters that RFC 6749 allows in an error_description.
func describable(r rune) rune {
	if r < ' ' || r > '~' || r == '"' || r == '\\' {
		return '\''
	}
	return r
}

// Package loginhttp is the login API over HTTP: /onLogin, /decrypt, /phone, /session and /logout for the mini program, /introspect and
// /revoke for the developer's other services.
//
// Success is 200 (204 for /logout); every failure is another status with an application/problem+json body whose "reason"
// tells a mini program what to do: log in again, try later, or stop. wx.request calls success for every status, and its
// users branch on statusCode === 200. The map from error to answer is total and stands in [problemOf].
package loginhttp

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/problem"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// maxBody is in bytes. The largest open data, a month of steps, is 2 KiB; profiles with long texts stay under 10.
const maxBody = 64 << 10

// maxCode is in bytes. WeChat's codes are 32 characters, WeCom's 43; what is longer is somebody's mistake or attack.
const maxCode = 512

// Options of a [Handler].
type Options struct {
	// Introspection is the credential of the developer's other services for /introspect and /revoke. Without one there are no such
	// paths.
	Introspection redact.Secret
}

// Handler serves the login API of one service.
type Handler struct {
	service *login.Service
	routes  map[string]http.Handler // by path
}

// New returns the handler.
func New(service *login.Service, o Options) *Handler {
	h := &Handler{service: service, routes: make(map[string]http.Handler)}
	h.routes["/onLogin"] = route("/onLogin", h.onLogin, http.MethodGet, http.MethodPost)
	h.routes["/decrypt"] = route("/decrypt", h.decrypt, http.MethodPost)
	h.routes["/phone"] = route("/phone", h.phone, http.MethodPost)
	h.routes["/session"] = route("/session", h.session, http.MethodGet)
	h.routes["/logout"] = route("/logout", h.logout, http.MethodPost)
	if !o.Introspection.IsZero() {
		h.routes["/introspect"] = h.forServices("/introspect", newCredential(o.Introspection), h.introspect)
		h.routes["/revoke"] = h.forServices("/revoke", newCredential(o.Introspection), h.revoke)
	}
	return h
}

// Paths lists what [Handler] answers, for whoever puts it beside others.
func (h *Handler) Paths() []string { return slices.Sorted(maps.Keys(h.routes)) }

// PathsToWeChat lists those of them whose requests wait for WeChat and cost a call to it.
func PathsToWeChat() []string { return []string{"/onLogin", "/phone"} }

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handler, found := h.routes[r.URL.Path]
	if !found {
		http.NotFound(w, r)
		return
	}
	record := journal.From(r.Context())
	record.API, record.AppID = strings.TrimPrefix(r.URL.Path, "/"), redact.Untrusted(h.service.AppID)
	handler.ServeHTTP(w, r)
}

// route lets exactly these methods through to handle. ServeMux's own patterns would let HEAD through to a GET handler, and a HEAD
// of /onLogin would consume a code.
func route(path string, handle func(w http.ResponseWriter, r *http.Request) error, methods ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains(methods, r.Method) {
			w.Header().Set("Allow", strings.Join(methods, ", "))
			problem.Write(w, methodNotAllowed(r.Method, path, methods))
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		if err := handle(w, r); err != nil {
			fail(w, r, err)
		}
	})
}

// fail answers with the error's problem and notes the precise cause for the log.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	record := journal.From(r.Context())
	record.Reason = redact.Clean(err.Error())
	record.ErrCode = p.ErrCode
	if e, ok := errors.AsType[*login.TokenError](err); ok {
		record.Verdict = string(e.Verdict)
	}
	if p.Status == http.StatusUnauthorized && r.URL.Path != "/onLogin" {
		challenge := `Bearer realm="wxlogin"`
		if !errors.Is(err, errNoToken) { // RFC 6750, section 3.1: no error where no token was sent
			challenge += `, error="invalid_token"`
		}
		w.Header().Set("WWW-Authenticate", challenge)
	}
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", retryAfter(p.RetryAfter))
	}
	problem.Write(w, p.Problem)
}

func (h *Handler) onLogin(w http.ResponseWriter, r *http.Request) error {
	code, err := readCode(r)
	if err != nil {
		return err
	}
	issued, err := h.service.Login(r.Context(), code)
	if err != nil {
		return err
	}
	return answer(w, struct {
		Token     string `json:"token"`
		TokenType string `json:"token_type"`
		ExpiresIn int64  `json:"expires_in"` // seconds
	}{issued.Value.Reveal(), "Bearer", int64(issued.ExpiresIn / time.Second)})
}

func (h *Handler) decrypt(w http.ResponseWriter, r *http.Request) error {
	bearer, err := readBearer(r)
	if err != nil {
		return err
	}
	// What wx.* hands to success, as it is: members beside these four (errMsg, userInfo, cloudID …) are ignored.
	var in struct {
		EncryptedData string `json:"encryptedData"`
		IV            string `json:"iv"`
		RawData       string `json:"rawData"`
		Signature     string `json:"signature"`
	}
	if err := readJSON(r, &in); err != nil {
		return err
	}
	if in.EncryptedData == "" || in.IV == "" {
		return badRequest(`the body must be a JSON object with "encryptedData" and "iv"`)
	}
	data, err := h.service.Decrypt(r.Context(), bearer, opendata.Envelope(in))
	if err != nil {
		return err
	}
	return answer(w, struct {
		Kind opendata.Kind   `json:"kind"`
		Data json.RawMessage `json:"data"`
	}{data.Kind, data.JSON})
}

// phone takes e.detail of the button's event as it is; members beside the code are ignored.
func (h *Handler) phone(w http.ResponseWriter, r *http.Request) error {
	bearer, err := readBearer(r)
	if err != nil {
		return err
	}
	code, err := readCode(r)
	if err != nil && !errors.Is(err, login.ErrNoCode) {
		return err
	}
	number, err := h.service.Phone(r.Context(), bearer, code)
	if err != nil {
		return err
	}
	return answer(w, struct {
		PhoneNumber     string `json:"phone_number"` // with the country code in front only when that is not China's
		PurePhoneNumber string `json:"pure_phone_number"`
		CountryCode     string `json:"country_code"`
	}{number.Number.Reveal(), number.PureNumber.Reveal(), number.CountryCode})
}

func (h *Handler) session(w http.ResponseWriter, r *http.Request) error {
	bearer, err := readBearer(r)
	if err != nil {
		return err
	}
	status, err := h.service.Status(r.Context(), bearer)
	if err != nil {
		return err
	}
	return answer(w, struct {
		Active        bool      `json:"active"`
		ExpiresAt     time.Time `json:"expires_at"`
		KeyAgeSeconds int64     `json:"key_age_seconds"`
	}{true, status.ExpiresAt.UTC(), int64(status.KeyAge / time.Second)})
}

func (h *Handler) logout(w http.ResponseWriter, r *http.Request) error {
	bearer, err := readBearer(r)
	if err != nil {
		return err
	}
	if err := h.service.Logout(r.Context(), bearer); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// answer writes v as the JSON body of a 200.
func answer(w http.ResponseWriter, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(body) // a client that went away has nobody to tell
	return nil
}

// readCode takes the code from where wx.request puts it: the query of a GET (or, tolerated, of a POST), a form, or JSON.
func readCode(r *http.Request) (wechat.Code, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return "", badRequest("the query is not well-formed")
	}
	codes := query["code"]
	if r.Method == http.MethodPost {
		fromBody, err := codesInBody(r)
		if err != nil {
			return "", err
		}
		codes = append(codes, fromBody...)
	}
	switch {
	case len(codes) == 0 || len(codes) == 1 && codes[0] == "":
		return "", login.ErrNoCode
	case len(codes) > 1:
		return "", badRequest(`"code" is given more than once`)
	case len(codes[0]) > maxCode:
		return "", badRequest(`"code" is longer than any code of WeChat`)
	}
	return wechat.Code(codes[0]), nil
}

func codesInBody(r *http.Request) ([]string, error) {
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")) // what does not parse is tried as JSON
	if mediaType == "application/x-www-form-urlencoded" {
		body, err := readBody(r)
		if err != nil {
			return nil, err
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, badRequest("the form is not well-formed")
		}
		return form["code"], nil
	}
	var in struct {
		Code *string `json:"code"`
	}
	if err := readJSON(r, &in); err != nil || in.Code == nil {
		return nil, err
	}
	return []string{*in.Code}, nil
}

// readJSON decodes the body into v; an empty body leaves v as it is.
func readJSON(r *http.Request, v any) error {
	body, err := readBody(r)
	if err != nil || len(body) == 0 {
		return err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return badRequest("the body is not the JSON object that this endpoint takes")
	}
	return nil
}

func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, bodyError(err)
	}
	return body, nil
}

// readBearer takes the token from the Authorization header, and from nowhere else: queries end in logs.
func readBearer(r *http.Request) (string, error) {
	if len(r.Header.Values("Authorization")) > 1 { // a proxy in front may have looked at the other one
		return "", errNoToken
	}
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || value == "" {
		return "", errNoToken
	}
	return strings.TrimSpace(value), nil
}

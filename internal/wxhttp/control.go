package wxhttp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/problem"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// maxControlBody bounds the body of a control call, whose fields are a few names.
const maxControlBody = 64 << 10

// maxJournalledReason is in characters: two lines.
const maxJournalledReason = 200

// The reasons of the control API's problems.
const (
	reasonBadRequest  = "bad_request"
	reasonUnknownApp  = "unknown_app"
	reasonUnknownUser = "unknown_user"
	reasonConflict    = "conflict"
	reasonNotLoggedIn = "not_logged_in"
	reasonFull        = "world_full"
	reasonNotFound    = "not_found"
	reasonMethod      = "method_not_allowed"
	reasonTooLarge    = "too_large"
	reasonInternal    = "internal"
)

// requestError is a control call that cannot be understood. Its text is for the caller.
type requestError struct {
	status int
	reason string
	detail string
}

func (e *requestError) Error() string { return e.detail }

func badRequest(format string, args ...any) error {
	return &requestError{status: http.StatusBadRequest, reason: reasonBadRequest, detail: fmt.Sprintf(format, args...)}
}

// serveControl finds the route by path and method. State is never changed by GET: such routes have no GET.
func (h *handler) serveControl(w http.ResponseWriter, r *http.Request) {
	methods, found := h.control[r.URL.Path]
	if !found {
		problem.Write(w, problem.Problem{Status: http.StatusNotFound, Reason: reasonNotFound, Detail: "the control API has no such route"})
		return
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if serves, found := methods[method]; found {
		serves.serve(w, r)
		return
	}
	allowed := strings.Join(slices.Sorted(maps.Keys(methods)), ", ")
	w.Header().Set("Allow", allowed)
	problem.Write(w, problem.Problem{
		Status: http.StatusMethodNotAllowed, Reason: reasonMethod,
		Detail: fmt.Sprintf("%s takes %s, not %s", r.URL.Path, allowed, r.Method),
	})
}

// get serves a route that only reads and takes no parameters.
func get(answer func(*http.Request) (any, error)) endpoint {
	return endpoint{serve: func(w http.ResponseWriter, r *http.Request) {
		answered(w, r, answer)
	}}
}

// query serves a route that only reads, whose query has parameters that are the fields of T.
func query[T any](answer func(*http.Request, T) (any, error)) endpoint {
	return endpoint{in: reflect.TypeFor[T](), serve: func(w http.ResponseWriter, r *http.Request) {
		answered(w, r, func(r *http.Request) (any, error) {
			var in T
			if err := readQuery(r.URL.RawQuery, &in); err != nil {
				return nil, err
			}
			return answer(r, in)
		})
	}}
}

// post serves a route that takes a JSON object of the type T. No body at all is an empty object; its Content-Type does not
// matter, so that plain curl -d works.
func post[T any](answer func(*http.Request, T) (any, error)) endpoint {
	return endpoint{in: reflect.TypeFor[T](), serve: func(w http.ResponseWriter, r *http.Request) {
		answered(w, r, func(r *http.Request) (any, error) {
			var in T
			if err := readJSON(w, r, &in); err != nil {
				return nil, err
			}
			return answer(r, in)
		})
	}}
}

func answered(w http.ResponseWriter, r *http.Request, answer func(*http.Request) (any, error)) {
	out, err := answer(r)
	if err != nil {
		failed(w, r, err)
		return
	}
	writeJSON(w, out)
}

// failed answers with the error's problem and notes it for the log.
func failed(w http.ResponseWriter, r *http.Request, err error) {
	journal.From(r.Context()).Reason = redact.Shorten(err.Error(), maxJournalledReason)
	problem.Write(w, problemOf(err))
}

// readJSON reads one object and refuses what it does not know, so that a mistyped field is noticed.
func readJSON(w http.ResponseWriter, r *http.Request, into any) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxControlBody))
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &requestError{
			status: http.StatusRequestEntityTooLarge, reason: reasonTooLarge,
			detail: fmt.Sprintf("the body is larger than %d bytes", tooLarge.Limit),
		}
	}
	if err != nil {
		return badRequest("the body could not be read")
	}
	body = bytes.TrimSpace(body)
	switch {
	case len(body) == 0:
		return nil
	case body[0] != '{':
		return badRequest("the body is not a JSON object")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return badRequest("field %q is not a %s", e.Field, e.Type)
		}
		reason := strings.TrimPrefix(err.Error(), "json: ")
		if quoted, unknown := strings.CutPrefix(reason, "unknown field "); unknown {
			name, _ := strconv.Unquote(quoted)
			return badRequest("the body does not fit: unknown field %q", wechat.Shown(name, 80))
		}
		return badRequest("the body does not fit: %s", reason)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return badRequest("the body holds more than one JSON object")
	}
	return nil
}

// writeJSON answers with what the verb of the command line prints under --json, a line feed at its end.
func writeJSON(w http.ResponseWriter, out any) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(out); err != nil {
		problem.Write(w, problem.Problem{Status: http.StatusInternalServerError, Reason: reasonInternal})
		return
	}
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(body.Len()))
	header.Set("Cache-Control", "no-store")
	_, _ = w.Write(body.Bytes())
}

// problemOf maps the errors of the world and of reading a call.
func problemOf(err error) problem.Problem {
	p := problem.Problem{Status: http.StatusInternalServerError, Reason: reasonInternal}
	if e, ok := errors.AsType[*requestError](err); ok {
		return problem.Problem{Status: e.status, Reason: e.reason, Detail: e.detail}
	}
	if _, ok := errors.AsType[*world.UnknownAppError](err); ok {
		p.Status, p.Reason = http.StatusNotFound, reasonUnknownApp
	} else if _, ok := errors.AsType[*world.NotLoggedInError](err); ok {
		p.Status, p.Reason = http.StatusConflict, reasonNotLoggedIn
	} else if _, ok := errors.AsType[*wechat.ShapeError](err); ok {
		p.Status, p.Reason = http.StatusBadRequest, reasonBadRequest
	} else if _, ok := errors.AsType[*world.FaultError](err); ok {
		p.Status, p.Reason = http.StatusBadRequest, reasonBadRequest
	} else if _, ok := errors.AsType[*world.UnknownUserError](err); ok {
		p.Status, p.Reason = http.StatusNotFound, reasonUnknownUser
	} else if _, ok := errors.AsType[*world.ConflictError](err); ok {
		p.Status, p.Reason = http.StatusConflict, reasonConflict
	} else if errors.Is(err, world.ErrFull) || errors.Is(err, world.ErrTooManyApps) {
		p.Status, p.Reason = http.StatusInsufficientStorage, reasonFull
	} else {
		return p // an error that nobody expected may say anything
	}
	p.Detail = err.Error()
	return p
}

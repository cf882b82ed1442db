// Package wxhttp puts a simulated WeChat on HTTP: WeChat's own API under /sns/, /cgi-bin/ and /wxa/, byte for byte as WeChat
// answers, and the control API under /_mock/ that moves the simulation.
//
// The forms of WeChat's answers were taken from its documentation (developers.weixin.qq.com, read in November 2026) and from dumps
// in public reports; each golden file under testdata names its source, or says that the form is our choice.
//
// An endpoint with an access token checks, in this order: that there is one (41001), its shape (40014), whose it is and that it is the
// newest (40001), its age (42001), the method (43002), the body (44002 for none, 47001 for what is no JSON object or lacks a field).
// /cgi-bin/token reads the query alone, /cgi-bin/stable_token a JSON body alone. Errors of /sns/ join the rid by ", rid: ", all others by
// " rid: ".
package wxhttp

import (
	"context"
	"net/http"
	"strings"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/problem"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// MockHeader is set to "1" on every answer, so that nobody takes one for WeChat's.
const MockHeader = "X-Wxlogin-Mock"

// codeUnknownAPI is WeChat's errcode for a path that it does not know.
const codeUnknownAPI wechat.ErrCode = 40066

// Options are what a handler needs to know of its surroundings. The zero value will do.
type Options struct {
	URL string // where the simulation is reached, as /_mock/env tells it; "": where the caller found it

	// Journal, if not nil, is what /_mock/journal and /_mock/assert read. Whoever serves the handler writes it.
	Journal *journal.Journal

	CA Authority // what /_mock/ca tells; zero: there is none

	// Files, if not nil, sees to it that the files for clients are there, and returns the object that /_mock/files answers.
	Files func() (any, error)

	// OnChange, if not nil, is called after each change that others may have to follow. Its error is logged as the reason of
	// the call, which then fails with status 500 although the world has changed.
	OnChange func(context.Context, Change) error
}

// A Change is what the control API did to the world: the clock was moved, an app was reset or removed, or a user was removed.
type Change struct {
	Reset bool
	AppID wechat.AppID // of a reset; "": all apps, and the clock is back where it was at the beginning

	OpenID wechat.OpenID // of a user of AppID who was removed; empty for other changes
}

// handler answers for one world. It only reads its maps.
type handler struct {
	Options
	world   *world.World
	rids    ridLog
	apis    map[string]*api                // WeChat's, by path
	control map[string]map[string]endpoint // ours, by path and method
}

// New returns the handler of a simulated WeChat. It fills in the [journal.Record] of each call. Paths outside of its four
// roots are 404.
func New(w *world.World, options Options) http.Handler {
	h := &handler{Options: options, world: w}
	if h.OnChange == nil {
		h.OnChange = func(context.Context, Change) error { return nil }
	}
	if h.Journal == nil {
		h.Journal = journal.New(1) // stays empty
	}
	h.apis = make(map[string]*api)
	for _, a := range h.weChat() {
		h.apis[a.path] = &a
	}
	h.control = byPath(h.controlRoutes())
	return h
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(MockHeader, "1")
	path := r.URL.Path
	if host, found := wechat.HostOf(r.Host); found {
		h.serveHost(w, r, host)
		return
	}
	if a, found := h.apis[path]; found {
		h.dispatch(w, r, a)
		return
	}
	if strings.HasPrefix(path, "/_mock/") {
		h.serveControl(w, r)
		return
	}
	if f, found := familyOf(path); found {
		h.dispatch(w, r, &api{path: path, name: "unknown", family: f, serve: h.unknownAPI})
		return
	}
	problem.Write(w, problem.Problem{Status: http.StatusNotFound, Reason: "not_found", Detail: "the simulation has nothing at this path"})
}

// serveHost answers a call that was sent to one of WeChat's hosts. All paths are WeChat's there: there is no control API.
func (h *handler) serveHost(w http.ResponseWriter, r *http.Request, host string) {
	path := r.URL.Path
	a, found := h.apis[path]
	switch {
	case host == wechat.WeComHost:
		h.dispatch(w, r, &api{path: path, name: "unknown", family: familyAPI, serve: h.notSimulated(host + " is WeCom's, which is not simulated")})
		return
	case !found:
		f, known := familyOf(path)
		if !known { // /datacube/ and others
			f = familyAPI
		}
		a = &api{path: path, name: "unknown", family: f, serve: h.unknownAPI}
	}
	h.dispatch(w, r, a)
}

// unknownAPI is WeChat's answer for a path that it does not know, which is also our answer for what is not simulated: a client
// handles it as it would any refusal, and the journal tells which of the two it was not.
func (h *handler) unknownAPI(c *call) answer { return h.notSimulated("not simulated")(c) }

func (h *handler) notSimulated(reason string) func(*call) answer {
	return func(*call) answer { return answer{refusal: h.world.Refuse(codeUnknownAPI, "invalid url", reason)} }
}

// journalled is an appid for the journal: not more than anybody needs to recognise a mistaken one, and not a part of the
// query, which would keep the secret beside it in memory.
func journalled(id string) redact.Untrusted {
	const limit = 64 // bytes
	if wechat.ShapeOf(id).IsSecret() {
		return redact.Untrusted(wechat.Shown(id, limit))
	}
	return redact.Untrusted(strings.Clone(id[:min(len(id), limit)]))
}

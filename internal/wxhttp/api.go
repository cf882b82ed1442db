package wxhttp

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// An api is one endpoint of WeChat. To add one, write its file with a function of the form of [handler.jscode2session], or of
// [handler.checkSession] when it takes an access token ([handler.withToken]) and of [handler.getUserPhoneNumber] when it also takes a JSON
// body ([handler.withObject]); its golden answers, by a test like TestGetUserPhoneNumber; and its line in [handler.weChat].
type api struct {
	path   string
	name   string // what faults, the journal and assertions call it
	family family
	serve  func(c *call) answer
}

// weChat lists the endpoints that are simulated.
func (h *handler) weChat() []api {
	return []api{
		{"/sns/jscode2session", "jscode2session", familySNS, h.jscode2session},
		{"/cgi-bin/token", "token", familyAPI, h.token},
		{"/cgi-bin/stable_token", "stable_token", familyAPI, h.stableToken},
		{"/cgi-bin/openapi/rid/get", "rid/get", familyAPI, h.withObject(h.ridGet)},
		{"/wxa/checksession", "checksession", familyAPI, h.withToken(h.checkSession)},
		{"/wxa/resetusersessionkey", "resetusersessionkey", familyAPI, h.withToken(h.resetUserSessionKey)},
		{"/wxa/business/getuserphonenumber", "getuserphonenumber", familyAPI, h.withObject(h.getUserPhoneNumber)},
		{"/wxa/business/checkencryptedmsg", "checkencryptedmsg", familyAPI, h.withObject(h.checkEncryptedMsg)},
	}
}

// A family is a root of WeChat's API. WeChat's front ends differ by it.
type family int

const (
	familySNS family = iota // /sns/
	familyAPI               // /cgi-bin/ and /wxa/
)

// contentType is what WeChat sends; "encoding" is no slip of ours: WeChat does not say charset.
func (f family) contentType() string {
	if f == familySNS {
		return "text/plain"
	}
	return "application/json; encoding=utf-8"
}

// ridSeparator stands between errmsg and request id.
func (f family) ridSeparator() string {
	if f == familySNS {
		return ", rid: "
	}
	return " rid: "
}

// A call is one request to an endpoint.
type call struct {
	h      *handler
	api    *api
	r      *http.Request
	record *journal.Record
	caller wechat.AppID // whose access token it carries; empty without a valid one
}

// parameter returns a parameter of the query, the only place where WeChat reads one.
func (c *call) parameter(name string) string { return parameter(c.r.URL.RawQuery, name) }

// An answer is what WeChat says: a body as it goes over the wire, or a refusal.
type answer struct {
	body    []byte
	refusal *world.Refusal
	effects []world.Hit // of a magic code; mostly none
}

// dispatch lets the endpoint answer, notes what became of the call, and puts the answer on the wire.
func (h *handler) dispatch(w http.ResponseWriter, r *http.Request, a *api) {
	c := &call{h: h, api: a, r: r, record: journal.From(r.Context())}
	c.record.API, c.record.Mock = a.name, true
	if who, hits := h.faults(c); hits != nil {
		h.spoil(w, c, who, hits)
		return
	}
	out := a.serve(c)
	if out.effects != nil {
		h.spoilAnswer(w, c, out)
		return
	}
	c.settle(&out)
	write(w, a.family.contentType(), out.body)
}

// settle notes what became of the call, and writes a refusal out.
func (c *call) settle(out *answer) {
	if out.refusal != nil {
		c.record.ErrCode, c.record.User, c.record.Reason = int(out.refusal.Code), out.refusal.User, out.refusal.Reason
		out.body = errorBody(c.api.family, out.refusal)
		c.h.noteRID(c, out.refusal, out.body)
	}
}

// errorBody is a refusal as WeChat writes it. The message is one of ours and needs no escapes.
func errorBody(f family, refusal *world.Refusal) []byte {
	body := make([]byte, 0, 128)
	body = append(body, `{"errcode":`...)
	body = strconv.AppendInt(body, int64(refusal.Code), 10)
	body = append(body, `,"errmsg":"`...)
	body = append(body, refusal.Message...)
	body = append(body, f.ridSeparator()...)
	body = append(body, refusal.RID...)
	return append(body, `"}`...)
}

// familyOf returns the family of a path under WeChat's roots.
func familyOf(path string) (family, bool) {
	switch {
	case strings.HasPrefix(path, "/sns/"):
		return familySNS, true
	case strings.HasPrefix(path, "/cgi-bin/"), strings.HasPrefix(path, "/wxa/"):
		return familyAPI, true
	}
	return 0, false
}

// write sends a body as WeChat does, without a line feed at its end.
func write(w http.ResponseWriter, contentType string, body []byte) {
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // a client that is gone needs no answer
}

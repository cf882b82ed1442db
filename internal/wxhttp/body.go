package wxhttp

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// maxBody is in bytes. WeChat names no limit for these endpoints; their bodies have some 200.
const maxBody = 64 << 10

// An object is a JSON body. Names are compared exactly, as WeChat does; of two that are the same the last counts.
type object map[string]json.RawMessage

// text returns a field; given is false when there is none, or null, and ok is false when it is not a string.
func (o object) text(name string) (text string, given, ok bool) {
	raw, given := o[name]
	if !given || string(raw) == "null" {
		return "", false, true
	}
	return text, true, json.Unmarshal(raw, &text) == nil
}

// requirePost refuses all other methods. For endpoints with an access token the token is checked before, as seen in the wild.
func (h *handler) requirePost(c *call) *world.Refusal {
	if c.r.Method == http.MethodPost {
		return nil
	}
	return h.world.Refuse(wechat.CodeNotPost, "require POST method", "called by "+journalledMethod(c.r.Method))
}

// journalledMethod is a method for the journal: a client can send any word of any length.
func journalledMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "a method other than POST"
}

// readBody returns the body up to maxBody; tooLong says that there is more, or that it could not be read.
func (c *call) readBody() (body []byte, tooLong bool) {
	body, err := io.ReadAll(io.LimitReader(c.r.Body, maxBody+1))
	return body, err != nil || len(body) > maxBody
}

// readObject reads the JSON body of a call. Its Content-Type does not matter.
func (h *handler) readObject(c *call) (object, *world.Refusal) {
	if refusal := h.requirePost(c); refusal != nil {
		return nil, refusal
	}
	body, tooLong := c.readBody()
	if tooLong {
		return nil, h.badBody(fmt.Sprintf("body longer than %d bytes, or cut", maxBody))
	}
	if len(body) == 0 {
		return nil, h.world.Refuse(wechat.CodeEmptyBody, "empty post data", "no body")
	}
	var o object
	if err := json.Unmarshal(body, &o); err != nil || o == nil {
		return nil, h.badBody(c.notObject(body))
	}
	return o, nil
}

// textField returns a field that a call must have.
func (h *handler) textField(o object, name string) (string, *world.Refusal) {
	text, given, ok := o.text(name)
	switch {
	case !given:
		return "", h.badBody("no " + name + " in the JSON body")
	case !ok:
		return "", h.badBody(name + " is not a string")
	}
	return text, nil
}

func (h *handler) badBody(reason string) *world.Refusal {
	return h.world.Refuse(wechat.CodeBodyFormat, "data format error", reason)
}

// notObject says what a body is in place of a JSON object.
func (c *call) notObject(body []byte) string {
	kind, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	switch {
	case json.Valid(body):
		return "body is JSON and no object"
	case kind == "application/x-www-form-urlencoded" || kind == "multipart/form-data":
		return "body is a form and not JSON"
	}
	return "body is not JSON"
}

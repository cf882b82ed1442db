package wxapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/wxlogin/wxlogin/internal/redact"
)

// A call is one request to the API and what in it must not be seen.
type call struct {
	method string
	path   string // "/sns/jscode2session"
	query  []param
	body   []param // members of a JSON object; nil for no body
	code   bool    // it carries a code that works once
}

// A param is a parameter in the query, or a member of the body.
type param struct {
	name, value string
	kind        paramKind
}

type paramKind int

const (
	plain   paramKind = iota
	code              // works once: shown to who gave it, and masked in traces
	secret            // never shown
	literal           // of JSON: true, false; plain otherwise
)

// secrets returns the values that must not be seen.
func (c call) secrets() []string {
	var found []string
	for _, p := range slices.Concat(c.query, c.body) {
		if p.kind == secret || p.kind == code {
			found = append(found, p.value)
		}
	}
	return found
}

// encodeQuery writes the parameters in their order, each escaped: whatever is in a value, it stays one parameter.
func (c call) encodeQuery() string {
	var b strings.Builder
	for _, p := range c.query {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(p.name) + "=" + url.QueryEscape(p.value))
	}
	return b.String()
}

// encodeBody writes the body; nil when there is none.
func (c call) encodeBody() []byte {
	if c.body == nil {
		return nil
	}
	return encodeObject(c.body)
}

func encodeObject(members []param) []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, p := range members {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Quote(p.name) + ":")
		if p.kind == literal {
			b.WriteString(p.value)
			continue
		}
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(p.value) // a string always encodes
		b.Truncate(b.Len() - 1)     // the line feed
	}
	b.WriteByte('}')
	return b.Bytes()
}

// A Request is what a call sends, for people to read before it is sent. Secrets are masked.
type Request struct {
	Method string
	URL    string // without the query
	Query  []Param
	Body   []Param // members of the JSON object; nil for no body
}

// A Param is a parameter of a [Request].
type Param struct {
	Name, Value string
	Secret      bool // Value is the mask
	Literal     bool // in JSON: true or false, not a text
}

// describe returns the call as a [Request].
func (c *Client) describe(call call) Request {
	u := *c.base
	u.Path += call.path
	show := func(params []param) []Param {
		var shown []Param
		for _, p := range params {
			out := Param{Name: p.name, Value: p.value, Literal: p.kind == literal}
			if p.kind == secret {
				out.Value, out.Secret = redact.Mask, true
			}
			shown = append(shown, out)
		}
		return shown
	}
	return Request{Method: call.method, URL: u.Scheme + "://" + u.Host + u.EscapedPath(), Query: show(call.query), Body: show(call.body)}
}

func get(path string, query ...param) call {
	return call{method: http.MethodGet, path: path, query: query}
}

package wxapi

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// maxTrace is in bytes of a body. WeChat's answers are shorter; what is longer is a page.
const maxTrace = 4 << 10

// A Trace is a request and its answer as people may see them. What is secret was masked in three places, by the name of the
// parameter, of the header and of the JSON field, and then wherever else one of those values stands.
type Trace struct {
	Method string
	URL    string // with the query
	Header http.Header
	Body   string // JSON; empty for none

	Status       int // 0: no answer
	AnswerHeader http.Header
	AnswerBody   string
	ErrCode      *wechat.ErrCode // 0 for a success; nil where the answer is not WeChat's
	Date         time.Time       // of the answer's header; zero without one
	Duration     time.Duration
	Err          error // a [*TransportError]; nil for an answer
}

// report tells c.trace, if there is one, what came of a request.
func (c *Client) report(call call, a answer, took time.Duration, failed *TransportError) {
	if c.trace == nil {
		return
	}
	t := Trace{Method: call.method, Duration: took, Status: a.status}
	if failed != nil {
		t.Err = failed
	}
	t.Date, _ = http.ParseTime(a.header.Get("Date"))
	body, hidden := maskJSON(a.body)
	m := newMask(append(hidden, call.secrets()...)...)
	t.URL, t.Body = c.shownURL(call), string(shownBody(call))
	t.Header = requestHeader()
	if t.Body != "" {
		t.Header.Set("Content-Type", "application/json")
	}
	t.AnswerHeader = m.header(a.header)
	if failed == nil {
		t.AnswerBody = m.text(shownAnswer(a, body))
		t.ErrCode = a.errCode()
	}
	c.trace(t)
}

func (c *Client) shownURL(call call) string {
	request := c.describe(call)
	var b strings.Builder
	b.WriteString(request.URL)
	for i, p := range call.query {
		b.WriteByte("?&"[min(i, 1)])
		b.WriteString(url.QueryEscape(p.name) + "=")
		if p.kind == secret || p.kind == code {
			b.WriteString(redact.Mask)
			continue
		}
		b.WriteString(url.QueryEscape(p.value))
	}
	return b.String()
}

func shownBody(c call) []byte {
	if c.body == nil {
		return nil
	}
	masked := slices.Clone(c.body)
	for i, p := range masked {
		if p.kind == secret || p.kind == code {
			masked[i].value, masked[i].kind = redact.Mask, plain
		}
	}
	return encodeObject(masked)
}

// shownAnswer returns the masked JSON or the start of a page. JSON that does not parse may hold a key anywhere.
func shownAnswer(a answer, masked []byte) string {
	switch {
	case a.garbled:
		return "(does not unpack)"
	case masked != nil:
		return redact.Shorten(string(masked), maxTrace)
	case len(bytes.TrimSpace(a.body)) == 0:
		return ""
	}
	if text := snippet(a.body, a.mask); text != "" {
		return text.String()
	}
	return "(not shown)"
}

// errCode returns the errcode of WeChat's answer, 0 for a success.
func (a answer) errCode() *wechat.ErrCode {
	var none wechat.ErrCode
	object, reason := parseObject(a.body)
	if !reason.IsZero() || a.garbled {
		return nil
	}
	refusal, reason := parseRefusal(object, a.mask)
	switch {
	case !reason.IsZero():
		return nil
	case refusal != nil:
		return &refusal.Code
	}
	return &none
}

// maskJSON returns a JSON object with the values masked that its field names call secret, and those values; nil for what is no
// JSON object.
func maskJSON(body []byte) (masked []byte, hidden []string) {
	object, reason := parseObject(body)
	if !reason.IsZero() {
		return nil, nil
	}
	var fields map[string]any
	decoder := json.NewDecoder(bytes.NewReader(object))
	decoder.UseNumber()
	if decoder.Decode(&fields) != nil {
		return nil, nil
	}
	hide(fields, &hidden)
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(fields) != nil {
		return nil, hidden
	}
	return bytes.TrimSpace(b.Bytes()), hidden
}

// hide masks below value, which it changes, and collects what it masked.
func hide(value any, hidden *[]string) {
	switch v := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if isSecretName(name) {
				if text, isText := v[name].(string); isText {
					*hidden = append(*hidden, text)
				}
				v[name] = redact.Mask
				continue
			}
			hide(v[name], hidden)
		}
	case []any:
		for _, item := range v {
			hide(item, hidden)
		}
	}
}

// isSecretName reports whether a JSON field or a header of this name holds what must not be seen.
func isSecretName(name string) bool {
	name = strings.ToLower(name)
	switch name {
	case "authorization", "proxy-authorization", "cookie", "set-cookie", "encrypteddata", "phonenumber", "purephonenumber", "signature":
		return true
	}
	return strings.Contains(name, "token") || strings.Contains(name, "key") || strings.Contains(name, "secret")
}

// header returns a copy of h without secrets.
func (m mask) header(h http.Header) http.Header {
	shown := make(http.Header, len(h))
	for name, values := range h {
		for _, value := range values {
			if isSecretName(name) {
				value = redact.Mask
			}
			shown.Add(m.text(name), m.text(value))
		}
	}
	return shown
}

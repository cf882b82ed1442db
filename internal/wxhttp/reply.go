package wxhttp

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/wxlogin/wxlogin/internal/world"
)

// A reply is what goes over the wire, which effects spoil.
type reply struct {
	status      int
	contentType string
	encoding    string // Content-Encoding; mostly none
	body        []byte

	pause time.Duration // before each byte
	half  bool          // send half of it, then cut the connection
	lost  bool          // cut the connection instead
}

// portalPage is what a captive portal shows to everybody who is not logged in to its network.
const portalPage = `<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>Welcome</title></head>
<body><h1>Welcome to this network</h1><p>Please log in to go on.</p></body></html>
`

// gatewayReply is the page of nginx, which stands before many an API; what WeChat's gateways send was not published.
func gatewayReply(status int) reply {
	title := strconv.Itoa(status)
	if text := http.StatusText(status); text != "" {
		title += " " + text
	}
	page := fmt.Sprintf("<html>\r\n<head><title>%s</title></head>\r\n<body>\r\n<center><h1>%s</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n", title, title)
	return reply{status: status, contentType: "text/html", body: []byte(page)}
}

// spoil has the effects on how the reply is sent.
func (r *reply) spoil(e world.Effect) {
	switch e.Kind {
	case world.EffectConsume:
		*r = gatewayReply(e.Status)
	case world.EffectConsumeDrop:
		r.lost = true
	case world.EffectTruncated:
		r.half = true
	case world.EffectTrickle:
		r.pause = e.Pause
	case world.EffectBadJSON:
		r.body = append([]byte("{"), bytes.TrimPrefix(r.body, []byte("{"))...) // not in the endpoint's array
		r.body = r.body[:max(1, len(r.body)-2)]
	case world.EffectGzipGarbage:
		r.encoding = "gzip"
		// A header of gzip and a block of a type that does not exist.
		r.body = append([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff}, r.body...)
	}
}

// send replies, or cuts the connection.
func (s *spoiler) send() {
	r := &s.reply
	if r.lost {
		cut()
	}
	header := s.w.Header()
	header.Set("Content-Type", r.contentType)
	if r.encoding != "" {
		header.Set("Content-Encoding", r.encoding)
	}
	if r.status != http.StatusNoContent && r.status != http.StatusNotModified {
		header.Set("Content-Length", strconv.Itoa(len(r.body)))
	}
	s.w.WriteHeader(r.status)
	switch {
	case r.half:
		s.write(r.body[:len(r.body)/2])
		_ = http.NewResponseController(s.w).Flush()
		cut()
	default:
		s.write(r.body)
	}
}

// write writes the body, byte by byte if it is to trickle. A client that is gone needs no answer.
func (s *spoiler) write(body []byte) {
	if s.reply.pause == 0 {
		_, _ = s.w.Write(body)
		return
	}
	controller := http.NewResponseController(s.w)
	for i := range body {
		s.wait(s.reply.pause)
		if _, err := s.w.Write(body[i : i+1]); err != nil {
			return
		}
		_ = controller.Flush()
	}
}

// wait waits in the machine's time, not the world's: the client measures it with a timeout of its own, which the movable clock
// does not move. It does not return when the client goes away.
func (s *spoiler) wait(d time.Duration) {
	s.noDeadlines()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.c.r.Context().Done():
		cut()
	}
}

// hang waits until the client goes away or the server closes the connection, which a stop does after five seconds.
func (s *spoiler) hang() {
	_, _ = io.Copy(io.Discard, io.LimitReader(s.c.r.Body, maxPeek)) // net/http notices a client that goes away only after the body
	s.noDeadlines()
	<-s.c.r.Context().Done()
	cut()
}

// noDeadlines lifts the limits that the server puts on ordinary calls. net/http sets them anew for the next one.
func (s *spoiler) noDeadlines() {
	controller := http.NewResponseController(s.w)
	_ = controller.SetReadDeadline(time.Time{}) // not every connection has any
	_ = controller.SetWriteDeadline(time.Time{})
}

// cut ends the connection without more of an answer; over HTTP/2, the stream.
func cut() { panic(http.ErrAbortHandler) }

// reset ends the connection with RST where it is TCP and can be had; otherwise as [cut] does.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		cut() // HTTP/2
	}
	inner := conn
	if over, is := conn.(*tls.Conn); is {
		inner = over.NetConn()
	}
	if tcp, is := inner.(interface{ SetLinger(seconds int) error }); is {
		_ = tcp.SetLinger(0) // close now means RST
	}
	_ = inner.Close()
	cut()
}

// A member of a JSON object, its value as it was written.
type member struct {
	name  string
	value json.RawMessage
}

// edited has the effects on what an answer says. What is no JSON object stays as it is.
func edited(body []byte, kind world.EffectKind) []byte {
	switch kind {
	case world.EffectErrCode0, world.EffectStringCode, world.EffectExtraFields, world.EffectNullUnionID, world.EffectNoUnionID:
	default:
		return body
	}
	members, ok := membersOf(body)
	if !ok {
		return body
	}
	find := func(name string) int { return slices.IndexFunc(members, func(m member) bool { return m.name == name }) }
	errCode, unionID := find("errcode"), find("unionid")
	switch kind {
	case world.EffectErrCode0:
		if errCode < 0 {
			members = append(members, member{"errcode", json.RawMessage("0")}, member{"errmsg", json.RawMessage(`"ok"`)})
		}
	case world.EffectStringCode:
		if errCode < 0 {
			members = append(members, member{"errcode", json.RawMessage(`"0"`)})
		} else if value := members[errCode].value; value[0] != '"' {
			members[errCode].value = json.RawMessage(strconv.Quote(string(value)))
		}
	case world.EffectExtraFields:
		// The first was there in 2016 and 2017.
		members = append(members, member{"expires_in", json.RawMessage("7200")},
			member{"wxlogin_extra", json.RawMessage(`{"text":"\u65b0<>&\/","list":[1,2.5,-1e3,true,null,[]],"empty":{}}`)})
	case world.EffectNullUnionID:
		switch {
		case unionID >= 0:
			members[unionID].value = json.RawMessage("null")
		case find("openid") >= 0:
			members = append(members, member{"unionid", json.RawMessage("null")})
		}
	case world.EffectNoUnionID:
		if unionID >= 0 {
			members = slices.Delete(members, unionID, unionID+1)
		}
	}
	return objectOf(members)
}

// membersOf reads a JSON object; ok is false for anything else. Its members keep their order and their bytes.
func membersOf(body []byte) (members []member, ok bool) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil, false
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, false
		}
		text, isText := name.(string)
		m := member{name: text}
		if err := decoder.Decode(&m.value); err != nil || !isText {
			return nil, false
		}
		members = append(members, m)
	}
	_, err := decoder.Token()
	return members, err == nil
}

// objectOf writes an object as WeChat does. The names are plain.
func objectOf(members []member) []byte {
	body := []byte{'{'}
	for i, m := range members {
		if i > 0 {
			body = append(body, ',')
		}
		body = strconv.AppendQuote(body, m.name)
		body = append(body, ':')
		body = append(body, m.value...)
	}
	return append(body, '}')
}

package wxhttp

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"slices"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// maxPeek is how much of a body is looked at for a fault's sake, in bytes; the bodies that WeChat reads are much shorter.
const maxPeek = 64 << 10

// faults finds the effects on a call, and whose call it is. In a world without faults that is one look.
func (h *handler) faults(c *call) (who world.FaultCall, hits []world.Hit) {
	if h.world.Faulty() {
		who = h.who(c)
		hits = h.world.Match(who)
	}
	return who, hits
}

// who finds out whose call it is, without doing anything that the endpoint does. WeChat's endpoints agree on the names of their
// parameters, so that one look serves all of them.
func (h *handler) who(c *call) world.FaultCall {
	var body struct {
		AppID  string `json:"appid"`
		Code   string `json:"code"`
		OpenID string `json:"openid"`
	}
	if c.r.Method == http.MethodPost {
		peeked, err := io.ReadAll(io.LimitReader(c.r.Body, maxPeek))
		rest := io.Reader(c.r.Body)
		if err != nil {
			rest = failing{err}
		}
		c.r.Body = readCloser{io.MultiReader(bytes.NewReader(peeked), rest), c.r.Body}
		_ = json.Unmarshal(peeked, &body) // what is no JSON says nothing
	}
	first := func(parameter, field string) string {
		if value := c.parameter(parameter); value != "" {
			return value
		}
		return field
	}
	who := world.FaultCall{
		API: c.api.name, AppID: wechat.AppID(first("appid", body.AppID)),
		Code: wechat.Code(first("js_code", body.Code)), OpenID: wechat.OpenID(first("openid", body.OpenID)),
	}
	if token := c.parameter("access_token"); token != "" {
		who.AppID = h.world.AppOfToken(token)
	}
	return who
}

type readCloser struct {
	io.Reader
	io.Closer
}

// failing is what is left of a body that could not be read.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// A spoiler has the effects that a call is to have.
type spoiler struct {
	h     *handler
	w     http.ResponseWriter
	c     *call
	who   world.FaultCall
	noted string // which effects there are, for the journal
	reply reply
}

// spoil is [handler.dispatch] for a call that faults have effects on: first those that come before the endpoint, then the endpoint,
// unless one of them took its place, then those that come after it.
func (h *handler) spoil(w http.ResponseWriter, c *call, who world.FaultCall, hits []world.Hit) {
	s := &spoiler{h: h, w: w, c: c, who: who}
	s.who.User = h.world.UserOf(s.who)
	c.record.AppID, c.record.User = journalled(string(s.who.AppID)), redact.Shorten(s.who.User, maxJournalledUser)
	s.note(hits)
	s.act(hits, world.Effect.Precedes)
	if !s.precede(hits) {
		c.record.Reason = "" // an endpoint that has nothing to say leaves it alone
		served := c.api.serve(c)
		s.take(served)
		hits = append(hits, served.effects...)
	}
	s.follow(hits)
}

// spoilAnswer is what comes after an endpoint whose answer itself says what is to become of it: that of a magic code.
func (h *handler) spoilAnswer(w http.ResponseWriter, c *call, out answer) {
	s := &spoiler{h: h, w: w, c: c}
	s.take(out)
	s.follow(out.effects)
}

// take makes a reply of an endpoint's answer, and has the effects of a magic code that precede it.
func (s *spoiler) take(out answer) {
	user := s.c.record.User
	s.c.settle(&out)
	s.c.record.Reason = joined(s.noted, s.c.record.Reason)
	if s.c.record.User == "" {
		s.c.record.User = user
	}
	s.reply = reply{status: http.StatusOK, contentType: s.c.api.family.contentType(), body: out.body}
	s.note(out.effects)
	s.precede(out.effects)
}

// note tells the journal which effects the call has.
func (s *spoiler) note(hits []world.Hit) {
	for _, hit := range hits {
		s.noted = joined(s.noted, hit.String())
		s.c.record.Reason = joined(s.c.record.Reason, hit.String())
	}
}

func joined(first, second string) string {
	if first == "" || second == "" {
		return first + second
	}
	return first + "; " + second
}

// act has the effects on the world that come at this point.
func (s *spoiler) act(hits []world.Hit, now func(world.Effect) bool) {
	user := s.who.User
	if user == "" {
		user = s.c.record.User
	}
	for _, hit := range hits {
		if !now(hit.Effect) {
			continue
		}
		if missed := s.h.world.Act(hit.Effect, s.who.AppID, user); missed != "" {
			s.c.record.Reason = joined(s.c.record.Reason, missed)
		}
	}
}

// precede waits as long as the effects say, and reports whether one of them takes the place of the endpoint. It does not return when
// there is to be no answer.
func (s *spoiler) precede(hits []world.Hit) (replaced bool) {
	for _, hit := range hits {
		switch hit.Effect.Kind {
		case world.EffectDelay:
			s.wait(hit.Effect.Pause)
		case world.EffectHang:
			s.hang()
		}
	}
	return slices.ContainsFunc(hits, s.instead)
}

// instead makes the reply that an effect gives in place of the endpoint's, if it is one of those.
func (s *spoiler) instead(hit world.Hit) bool {
	e := hit.Effect
	switch e.Kind {
	case world.EffectReset:
		reset(s.w)
	case world.EffectErrCode:
		s.refuse(e.Code)
	case world.EffectIPNotAllowed:
		s.refuse(wechat.CodeIPNotListed)
	case world.EffectStatus:
		s.reply = gatewayReply(e.Status)
	case world.EffectHTML:
		s.reply = reply{status: http.StatusOK, contentType: "text/html; charset=utf-8", body: []byte(portalPage)}
	case world.EffectEmpty:
		s.reply = reply{status: http.StatusOK, contentType: s.c.api.family.contentType()}
	default:
		return false
	}
	return true
}

// refuse replies with an errcode. The note on the fault is the reason.
func (s *spoiler) refuse(code wechat.ErrCode) {
	peer, _ := netip.ParseAddrPort(s.c.r.RemoteAddr)
	refusal := s.h.world.RefuseWith(code, peer, "")
	refusal.User = s.c.record.User
	s.take(answer{refusal: refusal})
}

// follow has the effects that come after the endpoint, and replies.
func (s *spoiler) follow(hits []world.Hit) {
	s.act(hits, world.Effect.Follows)
	for _, hit := range hits { // what is in the body first, then how it is sent
		s.reply.body = edited(s.reply.body, hit.Effect.Kind)
	}
	for _, hit := range hits {
		s.reply.spoil(hit.Effect)
	}
	s.send()
}

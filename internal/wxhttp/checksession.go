package wxhttp

import (
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// success is the whole answer of an endpoint that has nothing to tell.
const success = `{"errcode":0,"errmsg":"ok"}`

// checkSession is checkSessionKey. WeChat documents GET; that the query is read whatever the method is our choice.
func (h *handler) checkSession(c *call, caller world.Caller) answer {
	user, refusal := caller.CheckSession(c.sessionCheck())
	if refusal != nil {
		return answer{refusal: refusal}
	}
	c.record.User = user
	return answer{body: []byte(success)}
}

// sessionCheck reads the parameters of checksession and its siblings. A body is read only to find out whether it was signed.
func (c *call) sessionCheck() world.SessionCheck {
	body, _ := c.readBody()
	query := c.r.URL.RawQuery
	return world.SessionCheck{
		OpenID: wechat.OpenID(c.parameter("openid")), Signature: c.parameter("signature"), SigMethod: c.parameter("sig_method"),
		Sent: []world.SentText{
			{What: "the body", Text: string(body)},
			{What: "the path", Text: c.r.URL.Path},
			{What: "the path and the query", Text: c.r.URL.Path + "?" + query},
			{What: "the query", Text: query},
			{What: "the address without the query", Text: wechat.APIBase + c.r.URL.Path},
			{What: "the address without the query", Text: "http://" + c.r.Host + c.r.URL.Path},
			{What: "the access_token", Text: c.parameter("access_token")},
		},
	}
}

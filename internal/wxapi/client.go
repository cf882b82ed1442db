// Package wxapi is the client of WeChat's server API. It sends every call at most once: a call is repeated only when no byte of
// it can have left this machine, or when WeChat itself asked for that (errcode -1, once).
//
// It follows the documentation of code2Session (developers.weixin.qq.com/miniprogram/dev/server/API/user-login, read in
// November 2026) and, where published answers differ from it, the answers. It knows the errcodes only as far as it acts on them.
package wxapi

import (
	"cmp"
	"net/http"
	"net/url"
	"time"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// defaultTimeout is generous: WeChat mostly answers within 200 ms, and a mini program gives up after 60 s.
const defaultTimeout = 10 * time.Second

// Options configure a [Client].
type Options struct {
	// Base is the address of the API, to which paths such as /sns/jscode2session are appended; "" is [wechat.APIBase].
	// It is https, or http on a loopback address, and may have a path.
	Base string

	AppID  wechat.AppID
	Secret wechat.AppSecret

	// HTTP carries the calls; nil is a transport of our own, which verifies certificates and follows the proxy variables of the
	// environment. Another one must not follow redirects or repeat requests: WeChat takes the secret in the URL. Calls over it
	// count as sent as soon as they have a connection.
	HTTP http.RoundTripper

	// Trace is told of every request that was sent, or was meant to be, when its answer is there; nil: nobody is. Calls come from
	// the goroutines that make them.
	Trace func(Trace)

	// Timeout bounds a call from its start to the last byte of the answer, repetitions included; 0 is 10 s.
	Timeout time.Duration
}

// A Client calls WeChat for one app. It is safe for concurrent use.
type Client struct {
	base    *url.URL
	origin  wechat.Origin
	appID   wechat.AppID
	secret  wechat.AppSecret
	http    http.RoundTripper
	own     *http.Transport // nil when the caller gave a RoundTripper
	timeout time.Duration
	trace   func(Trace)
}

// New returns a client. The error is a [*BaseError]. Nothing is sent: appid and secret are WeChat's to judge.
func New(o Options) (*Client, error) {
	base, err := parseBase(cmp.Or(o.Base, wechat.APIBase))
	if err != nil {
		return nil, err
	}
	c := &Client{
		base: base, origin: originOf(base), appID: o.AppID, secret: o.Secret,
		http: o.HTTP, timeout: cmp.Or(o.Timeout, defaultTimeout), trace: o.Trace,
	}
	if c.http == nil {
		c.own = newTransport()
		c.http = c.own
	}
	return c, nil
}

// Origin returns where the sessions of this client come from.
func (c *Client) Origin() wechat.Origin { return c.origin }

// Close closes the idle connections of the client's own transport. The client stays usable.
func (c *Client) Close() {
	if c.own != nil {
		c.own.CloseIdleConnections()
	}
}

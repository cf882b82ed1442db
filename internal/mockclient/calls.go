package mockclient

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// Who says whose phone does something. Empty fields mean the simulation's default user and default app.
type Who struct {
	User  string       `json:"user,omitempty"`
	AppID wechat.AppID `json:"appid,omitempty"`
}

// A Login is what wx.login gives.
type Login struct {
	Raw       json.RawMessage `json:"-"` // the whole answer
	Code      wechat.Code     `json:"code"`
	ErrMsg    string          `json:"errMsg"`
	User      string          `json:"user"`
	AppID     wechat.AppID    `json:"appid"`
	ExpiresAt time.Time       `json:"expires_at"`
}

// OpenData is what a function of wx.* hands to success. Fields that the function does not have are empty.
type OpenData struct {
	Raw           json.RawMessage `json:"-"` // the whole answer, in WeChat's order
	ErrMsg        string          `json:"errMsg"`
	Code          wechat.Code     `json:"code"`      // of phone: what getuserphonenumber takes
	RawData       string          `json:"rawData"`   // of userinfo
	Signature     string          `json:"signature"` // of userinfo
	EncryptedData string          `json:"encryptedData"`
	IV            string          `json:"iv"`
	CloudID       string          `json:"cloudID"`
}

// A Clock is the time in the simulation.
type Clock struct {
	Raw           json.RawMessage `json:"-"`
	Now           time.Time       `json:"now"`
	Offset        string          `json:"offset"`
	OffsetSeconds int64           `json:"offset_seconds"`
	Frozen        bool            `json:"frozen"` // the clock stands still
}

// A Reset says what was put back to its initial state.
type Reset struct {
	Raw   json.RawMessage `json:"-"`
	Reset bool            `json:"reset"`
	AppID wechat.AppID    `json:"appid"` // empty: the whole simulation
}

// Env is how a program finds the simulation.
type Env struct {
	Raw    json.RawMessage  `json:"-"`
	URL    string           `json:"url"`
	AppID  wechat.AppID     `json:"appid"`
	Secret wechat.AppSecret `json:"secret"` // empty unless it is the public one of the demo app, or invented
	Mock   bool             `json:"mock"`
}

// Login is wx.login.
func (c *Client) Login(ctx context.Context, who Who) (Login, error) {
	var out Login
	var err error
	out.Raw, err = c.call(ctx, http.MethodPost, "/_mock/login", who, &out)
	return out, err
}

// Userinfo is wx.getUserInfo. Like its siblings it fails with a [*problem.Problem] of the reason not_logged_in when the user never
// logged in.
func (c *Client) Userinfo(ctx context.Context, who Who) (OpenData, error) {
	return c.openData(ctx, "/_mock/userinfo", who)
}

// Phone is a tap on the getPhoneNumber button.
func (c *Client) Phone(ctx context.Context, who Who) (OpenData, error) {
	return c.openData(ctx, "/_mock/phone", who)
}

// WeRun is wx.getWeRunData.
func (c *Client) WeRun(ctx context.Context, who Who) (OpenData, error) {
	return c.openData(ctx, "/_mock/werun", who)
}

// Group is wx.getGroupEnterInfo.
func (c *Client) Group(ctx context.Context, who Who) (OpenData, error) {
	return c.openData(ctx, "/_mock/group", who)
}

func (c *Client) openData(ctx context.Context, path string, who Who) (OpenData, error) {
	var out OpenData
	var err error
	out.Raw, err = c.call(ctx, http.MethodPost, path, who, &out)
	return out, err
}

// Clock reads the clock.
func (c *Client) Clock(ctx context.Context) (Clock, error) {
	return c.clock(ctx, http.MethodGet, nil)
}

// Move moves the clock by a duration as a user writes it, "+6m"; the simulation reads it.
func (c *Client) Move(ctx context.Context, by string) (Clock, error) {
	return c.clock(ctx, http.MethodPost, map[string]string{"move": by})
}

// SetClock puts the clock to a time.
func (c *Client) SetClock(ctx context.Context, to time.Time) (Clock, error) {
	return c.clock(ctx, http.MethodPost, map[string]string{"set": to.Format(time.RFC3339Nano)})
}

// FreezeClock stops the clock.
func (c *Client) FreezeClock(ctx context.Context) (Clock, error) {
	return c.clock(ctx, http.MethodPost, map[string]bool{"freeze": true})
}

// ResetClock puts the clock back to the system's time.
func (c *Client) ResetClock(ctx context.Context) (Clock, error) {
	return c.clock(ctx, http.MethodPost, map[string]bool{"reset": true})
}

func (c *Client) clock(ctx context.Context, method string, in any) (Clock, error) {
	var out Clock
	var err error
	out.Raw, err = c.call(ctx, method, "/_mock/clock", in, &out)
	return out, err
}

// Reset puts one app back to its initial state; the whole simulation when app is empty.
func (c *Client) Reset(ctx context.Context, app wechat.AppID) (Reset, error) {
	var out Reset
	var err error
	out.Raw, err = c.call(ctx, http.MethodPost, "/_mock/reset", Who{AppID: app}, &out)
	return out, err
}

// Env asks the simulation who it is, and for the credentials of an app ("" is the default one).
func (c *Client) Env(ctx context.Context, app wechat.AppID) (Env, error) {
	path := "/_mock/env"
	if app != "" {
		path += "?appid=" + url.QueryEscape(string(app))
	}
	var out Env
	var err error
	out.Raw, err = c.call(ctx, http.MethodGet, path, nil, &out)
	return out, err
}

// A CA is the certificate authority of a simulation.
type CA struct {
	Raw       json.RawMessage `json:"-"`
	PEM       string          `json:"pem"`
	Hosts     []string        `json:"hosts"` // that it vouches for
	ExpiresAt time.Time       `json:"expires_at"`
}

// CA asks the simulation for the certificate under which it answers for WeChat's hosts.
func (c *Client) CA(ctx context.Context) (CA, error) {
	var out CA
	var err error
	out.Raw, err = c.call(ctx, http.MethodGet, "/_mock/ca", nil, &out)
	return out, err
}

// Files lets the simulation write the files for its clients, and returns the object that says where they are.
func (c *Client) Files(ctx context.Context) (json.RawMessage, error) {
	var object map[string]json.RawMessage // only to see that it is one
	return c.call(ctx, http.MethodPost, "/_mock/files", struct{}{}, &object)
}

// Inspect asks the simulation about a login token that it issued, which nobody else can open. The answer is a JSON object.
func (c *Client) Inspect(ctx context.Context, token redact.Secret) (json.RawMessage, error) {
	var object map[string]json.RawMessage // only to see that it is one
	return c.call(ctx, http.MethodPost, "/_mock/inspect", map[string]string{"token": token.Reveal()}, &object)
}

// A Revocation says what [Client.Revoke] is to end: one of Token, OpenID and Everybody.
type Revocation struct {
	Token     redact.Secret `json:"-"`
	OpenID    wechat.OpenID `json:"openid,omitempty"`
	Everybody bool          `json:"everybody,omitempty"`
	Before    *time.Time    `json:"before,omitempty"` // of the tokens of a user or of everybody, those issued before; nil is now
	Reason    string        `json:"reason,omitempty"`
}

// Revoke ends login tokens that the simulation issued. The answer is a JSON object.
func (c *Client) Revoke(ctx context.Context, what Revocation) (json.RawMessage, error) {
	var object map[string]json.RawMessage // only to see that it is one
	return c.call(ctx, http.MethodPost, "/_mock/revoke", struct {
		Token string `json:"token,omitempty"`
		Revocation
	}{what.Token.Reveal(), what}, &object)
}

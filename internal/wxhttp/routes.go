package wxhttp

import (
	"net/http"
	"time"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// maxOffset bounds how far the clock can be moved: 100 years, within what a duration and the certificates of a test can hold.
const maxOffset = 100 * 365 * 24 * time.Hour

// maxJournalledUser is in characters; a name that the world accepts is not longer.
const maxJournalledUser = 64

// controlRoutes is the control API, route by route.
func (h *handler) controlRoutes() map[string]map[string]http.HandlerFunc {
	return map[string]map[string]http.HandlerFunc{
		"/_mock/login":    {http.MethodPost: post(h.login)},
		"/_mock/userinfo": {http.MethodPost: post(phoneCall(h, h.world.Userinfo))},
		"/_mock/phone":    {http.MethodPost: post(phoneCall(h, h.world.Phone))},
		"/_mock/werun":    {http.MethodPost: post(phoneCall(h, h.world.WeRun))},
		"/_mock/group":    {http.MethodPost: post(phoneCall(h, h.world.Group))},
		"/_mock/clock":    {http.MethodGet: get(h.readClock), http.MethodPost: post(h.moveClock)},
		"/_mock/reset":    {http.MethodPost: post(h.reset)},
		"/_mock/env":      {http.MethodGet: get(h.env)},
	}
}

// phoneRequest says whose phone does something. What is absent is the default user and the default app.
type phoneRequest struct {
	User  string       `json:"user"`
	AppID wechat.AppID `json:"appid"`
}

// noted tells the journal whose call it is, and returns the request with the defaults filled in.
func (h *handler) noted(r *http.Request, in phoneRequest) phoneRequest {
	if in.User == "" {
		in.User = world.DefaultUser
	}
	if in.AppID == "" {
		in.AppID = h.world.Default().ID
	}
	record := journal.From(r.Context())
	record.AppID, record.User = journalled(string(in.AppID)), wechat.Shown(in.User, maxJournalledUser)
	return in
}

type loginAnswer struct {
	Code      wechat.Code  `json:"code"`
	ErrMsg    string       `json:"errMsg"`
	User      string       `json:"user"`
	AppID     wechat.AppID `json:"appid"`
	ExpiresAt time.Time    `json:"expires_at"`
}

func (h *handler) login(r *http.Request, in phoneRequest) (any, error) {
	in = h.noted(r, in)
	l, err := h.world.Login(in.AppID, in.User)
	if err != nil {
		return nil, err
	}
	// Whole seconds are what people read; cut, they promise no more than is true.
	return loginAnswer{Code: l.Code, ErrMsg: "login:ok", User: l.User, AppID: l.App, ExpiresAt: l.ExpiresAt.Truncate(time.Second)}, nil
}

// phoneCall makes a route of a function of the phone that gives the object of wx.*.
func phoneCall[T any](h *handler, call func(wechat.AppID, string) (T, error)) func(*http.Request, phoneRequest) (any, error) {
	return func(r *http.Request, in phoneRequest) (any, error) {
		in = h.noted(r, in)
		return call(in.AppID, in.User)
	}
}

type clockAnswer struct {
	Now           time.Time `json:"now"`
	Offset        string    `json:"offset"` // as a Go duration: "6m0s"
	OffsetSeconds int64     `json:"offset_seconds"`
}

func (h *handler) readClock(*http.Request) (any, error) {
	c := h.world.Clock()
	offset := c.Offset()
	return clockAnswer{Now: c.Now().Truncate(time.Second), Offset: offset.String(), OffsetSeconds: int64(offset / time.Second)}, nil
}

// clockRequest has exactly one of its fields.
type clockRequest struct {
	Move  string `json:"move"` // a Go duration with a sign or without: "+6m", "-1h30m"
	Reset bool   `json:"reset"`
}

func (h *handler) moveClock(r *http.Request, in clockRequest) (any, error) {
	c := h.world.Clock()
	if in.Reset == (in.Move != "") {
		return nil, badRequest(`give either "move", such as "+6m", or "reset": true`)
	}
	if in.Reset {
		c.Reset()
		return h.movedClock(r)
	}
	by, err := time.ParseDuration(in.Move)
	if err != nil {
		return nil, badRequest("%q is not a duration such as +6m, -1h30m or 72h", wechat.Shown(in.Move, 40))
	}
	// by is checked alone first: the sum could overflow.
	if by.Abs() > maxOffset || (c.Offset()+by).Abs() > maxOffset {
		return nil, badRequest("the clock cannot be moved more than 100 years")
	}
	c.Move(by)
	return h.movedClock(r)
}

func (h *handler) movedClock(r *http.Request) (any, error) {
	if err := h.OnChange(r.Context(), Change{}); err != nil {
		return nil, err
	}
	return h.readClock(r)
}

type resetRequest struct {
	AppID wechat.AppID `json:"appid"` // absent: the whole world
}

type resetAnswer struct {
	Reset bool         `json:"reset"`
	AppID wechat.AppID `json:"appid,omitempty"`
}

// reset of the whole world puts the clock back as well; that of one app does not, because the others live by it.
func (h *handler) reset(r *http.Request, in resetRequest) (any, error) {
	journal.From(r.Context()).AppID = journalled(string(in.AppID))
	if in.AppID == "" {
		h.world.ResetAll()
	} else if err := h.world.Reset(in.AppID); err != nil {
		return nil, err
	}
	return resetAnswer{Reset: true, AppID: in.AppID}, h.OnChange(r.Context(), Change{Reset: true, AppID: in.AppID})
}

type envAnswer struct {
	URL    string       `json:"url"`
	AppID  wechat.AppID `json:"appid"`
	Secret string       `json:"secret,omitempty"`
	Mock   bool         `json:"mock"`
}

// env is what another program needs to find and use the simulation. A secret that
// somebody configured may be that of a real mini program and is not given away; the demo secret is public.
func (h *handler) env(r *http.Request) (any, error) {
	app := h.world.Default()
	answer := envAnswer{URL: h.URL, AppID: app.ID, Mock: true}
	if answer.URL == "" {
		answer.URL = "http://" + r.Host
	}
	if app.Secret.Equal(wechat.NewAppSecret(world.DemoSecret).Secret) {
		answer.Secret = world.DemoSecret
	}
	return answer, nil
}

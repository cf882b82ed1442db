package wxhttp

import (
	"net/http"
	"time"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// maxOffset bounds how far the clock can be moved.
const maxOffset = world.MaxOffset

// maxJournalledUser is in characters; a name that the world accepts is not longer.
const maxJournalledUser = 64

// controlRoutes is the control API, route by route, in the order of its documentation. A route without documentation fails
// the test of docs/control-api.md.
func (h *handler) controlRoutes() []route {
	return []route{
		{http.MethodPost, "/_mock/login", post(h.login), docLogin},
		{http.MethodPost, "/_mock/userinfo", post(phoneCall(h, h.world.Userinfo)), docUserinfo},
		{http.MethodPost, "/_mock/phone", post(phoneCall(h, h.world.Phone)), docPhone},
		{http.MethodPost, "/_mock/werun", post(phoneCall(h, h.world.WeRun)), docWeRun},
		{http.MethodPost, "/_mock/group", post(phoneCall(h, h.world.Group)), docGroup},
		{http.MethodGet, "/_mock/clock", get(h.readClock), docReadClock},
		{http.MethodPost, "/_mock/clock", post(h.moveClock), docMoveClock},
		{http.MethodPost, "/_mock/reset", post(h.reset), docReset},
		{http.MethodGet, "/_mock/env", query(h.env), docEnv},
		{http.MethodGet, "/_mock/ca", get(h.readCA), docCA},
		{http.MethodPost, "/_mock/files", post(h.writeFiles), docFiles},
		{http.MethodGet, "/_mock/users", query(h.users), docUsers},
		{http.MethodPost, "/_mock/users", post(h.addUser), docAddUser},
		{http.MethodPut, "/_mock/users", post(h.setUser), docSetUser},
		{http.MethodDelete, "/_mock/users", post(h.removeUser), docRemoveUser},
		{http.MethodGet, "/_mock/apps", get(h.appList), docApps},
		{http.MethodPost, "/_mock/apps", post(h.addApp), docAddApp},
		{http.MethodDelete, "/_mock/apps", post(h.removeApp), docRemoveApp},
		{http.MethodGet, "/_mock/world", h.worldEndpoint(), docWorld},
		{http.MethodGet, "/_mock/journal", query(h.readJournal), docJournal},
		{http.MethodGet, "/_mock/journal/stream", stream(h.streamJournal), docJournalStream},
		{http.MethodPost, "/_mock/assert", post(h.assert), docAssert},
		{http.MethodGet, "/_mock/faults", get(h.listFaults), docListFaults},
		{http.MethodPost, "/_mock/faults", post(h.addFault), docAddFault},
		{http.MethodDelete, "/_mock/faults", post(h.removeFaults), docRemoveFaults},
		{http.MethodGet, "/_mock/scenarios", get(h.listScenarios), docListScenarios},
		{http.MethodPost, "/_mock/scenarios", post(h.startScenario), docStartScenario},
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
	Frozen        bool      `json:"frozen"` // the clock stands still
}

func (h *handler) readClock(*http.Request) (any, error) {
	c := h.world.Clock()
	offset := c.Offset()
	if c.Frozen() {
		offset = offset.Round(time.Second) // it changes all the time
	}
	return clockAnswer{
		Now: c.Now().Truncate(time.Second), Offset: offset.String(), OffsetSeconds: int64(offset / time.Second), Frozen: c.Frozen(),
	}, nil
}

// clockRequest has exactly one of its fields.
type clockRequest struct {
	Move   string `json:"move"` // a Go duration with a sign or without: "+6m", "-1h30m"
	Set    string `json:"set"`  // a time in RFC 3339
	Freeze bool   `json:"freeze"`
	Reset  bool   `json:"reset"`
}

func (h *handler) moveClock(r *http.Request, in clockRequest) (any, error) {
	c := h.world.Clock()
	given := 0
	for _, one := range []bool{in.Move != "", in.Set != "", in.Freeze, in.Reset} {
		if one {
			given++
		}
	}
	switch {
	case given != 1:
		return nil, badRequest(`give one of "move", such as "+6m", "set", such as "2026-11-23T10:00:00Z", "freeze": true and "reset": true`)
	case in.Reset:
		c.Reset()
		return h.movedClock(r)
	case in.Freeze:
		c.Freeze()
		return h.movedClock(r)
	case in.Set != "":
		at, err := time.Parse(time.RFC3339, in.Set)
		if err != nil {
			return nil, badRequest("%q is not a time such as 2026-11-23T10:00:00Z", wechat.Shown(in.Set, 40))
		}
		if !world.WithinReach(world.Start{At: at}) {
			return nil, tooFar()
		}
		c.Set(at)
		return h.movedClock(r)
	}
	by, err := time.ParseDuration(in.Move)
	if err != nil {
		return nil, badRequest("%q is not a duration such as +6m, -1h30m or 72h", wechat.Shown(in.Move, 40))
	}
	// by is checked alone first: the sum could overflow.
	if by.Abs() > maxOffset || (c.Offset()+by).Abs() > maxOffset {
		return nil, tooFar()
	}
	c.Move(by)
	return h.movedClock(r)
}

func tooFar() error { return badRequest("the clock cannot be moved more than 100 years") }

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
	h.Journal.Forget(string(in.AppID))
	h.rids.forget(in.AppID)
	return resetAnswer{Reset: true, AppID: in.AppID}, h.OnChange(r.Context(), Change{Reset: true, AppID: in.AppID})
}

type envAnswer struct {
	URL    string       `json:"url"`
	AppID  wechat.AppID `json:"appid"`
	Secret string       `json:"secret,omitempty"`
	Mock   bool         `json:"mock"`
}

type envRequest struct {
	AppID wechat.AppID `json:"appid"` // absent: the default app
}

// env is what another program needs to find and use the simulation.
func (h *handler) env(r *http.Request, in envRequest) (any, error) {
	app, err := h.world.App(in.AppID)
	if err != nil {
		return nil, err
	}
	answer := envAnswer{URL: h.URL, AppID: app.ID, Mock: true}
	if answer.URL == "" {
		answer.URL = "http://" + r.Host
	}
	if secret, public := app.PublicSecret(); public {
		answer.Secret = secret.Reveal()
	}
	return answer, nil
}

package mockclient

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A FaultRule is what a new fault is to be. Empty fields ask for nothing.
type FaultRule struct {
	On      string       `json:"on,omitempty"`
	AppID   wechat.AppID `json:"appid,omitempty"`
	User    string       `json:"user,omitempty"`
	Code    wechat.Code  `json:"code,omitempty"`
	Every   int          `json:"every,omitempty"`
	Percent int          `json:"percent,omitempty"`
	Times   int          `json:"times,omitempty"`
	After   int          `json:"after,omitempty"`
	For     string       `json:"for,omitempty"` // a duration; the simulation reads it, and the effect
	Effect  string       `json:"effect"`
}

// A Fault is a fault as it stands.
type Fault struct {
	Raw json.RawMessage `json:"-"`
	ID  string          `json:"id"`
	FaultRule
	Until    time.Time `json:"until"` // zero: no end
	Scenario string    `json:"scenario"`
	Matched  uint64    `json:"matched"`
	Applied  uint64    `json:"applied"`
}

// Faults is the list of faults.
type Faults struct {
	Raw    json.RawMessage `json:"-"`
	Faults []Fault         `json:"faults"`
}

// A Removal says how many faults are gone.
type Removal struct {
	Raw     json.RawMessage `json:"-"`
	Removed int             `json:"removed"`
}

// A Scenario is a story, as faults.
type Scenario struct {
	Raw     json.RawMessage `json:"-"`
	Name    string          `json:"name"`
	Text    lang.T          `json:"text"`
	AppID   wechat.AppID    `json:"appid"`
	Faults  []Fault         `json:"faults"`  // of one that was started
	Effects []string        `json:"effects"` // of one that is listed
}

// Scenarios is the list of scenarios.
type Scenarios struct {
	Raw       json.RawMessage `json:"-"`
	Scenarios []Scenario      `json:"scenarios"`
}

// AddFault adds a fault.
func (c *Client) AddFault(ctx context.Context, rule FaultRule) (Fault, error) {
	var out Fault
	var err error
	out.Raw, err = c.call(ctx, http.MethodPost, "/_mock/faults", rule, &out)
	return out, err
}

// Faults lists the faults.
func (c *Client) Faults(ctx context.Context) (Faults, error) {
	var out Faults
	var err error
	out.Raw, err = c.call(ctx, http.MethodGet, "/_mock/faults", nil, &out)
	return out, err
}

// RemoveFault removes one fault. It fails with a [*problem.Problem] of the reason unknown_fault when there is none of this id.
func (c *Client) RemoveFault(ctx context.Context, id string) (Removal, error) {
	return c.removeFaults(ctx, map[string]string{"id": id})
}

// ClearFaults removes the faults of an app, or all of them when it is empty.
func (c *Client) ClearFaults(ctx context.Context, app wechat.AppID) (Removal, error) {
	return c.removeFaults(ctx, Who{AppID: app})
}

func (c *Client) removeFaults(ctx context.Context, in any) (Removal, error) {
	var out Removal
	var err error
	out.Raw, err = c.call(ctx, http.MethodDelete, "/_mock/faults", in, &out)
	return out, err
}

// Scenarios lists the scenarios.
func (c *Client) Scenarios(ctx context.Context) (Scenarios, error) {
	var out Scenarios
	var err error
	out.Raw, err = c.call(ctx, http.MethodGet, "/_mock/scenarios", nil, &out)
	return out, err
}

// StartScenario starts a scenario for an app, or for each app when it is empty.
func (c *Client) StartScenario(ctx context.Context, name string, app wechat.AppID) (Scenario, error) {
	var out Scenario
	var err error
	out.Raw, err = c.call(ctx, http.MethodPost, "/_mock/scenarios", map[string]string{"name": name, "appid": string(app)}, &out)
	return out, err
}

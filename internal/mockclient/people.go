package mockclient

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// UserChange says what is to be known of a user. What is nil stays as it is; an empty text is again what the simulation derives.
type UserChange struct {
	User        string       `json:"user,omitempty"`
	AppID       wechat.AppID `json:"appid,omitempty"`
	OpenID      *string      `json:"openid,omitempty"`
	UnionID     *string      `json:"unionid,omitempty"`
	NoUnionID   *bool        `json:"no_unionid,omitempty"`
	Phone       *string      `json:"phone,omitempty"`
	CountryCode *string      `json:"country_code,omitempty"`
	Nickname    *string      `json:"nickname,omitempty"`
	Gender      *int         `json:"gender,omitempty"`
	Language    *string      `json:"language,omitempty"`
	City        *string      `json:"city,omitempty"`
	Province    *string      `json:"province,omitempty"`
	Country     *string      `json:"country,omitempty"`
	AvatarURL   *string      `json:"avatar_url,omitempty"`
	NoProfile   bool         `json:"no_profile,omitempty"`
}

// A User is a simulated person of an app.
type User struct {
	Raw         json.RawMessage `json:"-"`
	User        string          `json:"user"`
	AppID       wechat.AppID    `json:"appid"`
	OpenID      wechat.OpenID   `json:"openid"`
	UnionID     wechat.UnionID  `json:"unionid"`
	Phone       string          `json:"phone"`
	CountryCode string          `json:"country_code"`
	Nickname    string          `json:"nickname"`
	Gender      *int            `json:"gender"` // nil, like the texts around it, when the profile is the anonymous one
	Language    string          `json:"language"`
	City        string          `json:"city"`
	Province    string          `json:"province"`
	Country     string          `json:"country"`
	AvatarURL   string          `json:"avatar_url"`
	LoggedInAt  time.Time       `json:"logged_in_at"` // zero: there is no session key
}

// Users is a page of an app's users.
type Users struct {
	Raw   json.RawMessage `json:"-"`
	Users []User          `json:"users"`
	Total int             `json:"total"`
	Next  int             `json:"next"` // where the next page begins; 0: there is none
}

// Removed says that a user or an app is gone.
type Removed struct {
	Raw     json.RawMessage `json:"-"`
	Removed bool            `json:"removed"`
	User    string          `json:"user"` // empty: the app
	AppID   wechat.AppID    `json:"appid"`
}

// An App is a mini program of the simulation.
type App struct {
	Raw          json.RawMessage  `json:"-"`
	AppID        wechat.AppID     `json:"appid"`
	Secret       wechat.AppSecret `json:"secret"` // of one that was just added; empty in a list
	OpenPlatform string           `json:"open_platform"`
	Users        int              `json:"users"`
	Default      bool             `json:"default"`
	Adopted      bool             `json:"adopted"`
}

// Apps are all of them.
type Apps struct {
	Raw  json.RawMessage `json:"-"`
	Apps []App           `json:"apps"`
}

// AddUser adds a user. It fails with a [*problem.Problem] of the reason conflict when the user is there.
func (c *Client) AddUser(ctx context.Context, user UserChange) (User, error) {
	return c.user(ctx, http.MethodPost, "", user)
}

// SetUser changes what is known of a user. Like its siblings it fails with a [*problem.Problem] of the reason unknown_user.
func (c *Client) SetUser(ctx context.Context, user UserChange) (User, error) {
	return c.user(ctx, http.MethodPut, "", user)
}

// User returns one user.
func (c *Client) User(ctx context.Context, who Who) (User, error) {
	return c.user(ctx, http.MethodGet, "?"+url.Values{"user": {who.User}, "appid": {string(who.AppID)}}.Encode(), nil)
}

func (c *Client) user(ctx context.Context, method, query string, in any) (User, error) {
	var out User
	var err error
	out.Raw, err = c.call(ctx, method, "/_mock/users"+query, in, &out)
	return out, err
}

// Users returns a page of an app's users ("" is the default app), from the place that the page before named.
func (c *Client) Users(ctx context.Context, app wechat.AppID, from, limit int) (Users, error) {
	var out Users
	var err error
	query := url.Values{"appid": {string(app)}, "from": {strconv.Itoa(from)}, "limit": {strconv.Itoa(limit)}}
	out.Raw, err = c.call(ctx, http.MethodGet, "/_mock/users?"+query.Encode(), nil, &out)
	return out, err
}

// RemoveUser removes a user.
func (c *Client) RemoveUser(ctx context.Context, who Who) (Removed, error) {
	var out Removed
	var err error
	out.Raw, err = c.call(ctx, http.MethodDelete, "/_mock/users", who, &out)
	return out, err
}

// AppChange describes a new app. What is empty is made up.
type AppChange struct {
	AppID        wechat.AppID `json:"appid,omitempty"`
	OpenPlatform string       `json:"open_platform,omitempty"`
	Users        int          `json:"users,omitempty"`
}

// AddApp adds an app, and tells its secret.
func (c *Client) AddApp(ctx context.Context, app AppChange) (App, error) {
	var out App
	var err error
	out.Raw, err = c.call(ctx, http.MethodPost, "/_mock/apps", app, &out)
	return out, err
}

// Apps lists the apps.
func (c *Client) Apps(ctx context.Context) (Apps, error) {
	var out Apps
	var err error
	out.Raw, err = c.call(ctx, http.MethodGet, "/_mock/apps", nil, &out)
	return out, err
}

// RemoveApp removes an app.
func (c *Client) RemoveApp(ctx context.Context, app wechat.AppID) (Removed, error) {
	var out Removed
	var err error
	out.Raw, err = c.call(ctx, http.MethodDelete, "/_mock/apps", Who{AppID: app}, &out)
	return out, err
}

// World returns the world as JSON, without secrets.
func (c *Client) World(ctx context.Context) (json.RawMessage, error) {
	var object map[string]json.RawMessage // only to see that it is one
	return c.call(ctx, http.MethodGet, "/_mock/world", nil, &object)
}

// WorldFile returns the world as the text of a file that a simulation can be started with.
func (c *Client) WorldFile(ctx context.Context, secrets bool) ([]byte, error) {
	const path = "/_mock/world"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path+"?format=yaml&secrets="+strconv.FormatBool(secrets), nil)
	if err != nil {
		return nil, fmt.Errorf("make call of %s: %w", path, err)
	}
	status, text, err := c.fetch(ctx, request)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		_, err = read(path, status, text, new(json.RawMessage))
		return nil, err
	}
	return text, nil
}

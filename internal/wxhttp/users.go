package wxhttp

import (
	"net/http"
	"time"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

const (
	defaultPage = 100   // users of a list, when the caller names no number
	maxPage     = 1_000 // some 300 KiB of JSON, within what clients read
)

// userRequest says what is to be known of a user. What is absent stays as it is; an empty text is again what the simulation
// derives.
type userRequest struct {
	User        string          `json:"user"`
	AppID       wechat.AppID    `json:"appid"`
	OpenID      *wechat.OpenID  `json:"openid"`
	UnionID     *wechat.UnionID `json:"unionid"`
	NoUnionID   *bool           `json:"no_unionid"`
	Phone       *string         `json:"phone"`
	CountryCode *string         `json:"country_code"`
	Nickname    *string         `json:"nickname"`
	Gender      *int            `json:"gender"`
	Language    *string         `json:"language"`
	City        *string         `json:"city"`
	Province    *string         `json:"province"`
	Country     *string         `json:"country"`
	AvatarURL   *string         `json:"avatar_url"`
	NoProfile   bool            `json:"no_profile"`
}

// change carries the request out on what is known of the user.
func (in *userRequest) change(u *world.User) {
	set(&u.OpenID, in.OpenID)
	set(&u.UnionID, in.UnionID)
	set(&u.NoUnionID, in.NoUnionID)
	set(&u.CountryCode, in.CountryCode)
	if in.Phone != nil {
		u.Phone = redact.NewSecret(*in.Phone)
	}
	if in.NoProfile {
		u.Profile = nil
	}
	var p world.Profile
	if u.Profile != nil {
		p = *u.Profile
	}
	changed := false
	for field, value := range map[*string]*string{
		&p.NickName: in.Nickname, &p.Language: in.Language, &p.City: in.City, &p.Province: in.Province, &p.Country: in.Country, &p.AvatarURL: in.AvatarURL,
	} {
		changed = set(field, value) || changed
	}
	if set(&p.Gender, in.Gender) || changed {
		u.Profile = &p
	}
}

func set[T any](field, value *T) bool {
	if value == nil {
		return false
	}
	*field = *value
	return true
}

// userAnswer is a user as WeChat would know them. The profile is there only when it is not the anonymous one.
type userAnswer struct {
	User        string         `json:"user"`
	AppID       wechat.AppID   `json:"appid"`
	OpenID      wechat.OpenID  `json:"openid"`
	UnionID     wechat.UnionID `json:"unionid,omitempty"`
	Phone       string         `json:"phone"` // of a simulated person
	CountryCode string         `json:"country_code"`
	Nickname    string         `json:"nickname,omitempty"`
	Gender      *int           `json:"gender,omitempty"`
	Language    string         `json:"language,omitempty"`
	City        string         `json:"city,omitempty"`
	Province    string         `json:"province,omitempty"`
	Country     string         `json:"country,omitempty"`
	AvatarURL   string         `json:"avatar_url,omitempty"`
	LoggedInAt  time.Time      `json:"logged_in_at,omitzero"` // when the session key was established
}

func answerUser(p world.Person) userAnswer {
	answer := userAnswer{
		User: p.Name, AppID: p.App, OpenID: p.OpenID, UnionID: p.UnionID,
		Phone: p.Phone.Reveal(), CountryCode: p.CountryCode, LoggedInAt: p.LoggedIn.Truncate(time.Second),
	}
	if profile := p.Profile; profile != nil {
		answer.Nickname, answer.Gender, answer.Language = profile.NickName, &profile.Gender, profile.Language
		answer.City, answer.Province, answer.Country, answer.AvatarURL = profile.City, profile.Province, profile.Country, profile.AvatarURL
	}
	return answer
}

func (h *handler) notedUser(r *http.Request, in *userRequest) {
	noted := h.noted(r, phoneRequest{User: in.User, AppID: in.AppID})
	in.User, in.AppID = noted.User, noted.AppID
}

func (h *handler) addUser(r *http.Request, in userRequest) (any, error) {
	h.notedUser(r, &in)
	u := world.User{Name: in.User}
	in.change(&u)
	added, err := h.world.AddUser(in.AppID, u)
	if err != nil {
		return nil, err
	}
	return answerUser(added), nil
}

func (h *handler) setUser(r *http.Request, in userRequest) (any, error) {
	h.notedUser(r, &in)
	now, err := h.world.SetUser(in.AppID, in.User, in.change)
	if err != nil {
		return nil, err
	}
	return answerUser(now), nil
}

type userRemoved struct {
	Removed bool         `json:"removed"`
	User    string       `json:"user"`
	AppID   wechat.AppID `json:"appid"`
}

// removeUser ends what the login server has of the user as well.
func (h *handler) removeUser(r *http.Request, in phoneRequest) (any, error) {
	in = h.noted(r, in)
	gone, err := h.world.User(in.AppID, in.User)
	if err != nil {
		return nil, err
	}
	if err := h.world.RemoveUser(in.AppID, in.User); err != nil {
		return nil, err
	}
	return userRemoved{Removed: true, User: gone.Name, AppID: gone.App}, h.OnChange(r.Context(), Change{AppID: gone.App, OpenID: gone.OpenID})
}

// usersRequest asks for one user, or for a page of them.
type usersRequest struct {
	User  string       `json:"user"`
	AppID wechat.AppID `json:"appid"`
	From  int          `json:"from"`
	Limit int          `json:"limit"`
}

type usersAnswer struct {
	Users []userAnswer `json:"users"`
	Total int          `json:"total"`
	Next  int          `json:"next,omitempty"` // what "from" gives the next page; absent: there is none
}

func (h *handler) users(r *http.Request, in usersRequest) (any, error) {
	journal.From(r.Context()).AppID = journalled(string(in.AppID))
	if in.User != "" {
		one, err := h.world.User(in.AppID, in.User)
		if err != nil {
			return nil, err
		}
		return answerUser(one), nil
	}
	if in.From < 0 || in.Limit < 0 || in.Limit > maxPage {
		return nil, badRequest("from is not negative, and limit is a number from 1 to %d", maxPage)
	}
	if in.Limit == 0 {
		in.Limit = defaultPage
	}
	answer := usersAnswer{Users: []userAnswer{}}
	for from := in.From; ; from = answer.Next {
		page, err := h.world.Users(in.AppID, from, in.Limit-len(answer.Users))
		if err != nil {
			return nil, err
		}
		for _, p := range page.Users {
			answer.Users = append(answer.Users, answerUser(p))
		}
		answer.Total, answer.Next = page.Total, page.Next
		if page.Next == 0 || len(answer.Users) == in.Limit {
			return answer, nil
		}
	}
}

// What there is to know of the routes of users.
var (
	fieldsUser = []fieldDoc{
		{"user", lang.T{En: "the name (default alice)", Zh: "用户名（默认 alice）"}},
		{"appid", lang.T{En: "the mini program (default: the first that the simulation knows)", Zh: "小程序（默认为模拟服务的第一个）"}},
		{"openid", lang.T{En: `the openid; "" is the one that the simulation derives, as for all that follow`, Zh: `openid；"" 表示由模拟服务推导，下同`}},
		{"unionid", lang.T{En: "the unionid, in an app that is bound to an Open Platform account", Zh: "unionid，仅在小程序绑定了开放平台账号时有效"}},
		{"no_unionid", lang.T{En: "true: the user has no unionid", Zh: "true：该用户没有 unionid"}},
		{"phone", lang.T{En: "the phone number without the country code", Zh: "不含区号的手机号"}},
		{"country_code", lang.T{En: "the country code (86)", Zh: "区号（86）"}},
		{"nickname", lang.T{En: "the name of a profile as WeChat gave it before it became anonymous", Zh: "昵称，即资料匿名化之前微信给出的形式"}},
		{"gender", lang.T{En: "0 unknown, 1 male, 2 female", Zh: "0 未知，1 男，2 女"}},
		{"language", lang.T{En: "of the profile, such as zh_CN", Zh: "资料中的语言，例如 zh_CN"}},
		{"city", lang.T{En: "of the profile", Zh: "资料中的城市"}},
		{"province", lang.T{En: "of the profile", Zh: "资料中的省份"}},
		{"country", lang.T{En: "of the profile", Zh: "资料中的国家"}},
		{"avatar_url", lang.T{En: "of the profile", Zh: "资料中的头像地址"}},
		{"no_profile", lang.T{En: "true: the anonymous profile again", Zh: "true：恢复为匿名资料"}},
	}

	docUsers = routeDoc{
		text: lang.T{
			En: "One user, or a page of an app's users: those that it began with, then those who came.",
			Zh: "一个用户，或某个小程序的一页用户：先是启动时就有的，然后是后来出现的。",
		},
		fields: []fieldDoc{
			{"user", lang.T{En: "only this user", Zh: "只看这个用户"}},
			{"appid", lang.T{En: "the mini program (default: the first that the simulation knows)", Zh: "小程序（默认为模拟服务的第一个）"}},
			{"from", lang.T{En: "where the page begins: next of the page before", Zh: "从哪里开始：上一页的 next"}},
			{"limit", lang.T{En: "how many users (100, at most 1000)", Zh: "用户数量（100，最多 1000）"}},
		},
		before: []string{`POST /_mock/users {"user":"bob","phone":"13800000000"}`}, examples: []string{"", "user=bob"},
	}
	docAddUser = routeDoc{
		text: lang.T{
			En: "Adds a user. Others come into being when they log in; adding is for users of whom something is to be known.",
			Zh: "添加用户。用户首次登录时会自动出现；需要指定其信息时才要添加。",
		},
		fields: fieldsUser, examples: []string{`{"user":"bob","phone":"13800000000","nickname":"Bob"}`},
	}
	docSetUser = routeDoc{
		text: lang.T{
			En: "Changes what is known of a user. Fields that are absent stay as they are.",
			Zh: "修改用户的信息，未给出的字段保持不变。",
		},
		fields: fieldsUser, before: []string{`POST /_mock/users {"user":"bob"}`}, examples: []string{`{"user":"bob","phone":"51234567","country_code":"852"}`},
	}
	docRemoveUser = routeDoc{
		text: lang.T{
			En: "Removes a user. Codes, keys and sessions are good for nothing then; whoever logs in under the name is a new user with the same openid.",
			Zh: "删除用户，其 code、密钥和会话随之失效；之后以该名字登录的是一个 openid 相同的新用户。",
		},
		fields: fieldsPhone, before: []string{`POST /_mock/users {"user":"bob"}`}, examples: []string{`{"user":"bob"}`},
	}
)

package wxhttp

import (
	"net/http"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// appRequest describes a new app. What is absent is made up.
type appRequest struct {
	AppID        wechat.AppID `json:"appid"`
	Secret       string       `json:"secret"`
	OpenPlatform string       `json:"open_platform"`
	Users        int          `json:"users"`
}

// appAdded is the only answer that gives away a secret that somebody chose: it goes to whom it came from.
type appAdded struct {
	AppID        wechat.AppID `json:"appid"`
	Secret       string       `json:"secret"`
	OpenPlatform string       `json:"open_platform,omitempty"`
	Users        int          `json:"users"`
}

func (h *handler) addApp(r *http.Request, in appRequest) (any, error) {
	added, err := h.world.AddApp(world.App{
		ID: in.AppID, Secret: wechat.NewAppSecret(in.Secret), OpenPlatform: in.OpenPlatform, Population: in.Users, Simulated: in.Secret != "",
	})
	if err != nil {
		return nil, err
	}
	journal.From(r.Context()).AppID = journalled(string(added.ID))
	return appAdded{AppID: added.ID, Secret: added.Secret.Reveal(), OpenPlatform: added.OpenPlatform, Users: added.Population}, nil
}

type appRemoveRequest struct {
	AppID wechat.AppID `json:"appid"`
}

type appRemoved struct {
	Removed bool         `json:"removed"`
	AppID   wechat.AppID `json:"appid"`
}

func (h *handler) removeApp(r *http.Request, in appRemoveRequest) (any, error) {
	journal.From(r.Context()).AppID = journalled(string(in.AppID))
	if in.AppID == "" {
		return nil, badRequest(`"appid" says which app`)
	}
	if err := h.world.RemoveApp(in.AppID); err != nil {
		return nil, err
	}
	return appRemoved{Removed: true, AppID: in.AppID}, h.OnChange(r.Context(), Change{Reset: true, AppID: in.AppID})
}

type appAnswer struct {
	AppID        wechat.AppID `json:"appid"`
	OpenPlatform string       `json:"open_platform,omitempty"`
	Users        int          `json:"users"`
	Default      bool         `json:"default"`
	Adopted      bool         `json:"adopted"`
}

type appsAnswer struct {
	Apps []appAnswer `json:"apps"`
}

func (h *handler) appList(*http.Request) (any, error) {
	answer := appsAnswer{Apps: []appAnswer{}}
	for _, a := range h.world.Apps() {
		answer.Apps = append(answer.Apps, appAnswer{
			AppID: a.ID, OpenPlatform: a.OpenPlatform, Users: a.People, Default: a.Default, Adopted: a.Adopted,
		})
	}
	return answer, nil
}

// What there is to know of the routes of apps.
var (
	docApps = routeDoc{
		text: lang.T{
			En: "The apps, without their secrets. Each has its own users, codes and faults.",
			Zh: "所有小程序，不含 secret。各自拥有独立的用户、code 和故障。",
		},
		before: []string{`POST /_mock/apps {"appid":"wxffffffffffffffff","users":1000}`}, examples: []string{""},
	}
	docAddApp = routeDoc{
		text: lang.T{
			En: "Adds an app, one for each test that runs beside others. appid and secret are made up unless they are given; this is where they are told. It lasts until it is removed or the simulation is reset.",
			Zh: "添加小程序，供并行的测试各用一个。未给出的 appid 和 secret 会自动生成，并在此返回。删除或重置模拟服务后消失。",
		},
		fields: []fieldDoc{
			{"appid", lang.T{En: `"wx" and 16 hexadecimal digits`, Zh: `"wx" 加 16 位十六进制数字`}},
			{"secret", lang.T{En: "32 hexadecimal digits; not one of a real mini program", Zh: "32 位十六进制数字，请勿使用真实小程序的 secret"}},
			{"open_platform", lang.T{En: "a name for the Open Platform account that it is bound to (absent: none, so no unionid)", Zh: "所绑定开放平台账号的名字（不给出则未绑定，没有 unionid）"}},
			{"users", lang.T{En: "how many users it has from the beginning: u000001 and so on", Zh: "初始用户数量，依次为 u000001 等"}},
		},
		examples: []string{`{}`, `{"appid":"wxffffffffffffffff","open_platform":"demo","users":1000}`},
	}
	docRemoveApp = routeDoc{
		text: lang.T{
			En: "Removes an app with its users and faults. The default app stays, because the login server works for it: 409, conflict.",
			Zh: "删除小程序及其用户和故障。默认小程序不能删除，因为登录服务器为它服务：409，conflict。",
		},
		fields: []fieldDoc{{"appid", lang.T{En: "which app", Zh: "哪个小程序"}}},
		before: []string{`POST /_mock/apps {"appid":"wxffffffffffffffff"}`}, examples: []string{`{"appid":"wxffffffffffffffff"}`},
	}
)

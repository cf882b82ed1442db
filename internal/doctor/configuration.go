package doctor

import (
	"context"
	"errors"

	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// configuration tells what config validate tells, and where every other value comes from.
func (x *examination) configuration(ctx context.Context) {
	if x.Config == nil {
		f := lang.Message{}
		message := textPlain.With(x.ConfigErr)
		if e, ok := errors.AsType[*config.Error](x.ConfigErr); ok {
			message = e.Message()
			if hints := e.Hints(); len(hints) > 0 {
				f = hints[0]
			}
		}
		x.add(AreaConfig, "config", Fail, message, f)
		return
	}
	for _, f := range x.Config.Validate(ctx, x.Sources) {
		name := f.Key
		if name == "" {
			name = "files"
		}
		message := f.Message
		if f.Key != "" && f.Key != "appid" && f.Key != "secret" && f.Key != "api_base" {
			message = textKeyed.With(f.Key, f.Message)
		}
		x.add(AreaConfig, name, f.Level, message, f.Fix)
	}
	for _, entry := range x.Config.List() {
		told := entry.Origin.Source != config.SourceNone && entry.Origin.Source != config.SourceDefault
		switch entry.Key {
		case "appid", "secret", "api_base": // told already
			continue
		}
		if told {
			x.ok(AreaConfig, entry.Key, textFrom, entry.Key, entry.Value, entry.Origin)
		}
	}
	if secret, err := x.Config.Secret(ctx, x.Sources); err == nil && secret.Check() == nil {
		x.secret = secret
	}
}

// project compares the mini program of this directory with the configured one, and looks for the secret where it must not be.
func (x *examination) project(ctx context.Context) {
	found := config.MiniPrograms(x.Dir)
	var configured wechat.AppID
	if x.Config != nil {
		configured = x.Config.AppID
	}
	for _, p := range found {
		switch {
		case p.AppID == "touristappid":
			x.add(AreaProject, "appid", Warn, textTourist.With(p.File), textFixTourist.With())
		case configured == "":
			x.ok(AreaProject, "appid", textProjectAlone, p.File, wechat.Shown(string(p.AppID), 40))
		case p.AppID == configured:
			x.ok(AreaProject, "appid", textProjectSame, p.File, p.AppID)
		default:
			x.add(AreaProject, "appid", Warn, textProjectOther.With(p.File, wechat.Shown(string(p.AppID), 40), configured), textFixProject.With())
		}
	}
	if len(found) == 0 {
		x.skip(AreaProject, "appid", textNoProject)
	}
	x.git(ctx)
}

var (
	textPlain        = lang.T{En: "%v", Zh: "出错：%v"}
	textKeyed        = lang.T{En: "%s: %v", Zh: "%s：%v"}
	textFrom         = lang.T{En: "%s is %s (%v)", Zh: "%s 为 %s（%v）"}
	textTourist      = lang.T{En: "%s has the guest id of DevTools: its wx.login hands out \"the code is a mock one\"", Zh: "%s 中是开发者工具的游客 AppID：wx.login 只会给出 \"the code is a mock one\""}
	textFixTourist   = lang.T{En: "enter the AppID of the mini program in DevTools, or use serve --mock --adopt", Zh: "在开发者工具中填写小程序的 AppID，或使用 serve --mock --adopt"}
	textProjectAlone = lang.T{En: "%s is of appid %s, and none is configured", Zh: "%s 的 appid 是 %s，而没有配置 appid"}
	textProjectSame  = lang.T{En: "%s is of the configured appid %s", Zh: "%s 与配置的 appid %s 一致"}
	textProjectOther = lang.T{En: "%s is of appid %s, but %s is configured: its codes would be refused (40029)", Zh: "%s 的 appid 是 %s，而配置的是 %s：它的 code 会被拒绝（40029）"}
	textFixProject   = lang.T{En: "let both be of one mini program: wxlogin config set appid APPID, or another project in DevTools", Zh: "让两边使用同一个小程序：wxlogin config set appid APPID，或在开发者工具中换项目"}
	textNoProject    = lang.T{En: "there is no mini program here (project.config.json, manifest.json)", Zh: "当前目录没有小程序项目（project.config.json、manifest.json）"}
)

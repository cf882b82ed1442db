package mock

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/mockclient"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// newUser is `wxlogin mock user`.
func newUser(a *app.App) *cobra.Command {
	return a.Group(app.Spec{
		Use:   "user",
		Short: lang.T{En: "See and change the simulated users", Zh: "查看和修改模拟用户"},
		Long: lang.T{
			En: "Users come into being when they log in, with an openid, a phone number and an anonymous profile of their own. Add or set one to say more of them: a phone number, a profile, an openid.",
			Zh: "用户首次登录时自动出现，拥有各自的 openid、手机号和匿名资料。要指定手机号、资料或 openid，请添加或修改用户。",
		},
		Examples: []app.Example{{Note: lang.T{En: "a user with a phone number that your code knows", Zh: "一个手机号为代码所知的用户"}, Line: "wxlogin mock user add bob --phone 13800000000"}},
	}, newUserAdd(a), newUserList(a), newUserShow(a), newUserSet(a), newUserRemove(a))
}

// appIDFlag says which mini program a verb is about.
func appIDFlag(a *app.App, c *cobra.Command, appID *string) {
	c.Flags().StringVar(appID, "appid", "", lang.T{En: "the mini program, if the mock has several: `APPID`", Zh: "模拟服务有多个小程序时，指定 `APPID`"}.In(a.IO.Lang))
}

// userFlags are what can be said of a user. Only flags that were given are sent.
type userFlags struct {
	command *cobra.Command
	appID   string
	gender  int
	texts   map[string]*string
	noUnion bool
}

func newUserFlags(a *app.App, c *cobra.Command) *userFlags {
	f := &userFlags{command: c, texts: map[string]*string{}}
	appIDFlag(a, c, &f.appID)
	text := func(name string, t lang.T) {
		f.texts[name] = c.Flags().String(name, "", t.In(a.IO.Lang))
	}
	text("openid", lang.T{En: `the ` + "`OPENID`" + ` in place of the derived one`, Zh: `指定 ` + "`OPENID`" + `，代替推导出的值`})
	text("unionid", lang.T{En: `the ` + "`UNIONID`" + ` in place of the derived one`, Zh: `指定 ` + "`UNIONID`" + `，代替推导出的值`})
	c.Flags().BoolVar(&f.noUnion, "no-unionid", false, lang.T{En: "the user has no unionid", Zh: "该用户没有 unionid"}.In(a.IO.Lang))
	text("phone", lang.T{En: "phone `NUMBER` without the country code", Zh: "手机号 `NUMBER`，不含区号"})
	text("country-code", lang.T{En: "country `CODE` of the phone number (default 86)", Zh: "手机号的区号 `CODE`（默认 86）"})
	text("nickname", lang.T{En: "`NAME` of a profile that is not anonymous, as WeChat gave it until 2022", Zh: "非匿名资料的昵称 `NAME`，即 2022 年之前微信给出的形式"})
	c.Flags().IntVar(&f.gender, "gender", 0, lang.T{En: "of the profile: `NUMBER` 0 unknown, 1 male, 2 female", Zh: "资料中的性别：`NUMBER` 0 未知，1 男，2 女"}.In(a.IO.Lang))
	text("language", lang.T{En: "of the profile: a `TAG` such as zh_CN", Zh: "资料中的语言，形如 zh_CN 的 `TAG`"})
	text("city", lang.T{En: "of the profile: `NAME`", Zh: "资料中的城市 `NAME`"})
	text("province", lang.T{En: "of the profile: `NAME`", Zh: "资料中的省份 `NAME`"})
	text("country", lang.T{En: "of the profile: `NAME`", Zh: "资料中的国家 `NAME`"})
	text("avatar-url", lang.T{En: "of the profile: `URL`", Zh: "资料中的头像 `URL`"})
	return f
}

// change returns what the flags say of the named user.
func (f *userFlags) change(name string) mockclient.UserChange {
	given := f.command.Flags().Changed
	text := func(flag string) *string {
		if given(flag) {
			return f.texts[flag]
		}
		return nil
	}
	change := mockclient.UserChange{
		User: name, AppID: wechat.AppID(f.appID), OpenID: text("openid"), UnionID: text("unionid"), Phone: text("phone"),
		CountryCode: text("country-code"), Nickname: text("nickname"), Language: text("language"), City: text("city"),
		Province: text("province"), Country: text("country"), AvatarURL: text("avatar-url"),
	}
	if given("no-unionid") {
		change.NoUnionID = &f.noUnion
	}
	if given("gender") {
		change.Gender = &f.gender
	}
	return change
}

func newUserAdd(a *app.App) *cobra.Command {
	c := command(a, app.Spec{
		Use:   "add NAME",
		Short: lang.T{En: "Add a user", Zh: "添加用户"},
		Long: lang.T{
			En: "What no flag says, the mock derives from the name. A profile that is not anonymous is what old versions of mini programs, and mini games, still get.",
			Zh: "未用参数指定的信息由模拟服务根据名字推导。非匿名资料只有旧版本小程序和小游戏才会得到。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "with a phone number of Hong Kong", Zh: "香港手机号"}, Line: "wxlogin mock user add carol --phone 51234567 --country-code 852"},
			{Note: lang.T{En: "with a name and a picture", Zh: "有昵称和头像"}, Line: "wxlogin mock user add dave --nickname Dave --avatar-url https://example.com/dave.png"},
		},
	})
	flags := newUserFlags(a, c)
	return oneUser(a, c, func(c *cobra.Command, client *mockclient.Client, name string) (mockclient.User, error) {
		return client.AddUser(c.Context(), flags.change(name))
	})
}

func newUserSet(a *app.App) *cobra.Command {
	c := command(a, app.Spec{
		Use:   "set NAME",
		Short: lang.T{En: "Change what is known of a user", Zh: "修改用户信息"},
		Long: lang.T{
			En: "Changes what the flags say and leaves the rest. An empty value is again what the mock derives; --no-profile makes the profile anonymous again.",
			Zh: "只修改参数指定的信息，其余不变。空值表示恢复为推导出的值，--no-profile 恢复为匿名资料。",
		},
		Examples: []app.Example{{Note: lang.T{En: "as if the user had never joined your Open Platform account", Zh: "让该用户没有 unionid"}, Line: "wxlogin mock user set bob --no-unionid"}},
	})
	flags := newUserFlags(a, c)
	noProfile := c.Flags().Bool("no-profile", false, lang.T{En: "the anonymous profile again", Zh: "恢复为匿名资料"}.In(a.IO.Lang))
	return oneUser(a, c, func(c *cobra.Command, client *mockclient.Client, name string) (mockclient.User, error) {
		change := flags.change(name)
		change.NoProfile = *noProfile
		return client.SetUser(c.Context(), change)
	})
}

func newUserShow(a *app.App) *cobra.Command {
	c := command(a, app.Spec{
		Use:   "show NAME",
		Short: lang.T{En: "Show a user as WeChat would know them", Zh: "显示微信所知的用户信息"},
		Long: lang.T{
			En: "Shows the openid, unionid, phone number and profile. The phone number is that of a simulated person and not hidden.",
			Zh: "显示 openid、unionid、手机号和资料。手机号属于模拟用户，不作隐藏。",
		},
		Examples: []app.Example{{Note: lang.T{En: "the openid alone", Zh: "只要 openid"}, Line: "wxlogin mock user show alice -q .openid"}},
	})
	var appID string
	appIDFlag(a, c, &appID)
	return oneUser(a, c, func(c *cobra.Command, client *mockclient.Client, name string) (mockclient.User, error) {
		return client.User(c.Context(), mockclient.Who{User: name, AppID: wechat.AppID(appID)})
	})
}

// oneUser makes a verb that takes a name and prints a user.
func oneUser(a *app.App, c *cobra.Command, run func(*cobra.Command, *mockclient.Client, string) (mockclient.User, error)) *cobra.Command {
	c.Args = app.ExactArgs(1)
	c.RunE = func(c *cobra.Command, args []string) error {
		client, err := a.Mock()
		if err != nil {
			return err
		}
		user, err := run(c, client, args[0])
		if err != nil {
			return err
		}
		return printRaw(a, user.Raw, func(p *term.Page) { printUser(p, user) })
	}
	return c
}

func printUser(p *term.Page, u mockclient.User) {
	loggedIn := ""
	if !u.LoggedInAt.IsZero() {
		loggedIn = p.Clock(u.LoggedInAt)
	}
	profile := p.In(lang.T{En: "anonymous", Zh: "匿名"})
	if u.Gender != nil {
		profile = ""
	}
	p.Fields([]term.Field{
		{Label: lang.T{En: "user", Zh: "用户"}, Value: u.User},
		{Label: lang.T{En: "appid", Zh: "小程序"}, Value: string(u.AppID)},
		{Label: lang.T{En: "openid", Zh: "标识 openid"}, Value: string(u.OpenID)},
		{Label: lang.T{En: "unionid", Zh: "标识 unionid"}, Value: string(u.UnionID)},
		{Label: lang.T{En: "phone", Zh: "手机号"}, Value: "+" + u.CountryCode + " " + u.Phone},
		{Label: lang.T{En: "profile", Zh: "资料"}, Value: profile},
		{Label: lang.T{En: "nickname", Zh: "昵称"}, Value: u.Nickname},
		{Label: lang.T{En: "gender", Zh: "性别"}, Value: genderText(p, u.Gender)},
		{Label: lang.T{En: "language", Zh: "语言"}, Value: u.Language},
		{Label: lang.T{En: "city", Zh: "城市"}, Value: u.City},
		{Label: lang.T{En: "province", Zh: "省份"}, Value: u.Province},
		{Label: lang.T{En: "country", Zh: "国家"}, Value: u.Country},
		{Label: lang.T{En: "avatar", Zh: "头像"}, Value: u.AvatarURL},
		{Label: lang.T{En: "key made at", Zh: "密钥建立于"}, Value: loggedIn},
	})
}

func genderText(p *term.Page, gender *int) string {
	if gender == nil {
		return ""
	}
	switch *gender {
	case 1:
		return p.In(lang.T{En: "male", Zh: "男"})
	case 2:
		return p.In(lang.T{En: "female", Zh: "女"})
	}
	return p.In(lang.T{En: "unknown", Zh: "未知"})
}

// defaultLimit is how many users a list has: what is looked through by eye.
const defaultLimit = 100

func newUserList(a *app.App) *cobra.Command {
	c := command(a, app.Spec{
		Use:   "list",
		Short: lang.T{En: "List the users of a mini program", Zh: "列出小程序的用户"},
		Long: lang.T{
			En: "Lists the users that the mock began with, then those who came, page by page: where there are more, it says how to go on (--json: next).",
			Zh: "依次列出启动时就有的用户和后来出现的用户，分页显示；还有更多时会提示如何继续（--json 中为 next）。",
		},
		Examples: []app.Example{{Note: lang.T{En: "the next hundred", Zh: "接下来的一百个"}, Line: "wxlogin mock user list --from 100"}},
	})
	var appID string
	var from, limit int
	appIDFlag(a, c, &appID)
	c.Flags().IntVar(&from, "from", 0, lang.T{En: "begin at this `PLACE`, which the page before told", Zh: "从 `PLACE` 开始，由上一页给出"}.In(a.IO.Lang))
	c.Flags().IntVar(&limit, "limit", defaultLimit, lang.T{En: "so many users: `NUMBER` up to 1000", Zh: "用户数量 `NUMBER`，最多 1000"}.In(a.IO.Lang))
	c.RunE = func(c *cobra.Command, _ []string) error {
		client, err := a.Mock()
		if err != nil {
			return err
		}
		page, err := client.Users(c.Context(), wechat.AppID(appID), from, limit)
		if err != nil {
			return err
		}
		if err := printRaw(a, page.Raw, func(p *term.Page) { printUsers(p, page) }); err != nil {
			return err
		}
		if output, err := a.Output(); page.Next > 0 && err == nil && !output.Machine() {
			a.IO.Hint(textMoreUsers.With(strconv.Itoa(page.Total), strconv.Itoa(page.Next)))
		}
		return nil
	}
	return c
}

var textMoreUsers = lang.T{En: "there are %s users; go on with --from %s", Zh: "共有 %s 个用户，加 --from %s 继续"}

func printUsers(p *term.Page, page mockclient.Users) {
	switch {
	case len(page.Users) == 0 && page.Total > 0:
		p.Line(lang.T{En: "--from is beyond the last user; users: %d", Zh: "--from 超出了最后一个用户，用户共 %d 个"}, page.Total)
		return
	case len(page.Users) == 0:
		p.Line(lang.T{En: "there are no users yet: they come into being when they log in", Zh: "还没有用户：首次登录时会自动出现"})
		return
	}
	var rows [][]term.Cell
	for _, u := range page.Users {
		rows = append(rows, term.Cells(u.User, string(u.OpenID), "+"+u.CountryCode+" "+u.Phone, u.Nickname))
	}
	p.Table([]lang.T{
		{En: "user", Zh: "用户"}, {En: "openid", Zh: "标识 openid"}, {En: "phone", Zh: "手机号"}, {En: "nickname", Zh: "昵称"},
	}, rows)
}

func newUserRemove(a *app.App) *cobra.Command {
	c := command(a, app.Spec{
		Use:   "rm NAME",
		Short: lang.T{En: "Remove a user", Zh: "删除用户"},
		Long: lang.T{
			En: "The user's codes, session key and sessions are good for nothing then. Whoever logs in under the name later is a new user, with the openid that is derived from the name.",
			Zh: "用户的 code、session_key 和会话随之失效。之后以该名字登录的是新用户，openid 由名字推导。",
		},
		Examples: []app.Example{{Note: lang.T{En: "a user who closed their account", Zh: "注销账号的用户"}, Line: "wxlogin mock user rm bob"}},
	})
	c.Args = app.ExactArgs(1)
	var appID string
	appIDFlag(a, c, &appID)
	c.RunE = func(c *cobra.Command, args []string) error {
		client, err := a.Mock()
		if err != nil {
			return err
		}
		gone, err := client.RemoveUser(c.Context(), mockclient.Who{User: args[0], AppID: wechat.AppID(appID)})
		if err != nil {
			return err
		}
		return printRaw(a, gone.Raw, func(p *term.Page) {
			p.Verdict(term.OK, lang.T{En: "%s has no user %s any more", Zh: "%s 中已没有用户 %s"}, string(gone.AppID), gone.User)
		})
	}
	return c
}

package mock

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/mockclient"
	"github.com/wxlogin/wxlogin/internal/term"
)

// newLogin is `wxlogin mock login`.
func newLogin(a *app.App) *cobra.Command {
	return phoneCommand(a, app.Spec{
		Use:   "login",
		Short: lang.T{En: "Print a code, as wx.login would hand it out", Zh: "打印一个 code，与 wx.login 给出的一样"},
		Long: lang.T{
			En: "The simulated phone calls wx.login. The code is good for one exchange within five minutes of the mock's clock. Only the code is printed; --json has everything.",
			Zh: "模拟手机调用 wx.login。code 在模拟时钟的五分钟内可兑换一次。只打印 code，加 --json 可得到全部信息。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "exchange it at once", Zh: "立即兑换"}, Line: "wxlogin mock login --user bob | wxlogin exchange -"},
			{Note: lang.T{En: "in a script", Zh: "在脚本中"}, Line: "CODE=$(wxlogin mock login)"},
		},
	}, func(c *cobra.Command, who mockclient.Who) error {
		client, err := a.Mock()
		if err != nil {
			return err
		}
		login, err := client.Login(c.Context(), who)
		if err != nil {
			return err
		}
		return printRaw(a, login.Raw, func(p *term.Page) { p.Text(string(login.Code)) })
	})
}

// openData makes a verb that prints what a function of wx.* hands to success. It is an object in every format: it is made to be
// piped into decrypt.
func openData(a *app.App, spec app.Spec, call func(*mockclient.Client, context.Context, mockclient.Who) (mockclient.OpenData, error)) *cobra.Command {
	return phoneCommand(a, spec, func(c *cobra.Command, who mockclient.Who) error {
		client, err := a.Mock()
		if err != nil {
			return err
		}
		data, err := call(client, c.Context(), who)
		if err != nil {
			return err
		}
		output, err := a.Output()
		if err != nil {
			return err
		}
		if !output.Machine() {
			return a.IO.PrintDocument(lineOf(data.Raw))
		}
		return output.Print(a.IO, data.Raw, nil)
	})
}

// lineOf ends the object with a line feed.
func lineOf(raw json.RawMessage) []byte { return append(slices.Clip(raw), '\n') }

func newUserinfo(a *app.App) *cobra.Command {
	return openData(a, app.Spec{
		Use:   "userinfo",
		Short: lang.T{En: "Print what wx.getUserInfo hands to success", Zh: "打印 wx.getUserInfo 返回给 success 的对象"},
		Long: lang.T{
			En: "The profile is today's anonymised one (nickName 微信用户), encrypted under the key of the user's newest wx.login, whether or not its code has been exchanged.",
			Zh: "资料是如今的匿名形式（nickName 为“微信用户”），用该用户最近一次 wx.login 的密钥加密，无论 code 是否已兑换。",
		},
		Examples: []app.Example{{Note: lang.T{En: "decrypt it under the saved session", Zh: "用已保存的会话解密"}, Line: "wxlogin mock userinfo | wxlogin decrypt -"}},
	}, (*mockclient.Client).Userinfo)
}

func newPhone(a *app.App) *cobra.Command {
	return openData(a, app.Spec{
		Use:   "phone",
		Short: lang.T{En: "Print what the phone number button hands out", Zh: "打印手机号按钮给出的对象"},
		Long: lang.T{
			En: "The object has encryptedData for decrypt, and code, which the server API getuserphonenumber takes.",
			Zh: "对象中有供解密的 encryptedData，以及供服务端接口 getuserphonenumber 使用的 code。",
		},
		Examples: []app.Example{{Note: lang.T{En: "the number alone", Zh: "只要号码"}, Line: "wxlogin mock phone | wxlogin decrypt - -q .data.phoneNumber"}},
	}, (*mockclient.Client).Phone)
}

func newWeRun(a *app.App) *cobra.Command {
	return openData(a, app.Spec{
		Use:   "werun",
		Short: lang.T{En: "Print what wx.getWeRunData hands to success", Zh: "打印 wx.getWeRunData 返回给 success 的对象"},
		Long: lang.T{
			En: "A month of daily steps, each stamped with midnight in China.",
			Zh: "一个月的每日步数，时间戳为北京时间零点。",
		},
		Examples: []app.Example{{Note: lang.T{En: "the steps of the last day", Zh: "最近一天的步数"}, Line: "wxlogin mock werun | wxlogin decrypt - -q '.data.stepInfoList[-1].step'"}},
	}, (*mockclient.Client).WeRun)
}

func newGroup(a *app.App) *cobra.Command {
	return openData(a, app.Spec{
		Use:   "group",
		Short: lang.T{En: "Print what wx.getGroupEnterInfo hands to success", Zh: "打印 wx.getGroupEnterInfo 返回给 success 的对象"},
		Long: lang.T{
			En: "The group that the mini program was entered from. WeChat documents no watermark for it.",
			Zh: "进入小程序时所在的群。微信文档中它没有水印。",
		},
		Examples: []app.Example{{Note: lang.T{En: "the group's id", Zh: "群的 id"}, Line: "wxlogin mock group | wxlogin decrypt - -q .data.opengid"}},
	}, (*mockclient.Client).Group)
}

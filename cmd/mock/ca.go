package mock

import (
	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
)

// newCA is `wxlogin mock ca`.
func newCA(a *app.App) *cobra.Command {
	c := command(a, app.Spec{
		Use:   "ca",
		Short: lang.T{En: "Print the certificate of the mock's CA, as PEM", Zh: "打印模拟服务的 CA 证书（PEM）"},
		Long: lang.T{
			En: "A mock is a proxy, too: it answers https://api.weixin.qq.com and WeChat's other API hosts itself, under certificates of a CA that it makes at its start and that lives for a day at most. Give a client this certificate to trust, beside those it has, and the mock's address as its HTTPS proxy. The CA can vouch for WeChat's hosts only, and its key never leaves the mock's memory; do not install it into the system's store all the same: the next run has another.\nserve --mock --ca-dir DIR writes it to a file at the start.",
			Zh: "模拟服务同时是一个代理：它自己应答 https://api.weixin.qq.com 等微信接口域名，所用的证书由启动时临时生成的 CA 签发，最多有效一天。让客户端在原有证书之外信任这张证书，并把模拟服务的地址设为 HTTPS 代理即可。该 CA 只能为微信的域名担保，私钥只存在于模拟服务的内存中；即便如此也不要把它装进系统证书库，因为下次启动就会换一个。\nserve --mock --ca-dir DIR 会在启动时把它写入文件。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "call WeChat's address, and reach the mock", Zh: "访问微信的地址，实际到达模拟服务"}, Line: `wxlogin mock ca > ca.pem; curl --cacert ca.pem -x http://127.0.0.1:8420 "https://api.weixin.qq.com/cgi-bin/token"`},
			{Note: lang.T{En: "what it is", Zh: "查看证书内容"}, Line: "wxlogin mock ca | openssl x509 -noout -text"},
		},
	})
	c.RunE = func(c *cobra.Command, _ []string) error {
		client, err := a.Mock()
		if err != nil {
			return err
		}
		output, err := a.Output()
		if err != nil {
			return err
		}
		ca, err := client.CA(c.Context())
		if err != nil {
			return err
		}
		if output.Machine() {
			return output.Print(a.IO, ca.Raw, nil)
		}
		return printLines(a, []byte(ca.PEM))
	}
	return c
}

package wxhttp

import (
	"net/http"
	"time"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// An Authority is the certificate authority under which a simulation answers for WeChat's hosts, as far as it is public.
type Authority struct {
	PEM      []byte
	NotAfter time.Time
}

type caAnswer struct {
	PEM       string    `json:"pem"`
	Hosts     []string  `json:"hosts"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (h *handler) readCA(*http.Request) (any, error) {
	if len(h.CA.PEM) == 0 {
		return nil, &requestError{status: http.StatusNotFound, reason: reasonNotFound, detail: "this simulation does not intercept WeChat's hosts"}
	}
	return caAnswer{PEM: string(h.CA.PEM), Hosts: wechat.Hosts(), ExpiresAt: h.CA.NotAfter.UTC()}, nil
}

// docAuthority stands in the documentation for one that is made anew with each run.
func docAuthority(now time.Time) Authority {
	return Authority{PEM: []byte("-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n"), NotAfter: now.Add(24 * time.Hour)}
}

var docCA = routeDoc{
	text: lang.T{
		En: "The certificate of the authority under which this run answers for WeChat's hosts, and which hosts those are. A client that trusts it can be led to the simulation as a proxy; the certificate vouches for no other host, and the key never leaves the process.",
		Zh: "本次运行用来代答微信域名的 CA 证书，以及这些域名。信任它的客户端即可通过代理访问模拟服务；该证书不能为其他域名担保，私钥从不离开进程。",
	},
	examples: []string{""},
}

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

// noFields is a request that has nothing to say.
type noFields struct{}

func (h *handler) writeFiles(*http.Request, noFields) (any, error) {
	if h.Files == nil {
		return nil, &requestError{status: http.StatusNotFound, reason: reasonNotFound, detail: "this simulation does not intercept WeChat's hosts"}
	}
	return h.Files()
}

// docClientFiles stand in the documentation for those of a run.
func docClientFiles() (any, error) {
	const dir = "/tmp/wxlogin-1234567890/"
	return struct {
		CA          string `json:"ca"`
		Bundle      string `json:"bundle"`
		Extra       string `json:"extra"`
		TrustStore  string `json:"trust_store"`
		NodePreload string `json:"node_preload"`
		PHPDir      string `json:"php_dir"`
		Wgetrc      string `json:"wgetrc"`
	}{dir + "ca.pem", dir + "bundle.pem", dir + "extra.pem", dir + "truststore.p12", dir + "node.cjs", dir[:len(dir)-1], dir + "wgetrc"}, nil
}

var docFiles = routeDoc{
	text: lang.T{
		En: "Writes the files that make clients find and trust this run to a temporary directory of the mock's, unless they are there already, and answers where they are: what wxlogin mock env builds its variables from. They are gone when the mock ends. None of them holds a key.",
		Zh: "把让客户端找到并信任本次运行的文件写入模拟服务的临时目录（已存在则不再写），并返回它们的位置，wxlogin mock env 据此生成环境变量。模拟服务结束时它们会被删除，其中没有任何私钥。",
	},
	examples: []string{""},
}

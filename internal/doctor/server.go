package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// AreaServer is a login server that runs already.
const AreaServer Area = "server"

// probeLimit is for both questions together. A server gives its own checks two seconds.
const probeLimit = 5 * time.Second

// An AddressError says that an address is not one of a server.
type AddressError struct{ Reason lang.Message }

func (e *AddressError) Error() string { return e.Reason.In(lang.English) }

// Server asks a running login server whether it lives and whether it is ready. It needs no configuration and no file. A server that is
// alive and not ready gets a warning: what it waits for does not come back by starting it again. A nil transport means one that uses no
// proxy. The error is an [*AddressError].
func Server(ctx context.Context, address string, transport http.RoundTripper) ([]Check, error) {
	base, err := url.Parse(address)
	switch {
	case strings.Contains(address, "@"): // not repeated: a password is part of it
		return nil, &AddressError{textAddressUser.With()}
	case err != nil, base.Scheme != "http" && base.Scheme != "https", base.Host == "":
		return nil, &AddressError{textNoAddress.With(redact.Shorten(address, 80))}
	case base.RawQuery != "", base.Fragment != "":
		return nil, &AddressError{textMoreThanAddress.With(base.Host)}
	}
	if transport == nil {
		transport = &http.Transport{DisableKeepAlives: true}
	}
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	x := &examination{}
	if alive := x.alive(ctx, base, transport); alive {
		x.readiness(ctx, base, transport)
	}
	return x.checks, nil
}

// alive asks /healthz.
func (x *examination) alive(ctx context.Context, base *url.URL, transport http.RoundTripper) bool {
	start := time.Now()
	status, body, err := probe(ctx, base.JoinPath("healthz"), transport)
	fail := func(message lang.Message, fix lang.T) {
		x.add(AreaServer, "alive", Fail, message, fix.With())
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		fail(textServerSlow.With(base.Host, probeLimit), textFixServerSlow)
	case err != nil:
		message, fix := explainNetwork(err, base.Host)
		if fix == textFixDNS { // WeChat's other hosts are no help here
			fix = textFixNoServer
		}
		fail(message, fix)
	case status == http.StatusMisdirectedRequest:
		fail(textServerHost.With(base.Host), textFixServerHost)
	case status != http.StatusOK || body != "ok":
		fail(textNotAServer.With(base.Host, status), textFixNoServer)
	default:
		x.ok(AreaServer, "alive", textAlive, base.Host, round(time.Since(start)))
		return true
	}
	return false
}

// readiness asks /readyz.
func (x *examination) readiness(ctx context.Context, base *url.URL, transport http.RoundTripper) {
	status, body, err := probe(ctx, base.JoinPath("readyz"), transport)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		x.add(AreaServer, "ready", Warn, textReadinessSlow.With(probeLimit), lang.Message{})
	case err != nil:
		x.add(AreaServer, "ready", Warn, textNoReadiness.With(wxapi.Cause(bare(err))), lang.Message{})
	case status == http.StatusOK:
		x.ok(AreaServer, "ready", textServerReady)
	case body == "not ready": // no check of its own has failed
		x.add(AreaServer, "ready", Warn, textServerBusy.With(), lang.Message{})
	default:
		x.add(AreaServer, "ready", Warn, textServerNotReady.With(redact.Shorten(strings.TrimPrefix(body, "not ready: "), 80)), textFixNotReady.With())
	}
}

// probe gets what a short page says.
func probe(ctx context.Context, u *url.URL, transport http.RoundTripper) (status int, body string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return 0, "", err
	}
	response, err := transport.RoundTrip(request) // no redirect is followed
	if err != nil {
		return 0, "", err
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return 0, "", fmt.Errorf("read the answer: %w", err)
	}
	return response.StatusCode, strings.TrimSpace(string(text)), nil
}

var (
	textNoAddress       = lang.T{En: "%q is not the address of a server, such as http://127.0.0.1:8420", Zh: "%q 不是服务器地址，地址形如 http://127.0.0.1:8420"}
	textAddressUser     = lang.T{En: "the address of a server has no user name and no password in it", Zh: "服务器地址中不能带用户名和密码"}
	textMoreThanAddress = lang.T{En: "the address of the server at %s has a query or a fragment", Zh: "%s 的服务器地址带有查询参数或片段"}
	textAlive           = lang.T{En: "the server at %s answers (%v)", Zh: "服务器 %s 有响应（%v）"}
	textServerReady     = lang.T{En: "it is ready: its store and its keys work", Zh: "已就绪：存储和密钥可用"}
	textServerNotReady  = lang.T{En: "it is not ready: %s", Zh: "尚未就绪：%s"}
	textServerBusy      = lang.T{En: "it is starting or stopping", Zh: "正在启动或停止"}
	textReadinessSlow   = lang.T{En: "it does not say within %v whether it is ready", Zh: "%v 内没有说明是否就绪"}
	textNoReadiness     = lang.T{En: "it does not say whether it is ready: %s", Zh: "未说明是否就绪：%s"}
	textServerSlow      = lang.T{En: "the server at %s did not answer within %v", Zh: "服务器 %s 在 %v 内没有响应"}
	textServerHost      = lang.T{En: "the server there does not answer to the name %s (HTTP 421)", Zh: "服务器不响应主机名 %s（HTTP 421）"}
	textNotAServer      = lang.T{En: "what answers at %s (HTTP %d) is no login server of wxlogin", Zh: "%s 的响应（HTTP %d）不是来自 wxlogin 的登录服务器"}
	textFixNoServer     = lang.T{En: "start it (wxlogin serve), or give the address in its first line of output", Zh: "启动它（wxlogin serve），或改用其启动时输出的地址"}
	textFixServerHost   = lang.T{En: "start it with --host NAME, or ask it by its IP address", Zh: "以 --host NAME 启动，或改用 IP 地址"}
	textFixServerSlow   = lang.T{En: "look at its log; if it does not write any more, start it again", Zh: "查看其日志；若已不再输出，请重新启动"}
	textFixNotReady     = lang.T{En: "its log has the cause; it is ready again by itself when that is gone (docs/deploy.md)", Zh: "原因见其日志；问题消除后会自动恢复就绪（docs/zh-CN/deploy.md）"}
)

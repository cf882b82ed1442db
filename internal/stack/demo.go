package stack

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/pipe"
	"github.com/wxlogin/wxlogin/internal/redact"
)

// A Step of the demonstration: what happens, what went over the wire, and how it ended.
type Step struct {
	Title   lang.T
	Command string // what a user types for it; "" where it follows from the step before
	Calls   []Call
	OK      bool // a login that works; false where the step shows how one fails
	Outcome lang.Message
}

// A Call is one exchange of messages, with secrets masked and long values cut.
type Call struct {
	From, To lang.T
	Request  string
	Status   int // HTTP status; 0 for calls of wx.*, which are no HTTP
	Answer   string
}

// demoTTL is the life of the demonstration's tokens and sessions; nothing of it outlives the run.
const demoTTL = 24 * time.Hour

// Demo starts a simulation that listens nowhere, walks a login through it and reports each step. It writes no file.
func Demo(ctx context.Context, report func(Step)) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	front := pipe.Listen("mini-program")
	d := &demo{client: &http.Client{Transport: &http.Transport{DialContext: front.DialContext}}, report: report}
	running, err := Start(ctx, Options{
		Logger: slog.New(slog.DiscardHandler), TokenTTL: demoTTL, SessionTTL: demoTTL, Timeout: 5 * time.Second,
		Mock: &Mock{}, listener: front, tap: d.wire.tap,
	})
	if err != nil {
		return err
	}
	d.url = running.URL()
	for _, step := range []func(context.Context) error{d.mint, d.login, d.decrypt, d.inspect, d.again, d.late, d.foreign} {
		if err = step(ctx); err != nil {
			break
		}
	}
	d.client.CloseIdleConnections()
	stop()
	return errors.Join(err, running.Wait())
}

// demo is a walk in progress.
type demo struct {
	client *http.Client
	url    string
	report func(Step)

	wire wire // between the login server and WeChat

	code   string          // the newest
	first  string          // that of the first login
	token  redact.Secret   // the newest
	sealed json.RawMessage // what wx.* handed out last
}

var (
	theMiniProgram = lang.T{En: "mini program", Zh: "小程序"}
	theServer      = lang.T{En: "login server", Zh: "登录服务器"}
	theWeChat      = lang.T{En: "WeChat", Zh: "微信"}
)

func (d *demo) mint(ctx context.Context) error {
	call, err := d.phone(ctx, "login", "wx.login()", "alice")
	if err != nil {
		return err
	}
	d.first = d.code
	d.report(Step{
		Title:   lang.T{En: "The mini program asks WeChat for a code", Zh: "小程序向微信要一个 code"},
		Command: "wxlogin mock login", Calls: []Call{call}, OK: true,
		Outcome: lang.T{En: "It lives five minutes and works once.", Zh: "code 五分钟内有效，只能用一次。"}.With(),
	})
	return nil
}

func (d *demo) login(ctx context.Context) error {
	call, err := d.onLogin(ctx, d.code)
	if err != nil {
		return err
	}
	d.report(Step{
		Title:   lang.T{En: "The login server exchanges it, and answers with a token", Zh: "登录服务器用它换取会话，并返回令牌"},
		Command: "wxlogin exchange CODE", Calls: append(d.wire.take(), call), OK: true,
		Outcome: lang.T{En: "session_key stays on the server; the openid travels only inside the encrypted token.", Zh: "session_key 留在服务器上；openid 只存在于加密的令牌里。"}.With(),
	})
	return nil
}

func (d *demo) decrypt(ctx context.Context) error {
	given, err := d.phone(ctx, "phone", "<button open-type=\"getPhoneNumber\">", "alice")
	if err != nil {
		return err
	}
	call, err := d.decryptCall(ctx)
	if err != nil {
		return err
	}
	d.report(Step{
		Title:   lang.T{En: "The user taps the phone button; the server decrypts what WeChat encrypted", Zh: "用户点击手机号按钮，服务器解密微信加密的数据"},
		Command: "wxlogin mock phone | wxlogin decrypt -", Calls: []Call{given, call}, OK: true,
		Outcome: lang.T{En: "AES-128-CBC under the saved session_key; the watermark's appid was checked.", Zh: "用保存的 session_key 以 AES-128-CBC 解密，并校验了水印中的 appid。"}.With(),
	})
	return nil
}

func (d *demo) inspect(ctx context.Context) error {
	answer, err := d.post(ctx, "/_mock/inspect", map[string]string{"token": d.token.Reveal()})
	if err != nil {
		return err
	}
	var in struct {
		Verdict   string    `json:"verdict"`
		ExpiresAt time.Time `json:"expires_at"`
		Session   string    `json:"session"`
	}
	if err := json.Unmarshal(answer, &in); err != nil {
		return err
	}
	d.report(Step{
		Title:   lang.T{En: "The token says who it is for, to whoever holds the key", Zh: "持有密钥的一方可以看出令牌属于谁"},
		Command: "wxlogin inspect TOKEN", OK: true,
		Outcome: lang.T{En: "%s until %s; the session is %s.", Zh: "结论 %s，有效期至 %s；会话状态 %s。"}.With(in.Verdict, in.ExpiresAt.Format(time.RFC3339), in.Session),
	})
	return nil
}

func (d *demo) again(ctx context.Context) error {
	call, err := d.onLogin(ctx, d.first)
	if err != nil {
		return err
	}
	d.report(Step{
		Title:   lang.T{En: "The same code again", Zh: "再用一次同一个 code"},
		Command: "wxlogin exchange CODE", Calls: append(d.wire.take(), call),
		Outcome: lang.T{En: "40163: a code works once. The client reads the reason and calls wx.login again.", Zh: "40163：code 只能用一次。客户端根据 reason 重新调用 wx.login。"}.With(),
	})
	return nil
}

func (d *demo) late(ctx context.Context) error {
	minted, err := d.phone(ctx, "login", "wx.login()", "alice")
	if err != nil {
		return err
	}
	if _, err := d.post(ctx, "/_mock/clock", map[string]string{"move": "+6m"}); err != nil {
		return err
	}
	call, err := d.onLogin(ctx, d.code)
	if err != nil {
		return err
	}
	d.report(Step{
		Title:   lang.T{En: "A fresh code, six minutes later", Zh: "新的 code，但过了六分钟"},
		Command: "wxlogin mock login; wxlogin mock clock +6m", Calls: append(append([]Call{minted}, d.wire.take()...), call),
		Outcome: lang.T{En: "40029: expired. In a mock nobody has to wait for that.", Zh: "40029：已过期。在模拟服务里无需真的等待。"}.With(),
	})
	return nil
}

func (d *demo) foreign(ctx context.Context) error {
	given, err := d.phone(ctx, "userinfo", "wx.getUserInfo()", "alice")
	if err != nil {
		return err
	}
	sealed := d.sealed
	if _, err := d.phone(ctx, "login", "wx.login()", "bob"); err != nil {
		return err
	}
	if _, err := d.onLogin(ctx, d.code); err != nil {
		return err
	}
	d.wire.take()
	d.sealed = sealed
	call, err := d.decryptCall(ctx)
	if err != nil {
		return err
	}
	d.report(Step{
		Title:   lang.T{En: "Alice's data under Bob's session", Zh: "用 Bob 的会话解密 Alice 的数据"},
		Command: "wxlogin decrypt payload.json", Calls: []Call{given, call},
		Outcome: lang.T{En: "Another key: nothing can be read, and the client learns no more than that.", Zh: "密钥不对：什么也读不出来，客户端得到的信息仅此而已。"}.With(),
	})
	return nil
}

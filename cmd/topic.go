package cmd

import (
	"fmt"
	"strconv"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/intercept"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/world"
)

// A topic is a page of help that belongs to no single command.
type topic struct {
	name  string
	short lang.T
	print func(a *app.App, p *term.Page)
}

// topics in the order in which help lists them.
func topics() []topic {
	return []topic{
		{"environment", lang.T{En: "variables that wxlogin reads", Zh: "wxlogin 读取的环境变量"}, printEnvironment},
		{"exit-codes", lang.T{En: "what each exit code means, and whether to retry", Zh: "各退出码的含义，以及是否值得重试"}, printExitCodes},
		{"formatting", lang.T{En: "--json, -o, -q, and what errors look like to programs", Zh: "--json、-o、-q，以及程序看到的错误格式"}, paragraphs(textFormatting)},
		{"secrets", lang.T{En: "where secrets come from, and where they never go", Zh: "密钥从哪里来，绝不会出现在哪里"}, paragraphs(textSecrets)},
		{"mock", lang.T{En: "the simulated WeChat, its phone and its clock", Zh: "模拟的微信、模拟手机和它的时钟"}, printMock},
		{"intercept", lang.T{En: "leading a server that has WeChat's address compiled in to the mock", Zh: "让写死微信地址的服务器访问模拟服务"}, printIntercept},
		{"ci", lang.T{En: "logging in from a CI job", Zh: "在 CI 中登录"}, printCI},
	}
}

func findTopic(name string) (topic, bool) {
	for _, t := range topics() {
		if t.name == name {
			return t, true
		}
	}
	return topic{}, false
}

func topicNames() []string {
	var names []string
	for _, t := range topics() {
		names = append(names, t.name)
	}
	return names
}

func topicRows(l lang.Lang) []term.Row {
	var rows []term.Row
	for _, t := range topics() {
		rows = append(rows, term.Row{Name: t.name, Text: t.short.In(l)})
	}
	return rows
}

func paragraphs(text lang.T) func(*app.App, *term.Page) {
	return func(_ *app.App, p *term.Page) { p.Paragraphs(p.In(text)) }
}

func printExitCodes(_ *app.App, p *term.Page) {
	var rows [][]term.Cell
	for _, e := range exits() {
		rows = append(rows, term.Cells(strconv.Itoa(e.code), e.kind, p.In(e.retry), p.In(e.when)))
	}
	p.Table([]lang.T{
		{En: "code", Zh: "退出码"}, {En: "name", Zh: "名称"}, {En: "retry?", Zh: "重试"}, {En: "when", Zh: "何时"},
	}, rows)
	p.Blank()
	p.Paragraphs(p.In(lang.T{
		En: "serve --mock -- CMD exits with CMD's own code, 128 and the number of the signal if one ended it; the codes above then stand for what keeps CMD from running at all.",
		Zh: "serve --mock -- CMD 以 CMD 自己的退出码退出，被信号终止时为 128 加信号编号；此时上表只表示 CMD 未能运行的原因。",
	}))
}

func printEnvironment(_ *app.App, p *term.Page) {
	p.Paragraphs(p.In(textEnvironment))
	p.Heading(lang.T{En: "Configuration keys", Zh: "配置项"})
	var rows []term.Row
	for _, k := range config.Keys() {
		text := k.Help.In(p.Lang())
		if k.Default != "" {
			text += fmt.Sprintf(" [%s]", k.Default)
		}
		rows = append(rows, term.Row{Name: k.Env, Text: text})
	}
	p.Rows(rows)
	p.Heading(lang.T{En: "Besides", Zh: "其他"})
	rows = nil
	for _, v := range append(config.Variables(), terminalVariables()...) {
		rows = append(rows, term.Row{Name: v.Name, Text: v.Help.In(p.Lang())})
	}
	p.Rows(rows)
}

// printMock is prose, and the lists of what a simulation understands.
func printMock(_ *app.App, p *term.Page) {
	p.Paragraphs(p.In(textMock))
	p.Heading(lang.T{En: "Magic codes", Zh: "魔法 code"})
	p.Paragraphs(p.In(textMagic))
	var rows []term.Row
	for _, form := range world.MagicForms() {
		text := form.Help.In(p.Lang())
		if form.Example != form.Form {
			text += ": " + form.Example
		}
		rows = append(rows, term.Row{Name: form.Form, Text: text})
	}
	p.Blank()
	p.Rows(rows)
	p.Heading(lang.T{En: "Faults", Zh: "故障"})
	p.Paragraphs(p.In(textFaults))
	rows = nil
	for _, form := range world.Effects() {
		rows = append(rows, term.Row{Name: form.Form(), Text: form.Help.In(p.Lang())})
	}
	p.Blank()
	p.Rows(rows)
	p.Heading(lang.T{En: "Scenarios", Zh: "场景"})
	rows = nil
	for _, s := range world.Scenarios() {
		rows = append(rows, term.Row{Name: s.Name, Text: s.Text.In(p.Lang())})
	}
	p.Rows(rows)
}

func terminalVariables() []config.Variable {
	return []config.Variable{
		{Name: "NO_COLOR", Help: lang.T{En: "no colour, whatever its (non-empty) value", Zh: "不使用颜色（任意非空值）"}},
		{Name: "CLICOLOR_FORCE, FORCE_COLOR", Help: lang.T{En: "colour even in a pipe, unless 0", Zh: "即使在管道中也使用颜色（0 除外）"}},
		{Name: "CI", Help: lang.T{En: "no questions, English messages", Zh: "不提问，消息使用英文"}},
		{Name: "LC_ALL, LC_MESSAGES, LANG", Help: lang.T{En: "zh… makes the messages Chinese", Zh: "以 zh 开头时消息使用中文"}},
		{Name: "HTTPS_PROXY, NO_PROXY", Help: lang.T{En: "proxy for calls to WeChat", Zh: "访问微信时使用的代理"}},
	}
}

var textEnvironment = lang.T{
	En: "A flag is stronger than a variable, a variable than the project's ./wxlogin.yaml, that than the user's config.yaml (wxlogin config path). wxlogin config list --show-origin tells where each value comes from.",
	Zh: "优先级从高到低：命令行参数、环境变量、项目的 ./wxlogin.yaml、用户的 config.yaml（wxlogin config path）。wxlogin config list --show-origin 显示每个值的来源。",
}

var textFormatting = lang.T{
	En: `Standard output carries the answer and nothing else; progress, warnings and errors go to standard error.
--json (or -o json, or WXLOGIN_OUTPUT=json) prints one object on one line. Its field names are stable: fields are added, never renamed. Times are RFC 3339 in UTC. Secrets print as "[redacted]" unless --reveal is given.
-q EXPR runs a jq expression over that object; strings print without quotes. The expression is compiled before anything is sent, so a typo costs no code: wxlogin exchange CODE -q .openid
An error under --json is one object on standard error, and standard output stays empty: {"error":{"kind":"login","exit":5,"errcode":40029,"rid":"…","message":"…","hint":["…"]}}. The kind is the name column of wxlogin help exit-codes.
Without a terminal there is no colour, tables have tabs, times are RFC 3339, and decrypt prints WeChat's own bytes.`,
	Zh: `标准输出只有结果；进度、警告和错误都写到标准错误。
--json（或 -o json，或 WXLOGIN_OUTPUT=json）在一行内输出一个对象。字段名是稳定的：只增加，不改名。时间为 UTC 的 RFC 3339 格式。密钥显示为 "[redacted]"，除非给出 --reveal。
-q EXPR 对该对象执行 jq 表达式，字符串不带引号。表达式在发送任何请求之前编译，写错不会浪费 code：wxlogin exchange CODE -q .openid
使用 --json 时，错误是写到标准错误的一个对象，标准输出为空：{"error":{"kind":"login","exit":5,"errcode":40029,"rid":"…","message":"…","hint":["…"]}}。kind 即 wxlogin help exit-codes 中的名称。
不在终端上时没有颜色，表格用制表符分隔，时间为 RFC 3339，decrypt 原样输出微信的字节。`,
}

var textSecrets = lang.T{
	En: `No flag takes the AppSecret: command lines are seen by everybody on the machine and stay in histories and CI logs. It comes from, in this order: --secret-file FILE (- is standard input), WXLOGIN_SECRET_FILE, WXLOGIN_SECRET, the key secret of the configuration, the system's keyring, and at a terminal a prompt.
The key secret is best a reference: env:NAME, file:PATH, keyring, or cmd:COMMAND (whose output it is). A literal is accepted in a file that only you can read.
session_key, AppSecret, access tokens and login tokens print as [redacted] in every message and log. --reveal shows the session_key of exchange. Requests to WeChat carry the secret in the URL, so URLs are never printed.
Saved session keys are encrypted under a key in keys.json (wxlogin config path), a file that only you can read. Without that file they are lost.
The session_key of a decrypt may be given as @FILE, env:NAME or - (standard input).`,
	Zh: `没有任何参数接收 AppSecret：命令行会被本机所有人看到，还会留在历史记录和 CI 日志里。AppSecret 依次取自：--secret-file FILE（- 为标准输入）、WXLOGIN_SECRET_FILE、WXLOGIN_SECRET、配置项 secret、系统钥匙串，在终端上还可以提问。
配置项 secret 最好是引用：env:NAME、file:PATH、keyring，或 cmd:COMMAND（取其输出）。明文只允许写在仅你可读的文件里。
session_key、AppSecret、access_token 和登录令牌在所有消息和日志中都显示为 [redacted]。--reveal 可显示 exchange 得到的 session_key。发给微信的请求把 secret 放在 URL 里，因此从不打印 URL。
保存的 session_key 用 keys.json（wxlogin config path）中的密钥加密，该文件只有你能读；丢失它就无法再解密这些会话。
decrypt 的 session_key 可以写成 @FILE、env:NAME 或 -（标准输入）。`,
}

var textMock = lang.T{
	En: `wxlogin serve --mock runs a login server and the WeChat it asks, on one port (http://127.0.0.1:8420). In another terminal, wxlogin mock env prints the variables that point everything at it: eval "$(wxlogin mock env)"
The phone: wxlogin mock login prints a code as wx.login would hand it out; wxlogin mock userinfo, phone, werun and group print what wx.* hands to success, encrypted under the key of the user's newest login. --user NAME is any name; who does not exist yet is made.
The clock: wxlogin mock clock +6m moves the time of codes, sessions and login tokens at once, so that everything that expires can be made to. wxlogin mock clock reset puts it back, wxlogin mock reset forgets everything. decrypt reckons age_seconds and --max-age by this machine's clock, not by the mock's.
WeChat's side: /sns/jscode2session answers as WeChat does, byte for byte. Run a server, or its tests, inside the simulation (wxlogin serve --mock -- npm test), and its calls to https://api.weixin.qq.com arrive here (wxlogin help intercept); or point an SDK whose base URL can be set at WXLOGIN_API_BASE. Codes live five minutes and work once; a code of another app is refused and spent.
A mock keeps nothing on disk. Its login tokens are sealed with keys that live in that process only, so no other server accepts them, and wxlogin inspect asks the running mock about them.
In WeChat DevTools, codes come from the real WeChat or are "the code is a mock one": serve --mock --adopt logs the default user in for those.`,
	Zh: `wxlogin serve --mock 在同一个端口（http://127.0.0.1:8420）上运行登录服务器和它所对接的“微信”。在另一个终端里，wxlogin mock env 打印指向它的环境变量：eval "$(wxlogin mock env)"
手机：wxlogin mock login 打印一个 code，与 wx.login 给出的一样；wxlogin mock userinfo、phone、werun、group 打印 wx.* 返回给 success 的对象，用该用户最近一次登录的密钥加密。--user NAME 可以是任意名字，不存在的用户会自动创建。
时钟：wxlogin mock clock +6m 同时拨动 code、会话和登录令牌的时间，让一切会过期的东西过期。wxlogin mock clock reset 恢复时间，wxlogin mock reset 清空一切。decrypt 的 age_seconds 和 --max-age 按本机时钟计算，而不是模拟服务的时钟。
微信一侧：/sns/jscode2session 的应答与微信逐字节一致。在模拟环境中运行服务器或它的测试（wxlogin serve --mock -- npm test），它对 https://api.weixin.qq.com 的调用就会到达这里（wxlogin help intercept）；也可以把能设置地址的 SDK 指向 WXLOGIN_API_BASE。code 五分钟内有效且只能用一次；别的小程序的 code 会被拒绝并作废。
模拟服务不写磁盘。它的登录令牌用只存在于该进程的密钥加密，其他服务器都不接受，wxlogin inspect 会去询问正在运行的模拟服务。
微信开发者工具里的 code 来自真实微信，或者是 "the code is a mock one"：serve --mock --adopt 会让它们以默认用户登录。`,
}

var textIntercept = lang.T{
	En: `Most servers and SDKs have https://api.weixin.qq.com compiled in. wxlogin serve --mock -- CMD runs such a server, or its tests, in an environment that leads it to the mock, without a change and without its noticing: the mock is the proxy that it uses, and answers for WeChat's hosts under a CA that lives for this run and that only CMD trusts. Nothing is installed, and nothing stays behind. CMD has standard output to itself, and its exit code is ours.
For a server that was started by hand, (eval "$(wxlogin mock env)"; node server.js) does the same.
Hosts other than WeChat's are passed on untouched; serve --mock --offline refuses them. The guide, with what each runtime was seen to do: docs/intercept.md`,
	Zh: `多数服务器和 SDK 都把 https://api.weixin.qq.com 写死在代码里。wxlogin serve --mock -- CMD 在一个会把它引向模拟服务的环境中运行这样的服务器或它的测试，无需改动，它也察觉不到：模拟服务就是它使用的代理，并以只属于本次运行、只有 CMD 信任的 CA 代答微信的域名。不安装任何东西，也不留下任何东西。标准输出完全归 CMD 使用，退出码就是 CMD 的退出码。
手动启动的服务器，用 (eval "$(wxlogin mock env)"; node server.js) 可达到同样效果。
微信以外的域名原样转发，加 serve --mock --offline 则拒绝。详细说明及各运行时的实测结果见 docs/zh-CN/intercept.md`,
}

var textNotReached = lang.T{
	En: `A client that takes its proxy from nowhere goes past: Java's Apache HttpClient unless it is told useSystemProperties(), and with it WxJava as it comes; aiohttp without trust_env=True; Go with a Transport that has no Proxy; requests with trust_env off. Set its base URL to WXLOGIN_API_BASE, or its proxy to HTTPS_PROXY: docs/intercept.md has a table of SDKs and their option.
A client that has certificates of its own does not trust the CA: it is named at the end, and in wxlogin mock journal. wxlogin mock ca prints the certificate. On macOS and Windows, Go reads the system's store only.
A program that is only asked by CMD, a daemon or a container, has not got the environment.
--offline refuses what CMD asks of other hosts through the proxy, and names them. What goes around the proxy leaves no trace; without a network it fails.`,
	Zh: `从不读取代理设置的客户端会绕过模拟服务：Java 的 Apache HttpClient（除非调用 useSystemProperties()），因而也包括默认配置的 WxJava；没有 trust_env=True 的 aiohttp；Transport 没有设置 Proxy 的 Go 程序；关闭 trust_env 的 requests。请把它的接口地址设为 WXLOGIN_API_BASE，或把它的代理设为 HTTPS_PROXY：docs/zh-CN/intercept.md 列出了各 SDK 的对应选项。
自带证书的客户端不信任该 CA：结束时会被点名，也可在 wxlogin mock journal 中看到。wxlogin mock ca 打印证书。在 macOS 和 Windows 上，Go 只读取系统证书库。
由 CMD 间接调用的程序（守护进程、容器）没有这些环境变量。
加 --offline 时，经代理发往其他主机的请求会被拒绝并列出。绕过代理的请求不留任何痕迹，断网时才会失败。`,
}

var textMagic = lang.T{
	En: "A test that has nothing but a code says by the code what is to happen, as payment services have test cards. It needs no call of the mock before, works any number of times, and goes wherever a code of wx.login goes: wxlogin exchange err-45011. Calls that are to fail are counted for each whole string and mini program. serve --mock --strict switches them off.",
	Zh: "如果测试手里只有一个 code，可以用 code 本身指定要发生的事，就像支付服务的测试卡号。它不需要事先调用模拟服务，可重复使用，凡是能用 wx.login 的 code 的地方都能用：wxlogin exchange err-45011。失败次数按整个字符串、按小程序分别计数。serve --mock --strict 可将其关闭。",
}

var textFaults = lang.T{
	En: "wxlogin mock fault add EFFECT strikes calls until it is removed, wxlogin mock scenario start NAME adds the faults of a story, and wxlogin mock fault clear ends both.",
	Zh: "wxlogin mock fault add EFFECT 让调用出错，直到被移除；wxlogin mock scenario start NAME 添加一个场景的故障；wxlogin mock fault clear 结束这一切。",
}

// printIntercept is prose, and the variables.
func printIntercept(_ *app.App, p *term.Page) {
	p.Paragraphs(p.In(textIntercept))
	p.Heading(lang.T{En: "Variables", Zh: "环境变量"})
	var rows []term.Row
	for _, v := range intercept.Variables() {
		rows = append(rows, term.Row{Name: v.Names[0], Text: v.Read.In(p.Lang())})
		for _, name := range v.Names[1:] {
			rows = append(rows, term.Row{Name: name, Text: p.In(lang.T{En: "as above", Zh: "同上"})})
		}
	}
	p.Rows(rows)
	p.Heading(lang.T{En: "When no call arrives", Zh: "没有调用到达时"})
	p.Paragraphs(p.In(textNotReached))
}

// printCI is a recipe: the lines of it run in the tests.
func printCI(_ *app.App, p *term.Page) {
	p.Paragraphs(p.In(lang.T{
		En: "A CI job has no phone, no AppID and no network to WeChat; a mock needs none of them. Start one on a free port, wait for it, and let the server under test find it:",
		Zh: "CI 里没有手机、没有 AppID，也连不上微信；模拟服务都不需要。在空闲端口上启动，等待就绪，并让被测服务器找到它：",
	}))
	p.Blank()
	for _, line := range ciRecipe() {
		p.Command(line)
	}
	p.Blank()
	p.Paragraphs(p.In(lang.T{
		En: "Or run the tests inside the simulation, on a port of its own, and take their exit code; nothing has to be set, even where https://api.weixin.qq.com is compiled in (wxlogin help intercept):",
		Zh: "或者直接在模拟环境中运行测试：端口自动选择，退出码就是测试的退出码；即使代码里写死了 https://api.weixin.qq.com，也不需要任何设置（wxlogin help intercept）：",
	}))
	p.Blank()
	p.Command("wxlogin serve --mock -- npm test")
	p.Blank()
	p.Paragraphs(p.In(lang.T{
		En: "mock env sets WXLOGIN_URL, WXLOGIN_API_BASE, WXLOGIN_APPID and WXLOGIN_SECRET, and what leads other programs to the mock. What expires is tested with wxlogin mock clock +6m; wxlogin mock reset between two tests starts anew.\nExit codes tell what happened (wxlogin help exit-codes), errors are JSON with --json, messages are English where CI is set, and nothing asks questions. SIGTERM lets the mock finish what is in flight; it then removes the ready file and exits with 0.",
		Zh: "mock env 会设置 WXLOGIN_URL、WXLOGIN_API_BASE、WXLOGIN_APPID 和 WXLOGIN_SECRET，以及把其他程序引向模拟服务的变量。用 wxlogin mock clock +6m 测试过期，用 wxlogin mock reset 在两个测试之间清空。\n退出码说明结果（wxlogin help exit-codes），加 --json 时错误是 JSON；设置了 CI 时消息为英文，也不会提问。收到 SIGTERM 后，模拟服务会处理完手头的请求、删除就绪文件，退出码为 0。",
	}))
}

// ciRecipe is a shell script.
func ciRecipe() []string {
	return []string{
		"wxlogin serve --mock --addr 127.0.0.1:0 --ready-file ready.json 2> mock.log & MOCK=$!",
		`eval "$(wxlogin mock env --shell bash --ready-file ready.json)"`,
		"CODE=$(wxlogin mock login --user alice)",
		"wxlogin exchange $CODE -q .openid",
		"kill $MOCK; wait $MOCK",
	}
}

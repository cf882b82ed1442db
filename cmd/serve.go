package cmd

import (
	"context"
	"errors"
	"net"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/intercept"
	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/stack"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/world"
	"github.com/wxlogin/wxlogin/internal/world/worldfile"
)

// maxJournalSize is in records, some 300 MiB: what a journal is worth on anybody's desk.
const maxJournalSize = 1_000_000

// serveOptions of `wxlogin serve`.
type serveOptions struct {
	mock           bool
	adopt          bool
	strict         bool
	allowRemote    bool
	seed           uint64
	world          string
	users          int
	plusShare      int
	givenPlusShare bool
	offline        bool
	caDir          string
	readyFile      string
	journalSize    int
	journalFile    string
	verbose        int
	command        []string // the program that runs inside the simulation, and its arguments
	hosts          []string
}

// newServe is `wxlogin serve [--mock [-- CMD ARGS...]]`.
func newServe(a *app.App) *cobra.Command {
	opts := serveOptions{}
	c := a.Command(app.Spec{
		Use:   "serve [-- CMD [ARGS...]]",
		Short: lang.T{En: "Run the login server, with --mock against a simulated WeChat", Zh: "运行登录服务器，加 --mock 则对接模拟的微信"},
		Long: lang.T{
			En: "Answers /onLogin, /decrypt, /session and /logout for a mini program, and with an introspection_secret /introspect and /revoke for your other services (docs/tokens.md). With --mock it plays WeChat as well, on the same port: codes, session keys and encrypted data come from simulated users (wxlogin mock login), need no AppID, and cost nothing. Nothing of a mock stays on disk, and its tokens open nowhere else.\nWithout --mock it asks the real WeChat and needs an appid and its AppSecret.\nOne line on stderr tells when it is ready (with --json, one object on stdout); then a line for each request. Ctrl-C lets requests in flight finish and ends with exit code 0; a second one ends at once.\nWith -- CMD, a mock is there for one program: it takes a free port, CMD runs in an environment that leads its calls to https://api.weixin.qq.com here (wxlogin help intercept), signals are passed on to it, and when it ends the mock ends with its exit code. Both outputs are CMD's; we say something on stderr only when it fails or when no call arrived. A second Ctrl-C ends CMD at once.",
			Zh: "为小程序提供 /onLogin、/decrypt、/session 和 /logout；配置了 introspection_secret 时，还为你的其他服务提供 /introspect 和 /revoke（docs/zh-CN/tokens.md）。加 --mock 时，同一端口还会扮演微信：code、session_key 和加密数据都来自模拟用户（wxlogin mock login），不需要 AppID，也没有任何费用。模拟服务不在磁盘上留下任何东西，它签发的令牌在别处也无法打开。\n不加 --mock 时对接真实的微信，需要 appid 和 AppSecret。\n就绪时在 stderr 输出一行（加 --json 时在 stdout 输出一个对象），之后每个请求一行。按 Ctrl-C 会等正在处理的请求完成，退出码为 0；再按一次立即结束。\n加 -- CMD 时，模拟服务只为一个程序而存在：使用空闲端口，在一个会把它对 https://api.weixin.qq.com 的调用引到这里的环境中运行 CMD（wxlogin help intercept），并把信号转给它；CMD 结束时模拟服务随之结束，退出码就是 CMD 的退出码。两路输出都归 CMD 使用，只有它失败或没有任何调用到达时，我们才会在 stderr 说明。再按一次 Ctrl-C 会立即终止 CMD。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "a WeChat of your own, and a login server beside it", Zh: "自己的“微信”，外加登录服务器"}, Line: "wxlogin serve --mock"},
			{Note: lang.T{En: "a back end's tests, with WeChat's address compiled in", Zh: "运行后端的测试，代码里写死了微信的地址"}, Line: "wxlogin serve --mock -- npm test"},
			{Note: lang.T{En: "in CI: nothing but WeChat and this machine, and all calls kept", Zh: "在 CI 中：只能访问微信和本机，并保留全部调用"}, Line: "wxlogin serve --mock --offline --journal calls.ndjson -- go test ./..."},
			{Note: lang.T{En: "in a script: a free port, and a file to wait for", Zh: "在脚本中：使用空闲端口，并等待就绪文件"}, Line: "wxlogin serve --mock --addr 127.0.0.1:0 --ready-file ready.json"},
			{Note: lang.T{En: "against the real WeChat", Zh: "对接真实的微信"}, Line: "WXLOGIN_SECRET_FILE=secret.txt wxlogin serve --appid wx4f4bc4dec97d474b"},
		},
	})
	f := c.Flags()
	text := func(t lang.T) string { return t.In(a.IO.Lang) }
	f.BoolVar(&opts.mock, "mock", false, text(lang.T{En: "play WeChat, too", Zh: "同时扮演微信"}))
	f.BoolVar(&opts.adopt, "adopt", false, text(lang.T{En: "with --mock: admit any well-shaped appid with the first secret it shows, and any code, for people who develop in WeChat DevTools", Zh: "与 --mock 一起使用：接受任何格式正确的 appid（以首次出现的 secret 为准）和任何 code，便于在微信开发者工具中开发"}))
	f.BoolVar(&opts.strict, "strict", false, text(lang.T{En: "with --mock: no magic codes, such as user-alice and err-45011 (wxlogin help mock)", Zh: "与 --mock 一起使用：不接受 user-alice、err-45011 之类的魔法 code（参见 wxlogin help mock）"}))
	f.BoolVar(&opts.allowRemote, "allow-remote", false, text(lang.T{En: "with --mock: allow an address that others can reach; the control API then wants WXLOGIN_MOCK_TOKEN", Zh: "与 --mock 一起使用：允许监听他人可访问的地址，此时控制接口需要 WXLOGIN_MOCK_TOKEN"}))
	f.Uint64Var(&opts.seed, "seed", 0, text(lang.T{En: "with --mock: the same `NUMBER` gives the same users, codes and keys", Zh: "与 --mock 一起使用：相同的 `NUMBER` 产生相同的用户、code 和密钥"}))
	f.IntVar(&opts.journalSize, "journal-size", journal.DefaultSize, text(lang.T{En: "with --mock: keep the newest `N` calls for wxlogin mock journal", Zh: "与 --mock 一起使用：保留最新的 `N` 次调用，供 wxlogin mock journal 查看"}))
	f.StringVar(&opts.journalFile, "journal", "", text(lang.T{En: "with --mock: at the end, write all calls to `FILE`, a line of JSON each; replaces the journal of a run before, and nothing else", Zh: "与 --mock 一起使用：结束时把全部调用写入 `FILE`，每行一个 JSON；只会替换以前某次运行的记录，不会替换别的文件"}))
	f.CountVarP(&opts.verbose, "verbose", "v", text(lang.T{En: "tell of each call to WeChat, -vv all of it; with -- CMD the first -v says where the mock is, and logs each request", Zh: "显示对微信的每次调用，-vv 显示完整内容；与 -- CMD 一起使用时，第一个 -v 输出模拟服务的地址，并逐条输出请求日志"}))
	f.StringVar(&opts.world, "world", "", text(lang.T{En: "with --mock: start with the world in `FILE` (wxlogin mock world save)", Zh: "与 --mock 一起使用：以 `FILE` 中的模拟世界启动（wxlogin mock world save）"}))
	f.IntVar(&opts.users, "users", 0, text(lang.T{En: "with --mock: begin with `NUMBER` users: u000001 and so on", Zh: "与 --mock 一起使用：初始有 `NUMBER` 个用户：u000001 等"}))
	f.IntVar(&opts.plusShare, "plus-share", world.DefaultPlusSlashPercent, text(lang.T{En: "with --mock: `PERCENT` of session keys and ivs with both + and /, the others have neither", Zh: "与 --mock 一起使用：同时含 + 和 / 的 session_key 与 iv 所占 `PERCENT`，其余两者皆无"}))
	f.BoolVar(&opts.offline, "offline", false, text(lang.T{En: "with --mock: as a proxy, refuse every host that is neither WeChat's nor this machine", Zh: "与 --mock 一起使用：作为代理时，拒绝微信和本机以外的所有主机"}))
	f.StringVar(&opts.caDir, "ca-dir", "", text(lang.T{En: "with --mock: keep the certificate of the run's CA as `DIR`/ca.pem", Zh: "与 --mock 一起使用：把本次运行的 CA 证书保存为 `DIR`/ca.pem"}))
	f.StringVar(&opts.readyFile, "ready-file", "", text(lang.T{En: "write `FILE` when ready, remove it at the end", Zh: "就绪时写入 `FILE`，结束时删除"}))
	f.StringSliceVar(&opts.hosts, "host", nil, text(lang.T{En: "answer for this host `NAME`, too (repeatable)", Zh: "也响应这个主机名 `NAME`（可重复）"}))
	a.KeyFlag(c, "addr", "addr", "HOST:PORT", lang.T{En: "listen here; port 0 picks a free one (default 127.0.0.1:8420)", Zh: "监听地址，端口 0 表示自动选择（默认 127.0.0.1:8420）"})
	a.KeyFlag(c, "token-ttl", "token_ttl", "DURATION", lang.T{En: "life of a login token (default 24h)", Zh: "登录令牌的有效期（默认 24h）"})
	a.KeyFlag(c, "token-policy", "token_policy", "POLICY", lang.T{En: "multi: several login tokens a user; single: a new login ends the older one (default multi)", Zh: "multi：同一用户可有多个登录令牌；single：新登录使旧令牌失效（默认 multi）"})
	_ = c.RegisterFlagCompletionFunc("token-policy", cobra.FixedCompletions([]string{string(login.Multi), string(login.Single)}, cobra.ShellCompDirectiveNoFileComp))
	a.KeyFlag(c, "session-ttl", "session_ttl", "DURATION", lang.T{En: "life of a session after its last login (default 72h)", Zh: "会话自最近一次登录起的有效期（默认 72h）"})
	a.StoreFlag(c)
	servingFlags(a, c)
	a.ConnectFlags(c)
	c.Args = commandArgs
	c.RunE = func(c *cobra.Command, args []string) error {
		opts.givenPlusShare, opts.command = c.Flags().Changed("plus-share"), args
		return runServe(c, a, opts)
	}
	return c
}

func runServe(c *cobra.Command, a *app.App, opts serveOptions) error {
	ctx := c.Context()
	if opts.readyFile == "" && c.Flags().Changed("ready-file") { // a variable that a script forgot to set
		return app.Usage(textReadyFile, "", "no file is named")
	}
	if opts.caDir == "" && c.Flags().Changed("ca-dir") { // as above
		return app.Usage(textCADir, "", "no directory is named")
	}
	if opts.journalFile == "" && c.Flags().Changed("journal") { // as above
		return app.Usage(textJournalFile, "", "no file is named")
	}
	if err := checkCommand(a, &opts); err != nil {
		return err
	}
	if !opts.mock && opts.needsMock() {
		return app.Usage(textNeedsMock)
	}
	if opts.journalSize < 1 || opts.journalSize > maxJournalSize {
		return app.Usage(textJournalSize, maxJournalSize, opts.journalSize)
	}
	for _, key := range []string{"store", "api_base"} { // what the configuration says is for other runs
		if _, given := a.Flags.Keys[key]; given && opts.mock {
			return app.Usage(textNotWithMock)
		}
	}
	configured, err := a.Config()
	if err != nil {
		return err
	}
	if len(opts.command) > 0 {
		configured = forCommand(configured)
	}
	options, err := servingOptions(a, configured, commandLogger(a, &opts, configured.Serving.LogFormat == "json"))
	if err != nil {
		return err
	}
	options.Hosts, options.Policy = opts.hosts, configured.Policy
	if options.Introspection, err = introspectionSecret(ctx, a, configured); err != nil {
		return err
	}
	options.Hosts = opts.hosts
	if opts.mock {
		options.Mock, err = mockOptions(ctx, a, configured, opts)
	} else {
		err = realOptions(ctx, a, configured, &options)
	}
	if err != nil {
		return err
	}
	a.Flags.Verbose = opts.verbose
	if len(opts.command) > 0 {
		a.Flags.Verbose-- // the first -v is about the requests
	}
	options.Trace = a.Trace(options.Secret)
	if len(opts.command) > 0 {
		return serveCommand(ctx, a, options, &opts)
	}
	return serve(ctx, a, options, opts.readyFile)
}

// minCredential is in characters: 128 bits in base64 have 22, a word that somebody chose has fewer than 16.
const minCredential = 16

// introspectionSecret fetches the credential of the developer's other services; the empty one means that there are none.
func introspectionSecret(ctx context.Context, a *app.App, c *config.Config) (redact.Secret, error) {
	secret, err := c.IntrospectionSecret(ctx, a.SecretSources(false))
	if err == nil && !secret.IsZero() && secret.Len() < minCredential {
		return redact.Secret{}, &config.Error{
			Key: "introspection_secret", Reason: textWeakCredential.With(secret.Len(), minCredential), Fixes: []lang.Message{hintCredential.With()},
		}
	}
	return secret, err
}

// serve runs until ctx ends. A signal is how a server is told to stop, so that is success.
func serve(ctx context.Context, a *app.App, options stack.Options, readyFile string) (err error) {
	output, err := a.Output()
	if err != nil {
		return err
	}
	running, err := start(ctx, options, readyFile)
	if err != nil {
		return err
	}
	if output.Machine() {
		err = output.Print(a.IO, running.Ready(), nil)
	} else {
		err = printReady(a, running.Ready())
	}
	if err != nil {
		running.cancel()
	}
	return errors.Join(err, running.wait())
}

// A started server is one that serves until it is cancelled.
type started struct {
	*stack.Stack
	cancel  context.CancelFunc
	removed chan error // gets what became of the ready file; nil: there is none
}

// start starts a server and writes its ready file.
func start(ctx context.Context, options stack.Options, readyFile string) (*started, error) {
	serving, cancel := context.WithCancel(ctx)
	running, err := stack.Start(serving, options)
	if err != nil {
		cancel()
		return nil, startFailure(err)
	}
	s := &started{Stack: running, cancel: cancel}
	if readyFile == "" {
		return s, nil
	}
	ready := running.Ready()
	if err := ready.WriteFile(readyFile); err != nil {
		cancel()
		return nil, errors.Join(app.Usage(textReadyFile, readyFile, systemReason(err)), running.Wait())
	}
	// Already when the stop begins: a second signal would leave no time for it.
	s.removed = make(chan error, 1)
	context.AfterFunc(serving, func() { s.removed <- ready.RemoveFile(readyFile) })
	return s, nil
}

// wait returns when the server has stopped, by itself or because its context is done.
func (s *started) wait() error {
	err := s.Wait()
	s.cancel() // it may have failed by itself
	if s.removed != nil {
		err = errors.Join(err, <-s.removed)
	}
	return err
}

// startFailure says which flag is to blame.
func startFailure(err error) error {
	if failed, is := errors.AsType[*intercept.FilesError](err); is {
		return app.Usage(textCADir, failed.Path, systemReason(failed.Err))
	}
	if failed, is := errors.AsType[*stack.JournalFileError](err); is {
		if errors.Is(err, stack.ErrNotJournal) {
			return app.Usage(textNotJournal, failed.Path)
		}
		return app.Usage(textJournalFile, failed.Path, systemReason(failed.Err))
	}
	return err
}

// systemReason is the operating system's part of an error, without the names of temporary files.
func systemReason(err error) string {
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		return number.Error()
	}
	return redact.Clean(err.Error())
}

// realOptions are those of a server against the real WeChat: credentials, key ring, store.
func realOptions(ctx context.Context, a *app.App, c *config.Config, options *stack.Options) (err error) {
	if options.AppID, err = a.AppID(); err != nil {
		return err
	}
	if options.Secret, err = a.Secret(ctx); err != nil {
		return err
	}
	options.APIBase = c.APIBase
	if options.Ring, err = a.Keys(); err != nil {
		return err
	}
	if options.Store, err = a.Store(ctx); err != nil {
		return err
	}
	warnOfStore(options.Logger, options.Store)
	return nil
}

// mockOptions decide which app the simulation knows, and who may steer it.
func mockOptions(ctx context.Context, a *app.App, c *config.Config, opts serveOptions) (*stack.Mock, error) {
	mock := &stack.Mock{
		Adopt: opts.adopt, Strict: opts.strict, Seed: opts.seed, JournalSize: opts.journalSize, JournalFile: opts.journalFile,
		Offline: opts.offline, CADir: opts.caDir, Upstream: intercept.Upstream(a.Env), Env: intercept.Before(a.Env),
	}
	if err := opts.startWorld(mock); err != nil {
		return nil, err
	}
	if c.AppID == "" && c.HasSecret() {
		a.IO.Warn(textSecretAlone.With())
	}
	if c.AppID != "" {
		if err := c.AppID.Check(); err != nil {
			return nil, err
		}
		secret, err := c.Secret(ctx, a.SecretSources(false))
		if errors.Is(err, config.ErrNoSecret) {
			_, secret = stack.DemoApp()
			if !mock.World.HasSecret(c.AppID) && (len(opts.command) == 0 || opts.verbose > 0) {
				a.IO.Hint(textDemoSecret.With(c.AppID))
			}
		} else if err != nil {
			return nil, err
		}
		mock.App = world.App{ID: c.AppID, Secret: secret, OpenPlatform: world.DemoPlatform}
	}
	if isLoopback(c.Addr) {
		return mock, nil
	}
	token, _ := a.Env("WXLOGIN_MOCK_TOKEN")
	switch {
	case !opts.allowRemote:
		return nil, app.Usage(textRemoteMock, c.Addr)
	case token == "":
		return nil, app.Usage(textRemoteNeedsToken, c.Addr)
	}
	mock.Token = redact.NewSecret(token)
	return mock, nil
}

// needsMock reports whether a flag was given that only a simulation understands.
func (o *serveOptions) needsMock() bool {
	return o.adopt || o.strict || o.allowRemote || o.seed != 0 || o.world != "" || o.users != 0 || o.givenPlusShare || o.offline || o.caDir != "" || o.journalFile != ""
}

// startWorld reads the file of the world and the flags that say how the world begins.
func (o *serveOptions) startWorld(mock *stack.Mock) (err error) {
	if o.users < 0 || o.users > world.MaxPopulation {
		return app.Usage(textBadUsers, world.MaxPopulation, o.users)
	}
	mock.Population = o.users
	if o.givenPlusShare {
		if o.plusShare < 0 || o.plusShare > 100 {
			return app.Usage(textBadPlusShare, o.plusShare)
		}
		if mock.PlusSlashPercent = o.plusShare; o.plusShare == 0 {
			mock.PlusSlashPercent = -1
		}
	}
	if o.world != "" {
		mock.World, err = worldfile.Load(o.world)
	}
	return err
}

func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// printReady prints the one line that says where the server is, and what to type next. It is not broken: it is there to be copied.
func printReady(a *app.App, ready stack.Ready) error {
	return a.IO.PrintErr(func(p *term.Page) {
		if !ready.Mock {
			p.Line(textReady, ready.URL, ready.AppID)
			return
		}
		where := ""
		if ready.URL != app.DefaultURL {
			where = " --url " + ready.URL
		}
		p.Line(textReadyMock, ready.URL, ready.AppID, `eval "$(wxlogin mock env`+where+`)"`)
	})
}

var (
	textNeedsMock        = lang.T{En: "--adopt, --strict, --allow-remote, --seed, --world, --users, --plus-share, --offline, --ca-dir and --journal go with --mock", Zh: "--adopt、--strict、--allow-remote、--seed、--world、--users、--plus-share、--offline、--ca-dir、--journal 须与 --mock 一起使用"}
	textWeakCredential   = lang.T{En: "it has %d characters, fewer than %d: whoever guesses it can look into every login token", Zh: "只有 %d 个字符，少于 %d 个：猜中它的人就能查看所有登录令牌"}
	hintCredential       = lang.T{En: "make one: openssl rand -base64 32", Zh: "生成一个：openssl rand -base64 32"}
	textJournalSize      = lang.T{En: "--journal-size takes 1 to %d records, not %d", Zh: "--journal-size 应为 1 到 %d 条记录，而不是 %d"}
	textBadUsers         = lang.T{En: "--users takes 0 to %d, not %d", Zh: "--users 应为 0 到 %d，而不是 %d"}
	textBadPlusShare     = lang.T{En: "--plus-share takes 0 to 100, not %d", Zh: "--plus-share 应为 0 到 100，而不是 %d"}
	textNotWithMock      = lang.T{En: "--store and --api-base do not go with --mock: a mock is its own WeChat and keeps sessions in memory", Zh: "--store、--api-base 不能与 --mock 一起使用：模拟服务自己就是微信，会话只保存在内存中"}
	textReadyFile        = lang.T{En: "--ready-file: cannot write %s: %s", Zh: "--ready-file：无法写入 %s：%s"}
	textNotJournal       = lang.T{En: "--journal: %s is there already, and it is not the journal of a run: name another file", Zh: "--journal：%s 已经存在，而且不是某次运行的记录：请换一个文件名"}
	textJournalFile      = lang.T{En: "--journal: cannot write %s: %s", Zh: "--journal：无法写入 %s：%s"}
	textCADir            = lang.T{En: "--ca-dir: cannot write %s: %s", Zh: "--ca-dir：无法写入 %s：%s"}
	textRemoteMock       = lang.T{En: "%s can be reached from other machines, and a mock lets everybody in: add --allow-remote if that is wanted", Zh: "其他机器可以访问 %s，而模拟服务允许任何人登录：如确需如此，请加 --allow-remote"}
	textRemoteNeedsToken = lang.T{En: "a mock at %s needs WXLOGIN_MOCK_TOKEN: set it here and where the mock commands run", Zh: "监听 %s 的模拟服务需要 WXLOGIN_MOCK_TOKEN：请在这里以及运行 mock 命令的地方都设置它"}
	textSecretAlone      = lang.T{En: "a secret is configured but no appid: the simulation knows the demo app only (wxlogin mock env prints it)", Zh: "配置了 secret 却没有 appid：模拟服务只认识演示小程序（可用 wxlogin mock env 查看）"}
	textDemoSecret       = lang.T{En: "no secret is configured for %s; the simulation takes the demo secret for it (wxlogin mock env prints it)", Zh: "没有为 %s 配置 secret，模拟服务将使用演示用 secret（可用 wxlogin mock env 查看）"}
	textReady            = lang.T{En: "ready: %s (login server, appid %s)", Zh: "已就绪：%s（登录服务器，appid %s）"}
	textReadyMock        = lang.T{En: "ready: %s (mock, appid %s); next: %s", Zh: "已就绪：%s（模拟服务，appid %s）；下一步：%s"}
)

// Package app is what every command is given: streams, clock and environment as values; configuration, keys, store and
// clients as functions that do their work when first asked. So `version`, `help` and their like touch neither disk nor network.
package app

import (
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"time"

	"github.com/wxlogin/wxlogin/internal/accesstoken"
	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/mockclient"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// DefaultURL is where `serve` listens, and so where commands look for a running mock, unless told otherwise.
const DefaultURL = "http://127.0.0.1:8420"

// App is one run of the tool. It is not safe for concurrent use, but what its functions return is.
type App struct {
	IO    *term.IO
	Env   func(name string) (string, bool)
	Now   func() time.Time
	Build Build
	Flags Flags

	config *config.Config
	ring   *token.Ring
	store  session.Store
}

// Build says what binary this is. Commit and Date are empty where nobody recorded them.
type Build struct {
	Version, Commit, Date string
	Modified              bool // built from a tree with changes that Commit does not have
}

// Flags are those that every command takes, and the values of configuration keys that flags have set.
type Flags struct {
	ConfigFile string
	SecretFile string
	Lang       string
	Color      string
	JSON       bool
	Output     string
	JQ         *string
	NoInput    bool
	Verbose    int // -v is 1: a line for each call to WeChat; -vv is 2: all of it

	Keys map[string]string // configuration key -> value, only of flags that were given
}

// New returns an App of the process's environment.
func New(env func(string) (string, bool), build Build) *App {
	return &App{IO: term.System(env), Env: env, Now: time.Now, Build: build, Flags: Flags{Keys: map[string]string{}}}
}

// Output returns what --json, -o and -q ask for. Errors are a [*term.UsageError], or a [*config.Error] where the environment is wrong.
func (a *App) Output() (term.Output, error) {
	format := a.Flags.Output
	if format == "" {
		format, _ = a.Env(outputVariable)
		if e, ok := errors.AsType[*term.UsageError](checkFormat(format)); ok {
			origin := config.Origin{Source: config.SourceEnv, Name: outputVariable}
			return term.Output{}, &config.Error{Key: "output", Origin: origin, Reason: e.Message()} // not wrapped: it is no usage error
		}
	}
	if format == "" && a.config != nil {
		format = a.config.Output
	}
	return term.ParseOutput(a.Flags.JSON, format, a.Flags.JQ)
}

// outputVariable sets the key output.
const outputVariable = "WXLOGIN_OUTPUT"

func checkFormat(format string) error {
	_, err := term.ParseOutput(false, format, nil)
	return err
}

// DetectLang sets the language of everything that is said from now on; configured is the key lang, where it is known.
func (a *App) DetectLang(configured string) {
	output, err := a.Output()
	machine := err == nil && output.Machine() || term.InCI(a.Env)
	a.IO.Lang = term.DetectLang(a.Flags.Lang, a.Env, configured, machine)
}

// Config loads the configuration. Errors are a [*config.Error].
func (a *App) Config() (*config.Config, error) {
	if a.config != nil {
		return a.config, nil
	}
	loaded, err := config.Load(a.configOptions())
	if err != nil {
		return nil, err
	}
	a.config = loaded
	a.DetectLang(loaded.Lang)
	return loaded, nil
}

// Paths finds the tool's files without touching the disk.
func (a *App) Paths() config.Paths { return config.FindPaths(a.configOptions()) }

func (a *App) configOptions() config.Options {
	return config.Options{
		Env: a.Env, GOOS: runtime.GOOS, Flags: a.Flags.Keys, File: a.Flags.ConfigFile, SecretFile: a.Flags.SecretFile,
	}
}

// AppID returns the configured appid. The error is a [*config.Error] when there is none and a [*wechat.ShapeError] when it cannot be one.
func (a *App) AppID() (wechat.AppID, error) {
	c, err := a.Config()
	if err != nil {
		return "", err
	}
	id, err := c.NeedAppID()
	if err != nil {
		return "", err
	}
	return id, id.Check()
}

// SecretSources are the places outside the configuration where a secret may come from. With ask, somebody at a terminal is one.
func (a *App) SecretSources(ask bool) config.SecretSources {
	sources := config.SecretSources{
		Stdin:   func() (io.Reader, error) { return a.IO.Stdin("--secret-file") },
		Keyring: config.SystemKeyring(),
		Stderr:  a.IO.Err,
	}
	if ask && a.IO.CanPrompt(a.Flags.NoInput) {
		sources.Prompt = func(ctx context.Context) (redact.Secret, error) {
			return a.IO.PromptSecret(ctx, textAskSecret.In(a.IO.Lang))
		}
	}
	return sources
}

// Secret fetches the AppSecret, and asks for it at a terminal when it is nowhere configured.
func (a *App) Secret(ctx context.Context) (wechat.AppSecret, error) {
	c, err := a.Config()
	if err != nil {
		return wechat.AppSecret{}, err
	}
	return c.Secret(ctx, a.SecretSources(true))
}

var textAskSecret = lang.T{En: "AppSecret (not shown): ", Zh: "AppSecret（输入时不显示）："}

// WeChat returns a client of the configured API host with the configured credentials.
func (a *App) WeChat(ctx context.Context) (*wxapi.Client, error) {
	appID, err := a.AppID()
	if err != nil {
		return nil, err
	}
	secret, err := a.Secret(ctx)
	if err != nil {
		return nil, err
	}
	c := a.config
	return wxapi.New(wxapi.Options{Base: c.APIBase, AppID: appID, Secret: secret, Timeout: c.Timeout, Trace: a.Trace(secret)})
}

// WeChatUnsent returns a client that can describe calls and has no secret to make them with: for --dry-run and --print-curl, which
// fetch no secret.
func (a *App) WeChatUnsent() (*wxapi.Client, error) {
	appID, err := a.AppID()
	if err != nil {
		return nil, err
	}
	return wxapi.New(wxapi.Options{Base: a.config.APIBase, AppID: appID})
}

// AccessTokens returns the app's access token, which lasts for two hours and lies in the store meanwhile.
func (a *App) AccessTokens(ctx context.Context, client *wxapi.Client) (*accesstoken.Source, error) {
	appID, err := a.AppID()
	if err != nil {
		return nil, err
	}
	store, err := a.Store(ctx)
	if err != nil {
		return nil, err
	}
	return &accesstoken.Source{WeChat: client, Store: store, Origin: client.Origin(), AppID: appID, Now: a.Now}, nil
}

// Origin returns the API host whose sessions commands use.
func (a *App) Origin() (wechat.Origin, error) {
	c, err := a.Config()
	if err != nil {
		return "", err
	}
	return wxapi.OriginOf(c.APIBase)
}

// Mock returns a client of the control API of the configured mock. It sends WXLOGIN_MOCK_TOKEN, which a mock that is open to the
// network asks for, unless the address is a stranger's: a project file comes with somebody's repository.
func (a *App) Mock() (*mockclient.Client, error) {
	c, err := a.Config()
	if err != nil {
		return nil, err
	}
	var transport http.RoundTripper // nil: the client's own, which uses no proxy
	value, _ := a.Env("WXLOGIN_MOCK_TOKEN")
	if value != "" && c.Origin("mock.url").Source != config.SourceProjectFile {
		transport = bearer{token: redact.NewSecret(value), next: &http.Transport{}}
	}
	return mockclient.New(c.Mock.URL, transport)
}

// bearer adds a token to each request.
type bearer struct {
	token redact.Secret
	next  http.RoundTripper
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token.Reveal())
	return b.next.RoundTrip(r)
}

// Close closes what was opened.
func (a *App) Close() error {
	if a.store == nil {
		return nil
	}
	return a.store.Close()
}

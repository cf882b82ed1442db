// Package doctor finds out whether wxlogin can work here: what it was told and by whom, whether WeChat accepts it, whether the network,
// the clock, the files and the terminal are fit for it.
//
// It changes nothing. Of WeChat it asks one question that spends nothing: a code of the right form that was never issued, which WeChat
// refuses for the code (errcode 40029) only after it has accepted appid and secret. No access token is touched.
package doctor

import (
	"context"
	"crypto/x509"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// A Level says how a check ended. Beside those of config there is one for what was not checked.
type Level = config.Level

// The levels.
const (
	OK   = config.LevelOK
	Warn = config.LevelWarn
	Fail = config.LevelFail
	Skip = config.LevelSkip
)

// A Check is a line of the answer. Fix is zero where there is nothing to do.
type Check struct {
	Area    Area
	Name    string // "appid", "dns"; API
	Level   Level
	Message lang.Message
	Fix     lang.Message
}

// An Area is what several checks are about. Its text is API.
type Area string

// The areas, in the order of the answer.
const (
	AreaConfig   Area = "config"
	AreaProject  Area = "project"
	AreaNetwork  Area = "network"
	AreaWeChat   Area = "wechat"
	AreaStorage  Area = "storage"
	AreaTerminal Area = "terminal"
)

// Title is the heading of an area.
func (a Area) Title() lang.T {
	switch a {
	case AreaConfig:
		return lang.T{En: "Configuration", Zh: "配置"}
	case AreaProject:
		return lang.T{En: "This directory", Zh: "当前目录"}
	case AreaNetwork:
		return lang.T{En: "Network", Zh: "网络"}
	case AreaWeChat:
		return lang.T{En: "WeChat", Zh: "微信"}
	case AreaStorage:
		return lang.T{En: "Storage", Zh: "存储"}
	case AreaServer:
		return lang.T{En: "Server", Zh: "服务器"}
	case AreaTerminal:
	}
	return lang.T{En: "Terminal", Zh: "终端"}
}

// Options are what there is to look at.
type Options struct {
	Config    *config.Config // nil when it cannot be read
	ConfigErr error          // why

	Sources  config.SecretSources
	Client   func(appID wechat.AppID, secret wechat.AppSecret, trace func(wxapi.Trace)) (*wxapi.Client, error)
	Store    func(ctx context.Context) (store session.Store, found bool, err error) // opens it if it is there, and makes none
	Ring     func() (found bool, err error)                                         // likewise
	Terminal Terminal

	Env     func(string) (string, bool)
	GOOS    string
	Dir     string // of the project; "" is the current directory
	Now     func() time.Time
	Offline bool

	// How hosts are reached; nil is the system's way.
	Roots *x509.CertPool
	Dial  func(ctx context.Context, network, address string) (net.Conn, error)
}

// examination is one run.
type examination struct {
	Options

	mu     sync.Mutex
	checks []Check

	secret wechat.AppSecret // where it was found and has the right form
	date   time.Time        // WeChat's, at the moment
	seen   time.Time        // of ours
}

// Run makes all checks. They are in the order of their areas; within one in the order of their making.
func Run(ctx context.Context, o Options) []Check {
	x := &examination{Options: o}
	x.configuration(ctx)
	x.project(ctx)
	if o.Config != nil {
		x.network(ctx)
		x.weChat(ctx)
		x.storage(ctx)
	}
	x.terminal()
	order := []Area{AreaConfig, AreaProject, AreaNetwork, AreaWeChat, AreaStorage, AreaTerminal}
	slices.SortStableFunc(x.checks, func(a, b Check) int { return slices.Index(order, a.Area) - slices.Index(order, b.Area) })
	return x.checks
}

func (x *examination) add(area Area, name string, level Level, message, fix lang.Message) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.checks = append(x.checks, Check{area, name, level, message, fix})
}

func (x *examination) ok(area Area, name string, t lang.T, args ...any) {
	x.add(area, name, OK, t.With(args...), lang.Message{})
}

func (x *examination) skip(area Area, name string, t lang.T, args ...any) {
	x.add(area, name, Skip, t.With(args...), lang.Message{})
}

func (x *examination) env(name string) string {
	value, _ := x.Env(name)
	return value
}

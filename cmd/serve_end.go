package cmd

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wxlogin/wxlogin/cmd/mock"
	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/stack"
	"github.com/wxlogin/wxlogin/internal/term"
)

const (
	lastFailed = 10 // calls that are shown: as many as one looks at
	namedHosts = 5  // that stand in a sentence
)

// An end is what there is to say when a program has ended inside the simulation. Its field names are API.
type end struct {
	Event   string           `json:"event"` // "end"
	Exit    int              `json:"exit"`
	Calls   uint64           `json:"calls"`       // to WeChat's API
	Failed  []journal.Record `json:"last_failed"` // the newest calls that failed, oldest first
	Evicted uint64           `json:"evicted"`     // records that were dropped to make room

	Untrusted   map[string]uint64 `json:"untrusted"`  // TLS connections of clients that do not trust the CA, by host, like all that follow
	TLSFailed   map[string]uint64 `json:"tls_failed"` // that failed for another reason
	Passed      map[string]uint64 `json:"passed"`     // connections and requests to hosts that are not simulated
	Refused     map[string]uint64 `json:"refused"`
	Unreachable map[string]uint64 `json:"unreachable"`

	program string
	offline bool
	journal string // the file of --journal
}

func ending(opts *serveOptions, running *stack.Stack, code int) end {
	traffic, view := running.Traffic(), running.Journal()
	only := journal.Filter{Failed: true}
	known := func(hosts map[string]uint64) map[string]uint64 {
		if hosts == nil {
			return map[string]uint64{}
		}
		return hosts
	}
	return end{
		Event: "end", Exit: code, Calls: traffic.Calls, Failed: only.Select(view.Records, lastFailed), Evicted: view.Evicted,
		Untrusted: known(traffic.Untrusted), TLSFailed: known(traffic.Failed), Passed: known(traffic.Passed),
		Refused: known(traffic.Refused), Unreachable: known(traffic.Unreachable),
		program: opts.command[0], offline: opts.offline, journal: opts.journalFile,
	}
}

// sayEnd tells programs always, and people when something is wrong: the command failed, or it did not come to the simulation as it
// should have. Nowhere is left to report to that standard error is closed; the exit code must not depend on it.
func sayEnd(a *app.App, output term.Output, e end) {
	if output.Machine() {
		_ = term.WriteJSON(a.IO.Err, e)
		return
	}
	if e.Exit != 0 {
		a.IO.Note(textEnded.With(e.program, e.Exit, e.Calls))
		if len(e.Failed) > 0 {
			a.IO.Note(textLastFailed.With(len(e.Failed)))
			_ = a.IO.PrintErr(func(p *term.Page) { mock.PrintRecords(p, a.IO.ErrTTY, e.Failed) })
		}
	}
	if e.Calls == 0 && len(e.Untrusted) == 0 { // a client that did not trust the CA came by the proxy
		a.IO.Warn(textNoCalls.With(e.program))
	}
	if len(e.Untrusted) > 0 {
		a.IO.Warn(textUntrusted.With(hostList(e.Untrusted)))
	}
	if e.Exit == 0 && e.Calls > 0 {
		return // where it went besides is its own business
	}
	if len(e.TLSFailed) > 0 {
		a.IO.Warn(textTLSFailed.With(hostList(e.TLSFailed)))
	}
	if len(e.Refused) > 0 {
		text := textHostsRefused
		if e.offline {
			text = textHostsOffline
		}
		a.IO.Warn(text.With(hostList(e.Refused)))
	}
	if len(e.Unreachable) > 0 {
		a.IO.Warn(textHostsUnreachable.With(hostList(e.Unreachable)))
	}
	if len(e.Passed) > 0 {
		a.IO.Note(textHostsPassed.With(hostList(e.Passed)))
	}
	if e.Exit != 0 && len(e.Failed) > 0 && e.journal == "" {
		a.IO.Hint(hintJournal.With())
	}
}

// hostList names the hosts that were met most: "registry.npmjs.org (12), example.com (1)".
func hostList(hosts map[string]uint64) string {
	names := slices.SortedFunc(maps.Keys(hosts), func(a, b string) int {
		return cmp.Or(cmp.Compare(hosts[b], hosts[a]), cmp.Compare(a, b))
	})
	var parts []string
	for _, name := range names[:min(len(names), namedHosts)] {
		parts = append(parts, fmt.Sprintf("%s (%d)", cmp.Or(name, "-"), hosts[name]))
	}
	if more := len(names) - namedHosts; more > 0 {
		parts = append(parts, fmt.Sprintf("... +%d", more))
	}
	return strings.Join(parts, ", ")
}

var (
	textEnded            = lang.T{En: "%s ended with exit code %d; calls that reached WeChat: %d", Zh: "%s 已结束，退出码 %d；到达微信的调用：%d 次"}
	textLastFailed       = lang.T{En: "the last calls that failed (%d):", Zh: "最近失败的调用（%d 次）："}
	textNoCalls          = lang.T{En: "0 calls reached WeChat: did %s bypass the proxy? see wxlogin help intercept", Zh: "没有任何调用到达微信：%s 是否绕过了代理？参见 wxlogin help intercept"}
	textUntrusted        = lang.T{En: "TLS connections that were given up because the client does not trust the mock's CA: %s; see wxlogin help intercept", Zh: "客户端不信任模拟服务的 CA 而放弃的 TLS 连接：%s；参见 wxlogin help intercept"}
	textTLSFailed        = lang.T{En: "TLS connections that failed: %s", Zh: "失败的 TLS 连接：%s"}
	textHostsRefused     = lang.T{En: "refused: %s", Zh: "被拒绝：%s"}
	textHostsOffline     = lang.T{En: "refused, because of --offline: %s", Zh: "因 --offline 被拒绝：%s"}
	textHostsUnreachable = lang.T{En: "could not be reached: %s", Zh: "无法到达：%s"}
	textHostsPassed      = lang.T{En: "not simulated, passed on: %s", Zh: "未模拟、原样转发：%s"}
	hintJournal          = lang.T{En: "all calls, with the reasons: wxlogin serve --mock --journal calls.ndjson -- CMD", Zh: "保留全部调用及原因：wxlogin serve --mock --journal calls.ndjson -- CMD"}
)

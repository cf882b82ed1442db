package mock

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/mockclient"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// newJournal is `wxlogin mock journal [--follow]`.
func newJournal(a *app.App) *cobra.Command {
	c := command(a, app.Spec{
		Use:   "journal",
		Short: lang.T{En: "Show the calls that the mock answered, and why some were refused", Zh: "查看模拟服务应答过的调用，以及被拒绝的原因"},
		Long: lang.T{
			En: "A line for each call to the simulated WeChat and to the login API, oldest first: its number, time, method and path, status and errcode, user, and why it was refused. Secrets and codes are masked. The mock keeps the newest 1000 (serve --mock --journal-size) and says how many it had to drop. The number of the newest one goes to stderr as the mark that --since takes.\nWith --follow, what comes is printed as it comes, until Ctrl-C or the end of the mock, which both are success.",
			Zh: "对模拟微信和登录接口的每次调用占一行，最早的在前：编号、时间、方法和路径、状态码和 errcode、用户，以及被拒绝的原因。secret 和 code 都已打码。模拟服务保留最新的 1000 条（serve --mock --journal-size），并说明丢弃了多少。最新一条的编号会作为标记输出到 stderr，供 --since 使用。\n加 --follow 时持续输出新的调用，直到按 Ctrl-C 或模拟服务结束，两者都算成功。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "what went wrong", Zh: "哪里出了错"}, Line: "wxlogin mock journal --failed"},
			{Note: lang.T{En: "only what a test calls", Zh: "只看某个测试的调用"}, Line: `MARK=$(wxlogin mock journal -q .mark); npm test; wxlogin mock journal --since "$MARK"`},
			{Note: lang.T{En: "watch, as lines of JSON", Zh: "持续观察，每行一个 JSON"}, Line: "wxlogin mock journal --follow --json"},
		},
	})
	var query mockclient.JournalQuery
	var appID string
	var follow bool
	f := c.Flags()
	text := func(t lang.T) string { return t.In(a.IO.Lang) }
	f.BoolVarP(&follow, "follow", "f", false, text(lang.T{En: "go on with what comes", Zh: "持续输出新的调用"}))
	f.BoolVar(&query.Failed, "failed", false, text(lang.T{En: "only calls that failed", Zh: "只看失败的调用"}))
	f.IntVar(&query.Limit, "limit", 0, text(lang.T{En: "only so many, the newest: `N`", Zh: "只看最新的 `N` 条"}))
	callFlags(a, c, &query.On, &appID, &query.User, &query.Since)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if query.Limit < 0 {
			return app.Usage(textBadLimit, query.Limit)
		}
		query.AppID = wechat.AppID(appID)
		client, err := a.Mock()
		if err != nil {
			return err
		}
		if follow {
			return followJournal(c.Context(), a, client, query)
		}
		return readJournal(c.Context(), a, client, query)
	}
	return c
}

// callFlags are the flags that choose calls.
func callFlags(a *app.App, c *cobra.Command, on, appID, user *string, since *uint64) {
	f := c.Flags()
	text := func(t lang.T) string { return t.In(a.IO.Lang) }
	f.StringVar(on, "on", "", text(lang.T{En: "only calls of this `API` (jscode2session, onLogin, unknown for what is not simulated) or path", Zh: "只看这个 `API`（jscode2session、onLogin，未模拟的接口为 unknown）或路径的调用"}))
	f.StringVar(appID, "appid", "", text(lang.T{En: "only calls of the mini program `APPID`", Zh: "只看小程序 `APPID` 的调用"}))
	f.StringVar(user, "user", "", text(lang.T{En: "only calls of the simulated user `NAME`", Zh: "只看模拟用户 `NAME` 的调用"}))
	f.Uint64Var(since, "since", 0, text(lang.T{En: "only what came after this `MARK`", Zh: "只看标记 `MARK` 之后的调用"}))
}

var textBadLimit = lang.T{En: "--limit takes a number of records, not %d", Zh: "--limit 应为记录条数，而不是 %d"}

func readJournal(ctx context.Context, a *app.App, client *mockclient.Client, query mockclient.JournalQuery) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	kept, err := client.Journal(ctx, query)
	if err != nil {
		return err
	}
	if output.Format == term.NDJSON {
		for _, record := range kept.Records {
			if err := output.Print(a.IO, record, nil); err != nil {
				return err
			}
		}
		return nil
	}
	if err := output.Print(a.IO, kept.Raw, func(p *term.Page) { PrintRecords(p, a.IO.OutTTY, kept.Records) }); err != nil || output.Machine() {
		return err
	}
	if kept.Evicted > 0 {
		a.IO.Warn(textEvicted.With(kept.Evicted))
	}
	a.IO.Note(textMark.With(kept.Mark, kept.Mark))
	return nil
}

// followJournal ends well when it is told to, by a signal or by the end of the mock: it did what it was asked.
func followJournal(ctx context.Context, a *app.App, client *mockclient.Client, query mockclient.JournalQuery) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	for line, err := range client.Follow(ctx, query) {
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		case line.Missed > 0 && !output.Machine():
			a.IO.Warn(textEvicted.With(line.Missed))
			continue
		}
		if err := output.Print(a.IO, line.Raw, func(p *term.Page) { printFollowed(a, p, &line.Record) }); err != nil {
			return err
		}
	}
	if ctx.Err() == nil && !output.Machine() {
		a.IO.Note(textMockEnded.With())
	}
	return nil
}

var (
	textEvicted   = lang.T{En: "%d records were dropped before they could be shown: keep more with wxlogin serve --mock --journal-size N", Zh: "有 %d 条记录未能显示即被丢弃：可用 wxlogin serve --mock --journal-size N 保留更多"}
	textMark      = lang.T{En: "mark %d; what comes next: wxlogin mock journal --since %d", Zh: "标记 %d；查看之后的调用：wxlogin mock journal --since %d"}
	textMockEnded = lang.T{En: "the mock has stopped", Zh: "模拟服务已停止"}
)

// PrintRecords is a table: aligned for people, tabs between the cells off a terminal.
func PrintRecords(p *term.Page, tty bool, records []journal.Record) {
	rows := make([][]term.Cell, len(records))
	for i := range records {
		rows[i] = term.Cells(recordCells(tty, &records[i])...)
		if records[i].Failed() {
			rows[i][3].Level = term.Warn
		}
	}
	if len(rows) > 0 {
		p.Table([]lang.T{
			{En: "no", Zh: "编号"},
			{En: "time", Zh: "时间"},
			{En: "call", Zh: "调用"},
			{En: "answer", Zh: "应答"},
			{En: "user", Zh: "用户"},
			{En: "reason", Zh: "原因"},
		}, rows)
	}
}

// recordCells are a record for a reader. People want to know when today, programs when.
func recordCells(tty bool, r *journal.Record) []string {
	when := r.Time.UTC().Format("2006-01-02T15:04:05.000Z07:00")
	if tty {
		when = r.Time.Local().Format("15:04:05.000")
	}
	return []string{strconv.FormatUint(r.Seq, 10), when, r.Method + " " + r.Target(), answerOf(r), r.User, r.Reason}
}

// answerOf is the status and, where there is one, the errcode: "200/40163".
func answerOf(r *journal.Record) string {
	switch {
	case r.Status == 0:
		return "cut" // the connection, by a fault
	case r.ErrCode != 0:
		return fmt.Sprintf("%d/%d", r.Status, r.ErrCode)
	}
	return strconv.Itoa(r.Status)
}

// printFollowed cannot know how wide its columns will become. It takes what the calls of a login need.
func printFollowed(a *app.App, p *term.Page, r *journal.Record) {
	if !a.IO.OutTTY {
		PrintRecords(p, false, []journal.Record{*r})
		return
	}
	cells := recordCells(true, r)
	p.Text(strings.TrimRight(fmt.Sprintf("%4s  %s  %-24s  %-9s  %-5s  %s", cells[0], cells[1], cells[2], cells[3], cells[4], cells[5]), " "))
}

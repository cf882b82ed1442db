package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/diagnose"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/session/sqlite"
	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// TestSignalAfterSending ends an exchange whose request has arrived, as Ctrl-C does: the code may be gone, and that is said.
func TestSignalAfterSending(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		signal syscall.Signal
		args   []string
		exit   int
		want   string
	}{
		{"Ctrl-C", syscall.SIGINT, nil, 130, "error: stopped after the code was sent to HOST, before the answer came; the code may be consumed\n"},
		{"SIGTERM", syscall.SIGTERM, []string{"--lang", "zh"}, 143, "错误：code 已发往 HOST，在收到答复之前被中断；该 code 可能已被消耗\n"},
		{"as JSON", syscall.SIGTERM, []string{"--json"}, 143, `{"error":{"kind":"signal","exit":143,"message":"stopped after the code was sent to HOST, before the answer came; the code may be consumed","hint":[]}}` + "\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(t.Context())
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				cancel(&signalError{signal: tt.signal})
				<-r.Context().Done()
			}))
			defer server.Close()
			h := jsonHome(t)
			r := h.run(ctx, invocation{
				args: append([]string{"exchange", "hang", "--api-base", server.URL}, tt.args...),
				env:  map[string]string{"WXLOGIN_APPID": demoAppID(), "WXLOGIN_SECRET": demoSecret()},
			})
			want := strings.ReplaceAll(tt.want, "HOST", strings.TrimPrefix(server.URL, "http://"))
			if r.exit != tt.exit || string(r.stderr) != want || len(r.stdout) > 0 {
				t.Errorf("exit %d\n%s%s\nwant %d\n%s", r.exit, r.stdout, r.stderr, tt.exit, want)
			}
		})
	}
}

// TestQuietSignals: without a code on its way nothing needs to be said.
func TestQuietSignals(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]int{
		context.Canceled:                                        130,
		&signalError{signal: syscall.SIGTERM}:                   143,
		&wxapi.TransportError{Host: "h", Err: context.Canceled}: 130,
	} {
		f, ok := classifySignal(err)
		if !ok || !f.silent || f.exit.code != want {
			t.Errorf("%v: %+v", err, f)
		}
	}
	if _, ok := classifySignal(errors.New("x")); ok {
		t.Error("any error counts as a signal")
	}
	if exitSignal.code != 130 {
		t.Error("the table was written to")
	}
}

// TestFileHints: only a damaged file is worth moving away.
func TestFileHints(t *testing.T) {
	t.Parallel()
	const access = "see that /k is a file of yours in a directory that you may write to, or use another state directory: WXLOGIN_STATE_DIR"
	for _, tt := range []struct {
		err  error
		want string // the first hint
	}{
		{&token.FileError{Path: "/k", Err: token.ErrOpen}, "keep it to yourself: chmod 600 /k"},
		{&token.FileError{Path: "/k", Err: fs.ErrPermission}, access},
		{&token.FileError{Path: "/k", Err: syscall.ENOTDIR}, access},
		{&token.FileError{Path: "/k"}, access}, // a symbolic link
		{&token.FileError{Path: "/k", Err: token.ErrDamaged}, "restore /k from a backup, or move it away: a new one is made, and old sessions and tokens end"},
		{&token.FileError{Path: "/k", Err: token.ErrNewer}, "update wxlogin, or use another state directory: WXLOGIN_STATE_DIR"},
		{&sqlite.FileError{Path: "/k", Err: sqlite.ErrOpen}, "keep it to yourself: chmod 600 /k"},
		{&sqlite.FileError{Path: "/k", Err: fs.ErrPermission}, access},
		{&sqlite.FileError{Path: "/k", Err: sqlite.ErrDamaged}, "stop every wxlogin that uses it, then restore it from a backup, or set it aside, and a new one is made: mkdir '/k.damaged' && mv '/k' '/k.damaged'"},
	} {
		f := classify(fmt.Errorf("open: %w", tt.err))
		if f.exit.code != exitConfig.code || len(f.hints) == 0 || f.hints[0].In(lang.English) != tt.want {
			t.Errorf("%#v: exit %d, %v", tt.err, f.exit.code, f.hints)
		}
	}
}

// TestEndOfInputAtPrompt: Ctrl-D at the question for the code is a missing code.
func TestEndOfInputAtPrompt(t *testing.T) {
	t.Parallel()
	_, err := readCode(t.Context(), eofApp(), "", diagnose.UseLogin)
	f := classify(err)
	if f.exit.code != 2 || f.message.In(lang.English) != "no code: give it as an argument, or - to read it from standard input" {
		t.Errorf("exit %d, %s", f.exit.code, f.message.In(lang.English))
	}
}

// eofApp is an App at a terminal whose user only types Ctrl-D.
func eofApp() *app.App {
	a := quietApp(lang.English)
	a.IO.InTTY, a.IO.OutTTY = true, true
	a.IO.TTY = func() (io.ReadWriteCloser, error) { return terminal{strings.NewReader(""), new(strings.Builder)}, nil }
	return a
}

// TestClause: the catalogue has sentences, a hint is a part of one.
func TestClause(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want lang.T }{
		{lang.T{En: "Call wx.login again. Never repeat it.", Zh: "重新调用。不要重试。"}, lang.T{En: "call wx.login again; never repeat it", Zh: "重新调用；不要重试"}},
		{lang.T{En: "WeChat is busy.", Zh: "微信繁忙。"}, lang.T{En: "WeChat is busy", Zh: "微信繁忙"}},
		{lang.T{En: "A typing slip.", Zh: "AppID 写错。"}, lang.T{En: "a typing slip", Zh: "AppID 写错"}},
		{lang.T{En: "No app has it. For a phone code: the caller is wrong.", Zh: "appid 不存在。若是手机号 code：调用方不对。"}, lang.T{En: "no app has it", Zh: "appid 不存在"}},
	} {
		if got := clause(tt.in); got != tt.want {
			t.Errorf("%+v, want %+v", got, tt.want)
		}
	}
	for _, code := range []wechat.ErrCode{wechat.CodeInvalidCode, wechat.CodeUsed, 40013, 40125} {
		f := refusal(&wechat.Error{Code: code})
		for _, m := range append(f.hints, f.message, f.cause) {
			if text := m.In(lang.English); text == "" || strings.HasSuffix(text, ".") || strings.Contains(text, "phone code") && code == 40013 {
				t.Errorf("%d: %q", code, text)
			}
		}
	}
}

package app

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// Trace returns what tells standard error of each call to WeChat, as -v and -vv ask for it; nil without either. The lines are for
// people who look for a mistake, in English like all logs. The secret is masked once more, wherever it stands: the last net.
func (a *App) Trace(secret wechat.AppSecret) func(wxapi.Trace) {
	if a.Flags.Verbose == 0 {
		return nil
	}
	net := strings.NewReplacer()
	if text := secret.Reveal(); len(text) >= 8 { // a shorter one is part of words
		net = strings.NewReplacer(text, redact.Mask)
	}
	locked := &lockedWriter{w: a.IO.Err} // a server makes calls in many goroutines
	return func(t wxapi.Trace) {
		text := traceLine(t)
		if a.Flags.Verbose > 1 {
			text = traceAll(t)
		}
		_, _ = io.WriteString(locked, net.Replace(text)) // nowhere is left to report a failure to
	}
}

// traceLine is -v: "POST https://api.weixin.qq.com/sns/jscode2session 200 errcode=0 143ms".
func traceLine(t wxapi.Trace) string {
	address, _, _ := strings.Cut(t.URL, "?")
	return redact.Clean(fmt.Sprintf("%s %s %s %s", t.Method, address, traceOutcome(t), t.Duration.Round(time.Millisecond))) + "\n"
}

func traceOutcome(t wxapi.Trace) string {
	switch {
	case t.Err != nil:
		return "failed: " + t.Err.Error()
	case t.ErrCode != nil:
		return fmt.Sprintf("%d errcode=%d", t.Status, *t.ErrCode)
	}
	return fmt.Sprintf("%d no errcode: not WeChat's answer", t.Status)
}

// traceAll is -vv: what was sent, marked >, and what came, marked <.
func traceAll(t wxapi.Trace) string {
	var b strings.Builder
	write := func(mark, text string) { b.WriteString(mark + redact.Clean(text) + "\n") }
	write("> ", t.Method+" "+t.URL)
	for _, name := range slices.Sorted(maps.Keys(t.Header)) {
		write("> ", name+": "+strings.Join(t.Header[name], ", "))
	}
	if t.Body != "" {
		write("> ", "")
		write("> ", t.Body)
	}
	write("< ", traceOutcome(t)+" "+t.Duration.Round(time.Millisecond).String())
	for _, name := range slices.Sorted(maps.Keys(t.AnswerHeader)) {
		write("< ", name+": "+strings.Join(t.AnswerHeader[name], ", "))
	}
	if t.AnswerBody != "" {
		write("< ", "")
		write("< ", t.AnswerBody)
	}
	return b.String()
}

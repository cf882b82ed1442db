package app

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// WeChatFlags are those of every command that calls WeChat.
func (a *App) WeChatFlags(c *cobra.Command) {
	a.ConnectFlags(c)
	c.Flags().CountVarP(&a.Flags.Verbose, "verbose", "v", lang.T{En: "tell of each call to WeChat on stderr; -vv shows it whole, without secrets", Zh: "在 stderr 显示对微信的每次调用；-vv 显示完整内容（不含密钥）"}.In(a.IO.Lang))
}

// ConnectFlags say which WeChat a command is to talk to, and as whom.
func (a *App) ConnectFlags(c *cobra.Command) {
	a.KeyFlag(c, "appid", "appid", "APPID", lang.T{En: "the mini program", Zh: "小程序的 appid"})
	a.KeyFlag(c, "api-base", "api_base", "URL", lang.T{En: "API host in place of WeChat's", Zh: "用这个地址代替微信的接口地址"})
	a.KeyFlag(c, "timeout", "timeout", "DURATION", lang.T{En: "limit of the whole call, such as 10s", Zh: "整个调用的时限，例如 10s"})
	c.Flags().StringVar(&a.Flags.SecretFile, "secret-file", "", lang.T{En: "read the AppSecret from `FILE` (- is standard input)", Zh: "从文件 `FILE` 读取 AppSecret（- 表示标准输入）"}.In(a.IO.Lang))
}

// Unsent is --dry-run and --print-curl: what a command would send is shown and not sent.
type Unsent struct{ DryRun, Curl bool }

// UnsentFlags defines --dry-run.
func (a *App) UnsentFlags(c *cobra.Command, u *Unsent) {
	c.Flags().BoolVar(&u.DryRun, "dry-run", false, lang.T{En: "show the request, and send nothing", Zh: "只显示请求，不发送"}.In(a.IO.Lang))
}

// CurlFlag defines --print-curl.
func (a *App) CurlFlag(c *cobra.Command, u *Unsent) {
	c.Flags().BoolVar(&u.Curl, "print-curl", false, lang.T{En: "print the request as a curl command without the secret in it, and send nothing", Zh: "把请求显示成 curl 命令（不含密钥），不发送"}.In(a.IO.Lang))
}

// Wanted reports whether nothing is to be sent.
func (u Unsent) Wanted() bool { return u.DryRun || u.Curl }

// unsentResult is what --dry-run prints with --json. The field names are API.
type unsentResult struct {
	Method string   `json:"method"`
	URL    string   `json:"url"`
	Query  members  `json:"query"`
	Body   *members `json:"body"` // null for none
	Sent   bool     `json:"sent"` // false
}

// members keep their order as a JSON object.
type members []wxapi.Param

// MarshalJSON writes the values as texts, but for literals.
func (m members) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, p := range m {
		if i > 0 {
			out = append(out, ',')
		}
		name, err := json.Marshal(p.Name)
		if err != nil {
			return nil, err
		}
		value := []byte(p.Value)
		if !p.Literal {
			if value, err = json.Marshal(p.Value); err != nil {
				return nil, err
			}
		}
		out = append(append(append(out, name...), ':'), value...)
	}
	return append(out, '}'), nil
}

// PrintUnsent shows the request as u wants it.
func (a *App) PrintUnsent(u Unsent, r wxapi.Request) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	switch {
	case u.Curl && u.DryRun:
		return Usage(textOneOfTwo)
	case u.Curl:
		return a.printCurl(output, r)
	}
	result := unsentResult{Method: r.Method, URL: r.URL, Query: r.Query}
	if r.Body != nil {
		body := members(r.Body)
		result.Body = &body
	}
	return output.Print(a.IO, result, func(p *term.Page) {
		p.Text(r.Method + " " + r.URL)
		for _, part := range []struct {
			title  lang.T
			params []wxapi.Param
		}{{textQuery, r.Query}, {textBody, r.Body}} {
			if part.params == nil {
				continue
			}
			p.Heading(part.title)
			var fields []term.Field
			for _, param := range part.params {
				fields = append(fields, term.Field{Label: lang.T{En: param.Name, Zh: param.Name}, Value: param.Value})
			}
			p.Fields(fields)
		}
		p.Blank()
		p.Note(textNothingSent)
	})
}

var (
	textQuery       = lang.T{En: "query", Zh: "查询串"}
	textBody        = lang.T{En: "body (JSON)", Zh: "请求体（JSON）"}
	textNothingSent = lang.T{En: "nothing was sent", Zh: "没有发送任何请求"}
	textOneOfTwo    = lang.T{En: "--dry-run and --print-curl exclude each other", Zh: "--dry-run 与 --print-curl 只能选一个"}
	textPlaceholder = lang.T{En: "put the AppSecret into %s first, a file that only you can read", Zh: "请先把 AppSecret 写入 %s，且该文件只有你可读"}
)

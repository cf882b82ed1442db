package key

import (
	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/token"
)

// rotation is what `key rotate` prints with --json. The field names are API.
type rotation struct {
	Active  token.KeyInfo   `json:"active"`
	Retired *token.KeyInfo  `json:"retired"` // null: there was no ring
	Dropped []token.KeyInfo `json:"dropped"`
}

// preparation is what `key rotate --prepare` prints with --json.
type preparation struct {
	Prepared token.KeyInfo `json:"prepared"`
}

// newRotate is `wxlogin key rotate [--prepare]`.
func newRotate(a *app.App) *cobra.Command {
	var prepare bool
	c := a.Command(app.Spec{
		Use:   "rotate [--prepare]",
		Short: lang.T{En: "Seal new tokens with another key", Zh: "改用另一个密钥加密新令牌"},
		Long: lang.T{
			En: "Makes a fresh key, or the newest prepared one, the key that seals new tokens. The key before it is retired: it goes on opening the tokens it made, so nobody is logged out. Retired keys whose tokens have all expired (token_ttl) are dropped. Servers that share the file take the change up within seconds, and at once when they meet a token of the new key. Where there is no key ring, one is made.\nServers that each have a copy of the file must all know the key before one of them uses it: run key rotate --prepare, distribute the file, then run key rotate and distribute it again.",
			Zh: "把一个新密钥（或最新的预备密钥）设为加密新令牌的密钥。原来的密钥退役：它仍可解密自己加密过的令牌，因此不会有人掉线。令牌已全部过期（token_ttl）的退役密钥会被移除。共用该文件的服务器几秒内就会换用新密钥，遇到用新密钥加密的令牌时则立即换用。还没有密钥环时会新建一个。\n如果每台服务器各有一份文件副本，必须先让所有服务器都认识新密钥，再由其中任何一台使用：先执行 key rotate --prepare 并分发文件，再执行 key rotate 并再次分发。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "one file for all servers, or one server", Zh: "所有服务器共用一个文件，或只有一台服务器"}, Line: "wxlogin key rotate"},
			{Note: lang.T{En: "a copy on each server: let all of them know the key first", Zh: "每台服务器一份副本：先让它们都认识新密钥"}, Line: "wxlogin key rotate --prepare"},
		},
	})
	c.Flags().BoolVar(&prepare, "prepare", false, lang.T{En: "add the key that the next rotation uses; until then it only opens tokens", Zh: "添加供下次轮换使用的密钥，在此之前它只用于解密令牌"}.In(a.IO.Lang))
	a.KeyFlag(c, "token-ttl", "token_ttl", "DURATION", lang.T{En: "longest life of the tokens that are out (default 24h)", Zh: "已签发令牌的最长有效期（默认 24h）"})
	c.RunE = func(*cobra.Command, []string) error {
		if prepare {
			return runPrepare(a)
		}
		return runRotate(a)
	}
	return c
}

func runRotate(a *app.App) error {
	c, err := a.Config()
	if err != nil {
		return err
	}
	output, err := a.Output()
	if err != nil {
		return err
	}
	path, err := a.KeysFile()
	if err != nil {
		return err
	}
	done, err := token.Rotate(path, a.Now(), c.TokenTTL)
	if err != nil {
		return err
	}
	if done.Dropped == nil {
		done.Dropped = []token.KeyInfo{}
	}
	return output.Print(a.IO, rotation(done), func(p *term.Page) {
		if done.Retired == nil {
			p.Verdict(term.OK, textMade, path)
		} else {
			p.Verdict(term.OK, textRotated)
		}
		p.Blank()
		fields := []term.Field{{Label: labelActive, Value: done.Active.ID}}
		if done.Retired != nil {
			until := done.Retired.RetiredAt.Add(c.TokenTTL)
			fields = append(fields, term.Field{Label: labelRetired, Value: p.In(textStillOpens, done.Retired.ID, p.Time(until, a.Now()))})
		}
		for _, key := range done.Dropped {
			fields = append(fields, term.Field{Label: labelDropped, Value: p.In(textAllExpired, key.ID)})
		}
		p.Fields(fields)
	})
}

func runPrepare(a *app.App) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	path, err := a.KeysFile()
	if err != nil {
		return err
	}
	key, err := token.Prepare(path, a.Now())
	if err != nil {
		return err
	}
	return output.Print(a.IO, preparation{key}, func(p *term.Page) {
		p.Verdict(term.OK, textPrepared)
		p.Blank()
		p.Fields([]term.Field{{Label: labelPrepared, Value: key.ID}, {Label: labelFile, Value: path}})
		p.Blank()
		p.Line(textDistribute)
		p.Command("wxlogin key rotate")
	})
}

var (
	textRotated    = lang.T{En: "new tokens are sealed with another key from now on; nobody is logged out", Zh: "从现在起新令牌改用另一个密钥加密，没有人会掉线"}
	textMade       = lang.T{En: "there was no key ring; a new one is in %s", Zh: "原来没有密钥环，已新建于 %s"}
	textPrepared   = lang.T{En: "a key is prepared: it opens tokens, and seals none until the next rotation", Zh: "已预备一个密钥：它可以解密令牌，在下次轮换之前不会用于加密"}
	textDistribute = lang.T{En: "Next: bring the file to every server, then", Zh: "下一步：把该文件分发到每台服务器，然后执行"}
	textStillOpens = lang.T{En: "%s, still opens tokens until %s", Zh: "%s，在 %s 之前仍可解密令牌"}
	textAllExpired = lang.T{En: "%s, whose tokens have all expired", Zh: "%s，它的令牌已全部过期"}

	labelActive   = lang.T{En: "active", Zh: "启用"}
	labelRetired  = lang.T{En: "retired", Zh: "退役"}
	labelDropped  = lang.T{En: "dropped", Zh: "移除"}
	labelPrepared = lang.T{En: "prepared", Zh: "预备"}
	labelFile     = lang.T{En: "file", Zh: "文件"}
)

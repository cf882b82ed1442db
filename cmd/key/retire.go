package key

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/token"
)

// removal is what `key retire` prints with --json. The field names are API.
type removal struct {
	Removed token.KeyInfo `json:"removed"`
}

// newRetire is `wxlogin key retire ID`.
func newRetire(a *app.App) *cobra.Command {
	var yes bool
	c := a.Command(app.Spec{
		Use:   "retire ID",
		Short: lang.T{En: "Take a key out of the ring at once", Zh: "立即从密钥环中移除一个密钥"},
		Long: lang.T{
			En: "Removes a token key that is not active, for one that somebody may have got hold of. Every token it sealed is worthless from then on, and the users who hold one log in again. key rotate removes retired keys by itself once their tokens have expired. While tokens of the key may be out, this asks first; --yes answers in a script.\nA key that leaked while active: wxlogin key rotate, then wxlogin key retire with the id of the key before.",
			Zh: "移除一个非启用状态的令牌密钥，用于密钥可能已泄露的情况。此后由它加密的令牌全部失效，持有者需要重新登录。令牌全部过期后，key rotate 会自动移除退役密钥。若该密钥的令牌可能仍在使用，会先询问；在脚本中用 --yes 回答。\n如果泄露的是启用中的密钥：先执行 wxlogin key rotate，再用 wxlogin key retire 移除原来的密钥。",
		},
		Examples: []app.Example{{Note: lang.T{En: "a key that leaked", Zh: "已泄露的密钥"}, Line: "wxlogin key retire XOZNGFAV2JYGZB4UHLQ6YETVMK --yes"}},
	})
	c.Args = app.ExactArgs(1)
	c.ValidArgsFunction = completeIDs(a, token.Retired, token.Prepared)
	c.Flags().BoolVar(&yes, "yes", false, lang.T{En: "do not ask", Zh: "不询问"}.In(a.IO.Lang))
	c.RunE = func(c *cobra.Command, args []string) error { return runRetire(c.Context(), a, args[0], yes) }
	return c
}

func runRetire(ctx context.Context, a *app.App, id string, yes bool) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	path, err := a.KeysFile()
	if err != nil {
		return err
	}
	ring, found, err := a.SavedKeys()
	switch {
	case err != nil:
		return err
	case !found:
		return noSuchKey(id)
	}
	mayBeOut, err := tokensMayBeOut(a, ring, id)
	if err != nil {
		return err
	}
	if mayBeOut {
		agreed, err := confirm(ctx, a, yes, textAskRetire.With(id))
		if err != nil {
			return err
		}
		if !agreed {
			a.IO.Note(textKept.With(id))
			return nil
		}
	}
	removed, err := token.Retire(path, id, a.Now())
	if err != nil {
		return refused(err, id)
	}
	return output.Print(a.IO, removal{removed}, func(p *term.Page) {
		p.Verdict(term.OK, textRemoved, removed.ID)
	})
}

// maxShown is how long a text may be to be repeated as an id that is none. What is longer than any id of ours may be a token in a wrong
// place.
const maxShown = 32

func noSuchKey(id string) error {
	if len(id) > maxShown {
		return app.Usage(textNotAKeyID, len(id))
	}
	return app.Usage(textNoSuchKey, redact.Clean(id))
}

// tokensMayBeOut reports whether somebody may hold a good token that the key sealed.
func tokensMayBeOut(a *app.App, ring *token.Ring, id string) (bool, error) {
	key, found := ring.Key(id)
	switch {
	case !found && isStorage(ring, id):
		return false, refused(token.ErrStorageKey, id)
	case !found:
		return false, refused(&token.UnknownKeyError{KeyID: id}, id)
	case key.State == token.Active:
		return false, refused(token.ErrActiveKey, id)
	}
	c, err := a.Config()
	if err != nil {
		return false, err
	}
	return key.State == token.Prepared || key.RetiredAt.Add(c.TokenTTL).After(a.Now()), nil
}

func isStorage(ring *token.Ring, id string) bool {
	for _, key := range ring.Keys() {
		if key.ID == id && key.Use == token.UseStorage {
			return true
		}
	}
	return false
}

// refused says what is wrong with an id that was given.
func refused(err error, id string) error {
	_, unknown := errors.AsType[*token.UnknownKeyError](err)
	switch {
	case unknown:
		return noSuchKey(id)
	case errors.Is(err, token.ErrActiveKey):
		return app.Usage(textKeyActive, id)
	case errors.Is(err, token.ErrStorageKey):
		return app.Usage(textKeyStorage, id)
	}
	return err
}

var (
	textAskRetire  = lang.T{En: "Tokens sealed with %s may still be in use; their users will have to log in again.", Zh: "由 %s 加密的令牌可能仍在使用，持有者将需要重新登录。"}
	textKept       = lang.T{En: "nothing was changed: %s is still in the ring", Zh: "未作更改：%s 仍在密钥环中"}
	textRemoved    = lang.T{En: "the key %s is gone, and every token that it sealed is worthless", Zh: "密钥 %s 已移除，由它加密的令牌全部失效"}
	textNoSuchKey  = lang.T{En: "there is no key %q in the ring (wxlogin key list)", Zh: "密钥环中没有密钥 %q（wxlogin key list）"}
	textNotAKeyID  = lang.T{En: "that is not the id of a key, it has %d characters (wxlogin key list)", Zh: "这不是密钥编号：它有 %d 个字符（wxlogin key list）"}
	textKeyActive  = lang.T{En: "%q is the active key, which seals new tokens: run wxlogin key rotate first", Zh: "%q 是启用中的密钥，正用于加密新令牌：请先执行 wxlogin key rotate"}
	textKeyStorage = lang.T{En: "%q is the storage key: it seals saved sessions, makes no tokens, and stays where it is", Zh: "%q 是存储密钥：它用于加密保存的会话，不加密令牌，也不会离开密钥环"}
)

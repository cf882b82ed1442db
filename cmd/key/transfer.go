package key

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/token"
)

// addition is what `key import` prints with --json. The field names are API.
type addition struct {
	Added   []token.KeyInfo `json:"added"`
	Skipped int             `json:"skipped"` // were there already
}

// newImport is `wxlogin key import [FILE | -]`.
func newImport(a *app.App) *cobra.Command {
	var prepare bool
	c := a.Command(app.Spec{
		Use:   "import [FILE | -]",
		Short: lang.T{En: "Add keys from elsewhere, to open their tokens", Zh: "导入别处的密钥，以便解密其令牌"},
		Long: lang.T{
			En: "Reads a JWK, a JWK set (wxlogin key export), or the token keys of another key ring file. The keys open tokens and seal none; they are dropped as retired keys are. With --prepare they wait for the next key rotate. Keys that are there already are skipped. The storage key of another ring is left out: where a whole server moves, copy its key ring file.",
			Zh: "读取一个 JWK、一个 JWK 集合（wxlogin key export），或另一个密钥环文件中的令牌密钥。导入的密钥只用于解密令牌，不用于加密，并像退役密钥一样被移除。加 --prepare 则留待下次 key rotate 使用。已有的密钥会跳过。不会导入其他密钥环的存储密钥：若要整体迁移服务器，请直接复制其密钥环文件。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "open the tokens of another server here", Zh: "在本机解密另一台服务器的令牌"}, Line: "wxlogin key import keys.jwks"},
			{Note: lang.T{En: "a key that the next rotation uses", Zh: "供下次轮换使用的密钥"}, Line: "wxlogin key import --prepare - < key.jwk"},
		},
	})
	c.Args = app.MaxArgs(1)
	c.ValidArgsFunction = func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveDefault
	}
	c.Flags().BoolVar(&prepare, "prepare", false, lang.T{En: "let the next rotation use the key", Zh: "供下次轮换使用"}.In(a.IO.Lang))
	c.RunE = func(_ *cobra.Command, args []string) error {
		path := "-"
		switch {
		case len(args) == 1:
			path = args[0]
		case a.IO.InTTY:
			return app.Usage(textNothingToImport)
		}
		return runImport(a, path, prepare)
	}
	return c
}

func runImport(a *app.App, path string, prepare bool) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	file, err := a.KeysFile()
	if err != nil {
		return err
	}
	text, err := readKeys(a, path)
	if err != nil {
		return err
	}
	keys, err := token.ParseKeys(text)
	if err != nil {
		return app.Usage(textCannotImport, err.Error())
	}
	added, err := token.Import(file, keys, prepare, a.Now())
	if _, ofFile := errors.AsType[*token.FileError](err); err != nil && !ofFile {
		return app.Usage(textCannotImport, err.Error())
	} else if err != nil {
		return err
	}
	if added == nil {
		added = []token.KeyInfo{}
	}
	return output.Print(a.IO, addition{added, keys.Len() - len(added)}, func(p *term.Page) {
		if len(added) == 0 {
			p.Verdict(term.OK, textNothingNew)
			return
		}
		text := textImported
		if prepare {
			text = textImportedNext
		}
		p.Verdict(term.OK, text)
		p.Blank()
		var fields []term.Field
		for _, key := range added {
			fields = append(fields, term.Field{Label: labelID, Value: key.ID})
		}
		p.Fields(fields)
	})
}

// maxImport is in bytes: thousands of keys.
const maxImport = 1 << 20

func readKeys(a *app.App, path string) (redact.Secret, error) {
	var in io.Reader
	if path == "-" {
		stdin, err := a.IO.Stdin("FILE")
		if err != nil {
			return redact.Secret{}, err
		}
		in = stdin
	} else {
		file, err := os.Open(path)
		if e, ok := errors.AsType[*fs.PathError](err); ok {
			return redact.Secret{}, app.Usage(textCannotRead, path, e.Err)
		} else if err != nil {
			return redact.Secret{}, err
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	data, err := io.ReadAll(io.LimitReader(in, maxImport))
	return redact.NewSecret(string(data)), err
}

// newExport is `wxlogin key export [ID…] --reveal`.
func newExport(a *app.App) *cobra.Command {
	var reveal bool
	c := a.Command(app.Spec{
		Use:   "export [ID...] --reveal",
		Short: lang.T{En: "Print token keys as a JWK set", Zh: "以 JWK 集合输出令牌密钥"},
		Long: lang.T{
			En: "Prints all token keys, or those named, as a JWK set for a service that opens login tokens itself, or for wxlogin key import. Whoever holds such a key can read every token and make tokens that your servers take for their own; ask POST /introspect instead wherever you can (docs/tokens.md). It therefore wants --reveal. The storage key is never exported.",
			Zh: "以 JWK 集合输出全部或指定的令牌密钥，供需要自行解密登录令牌的服务使用，或供 wxlogin key import 导入。持有这样的密钥就能读取所有令牌，也能伪造你的服务器会接受的令牌；只要可能，请改用 POST /introspect（docs/zh-CN/tokens.md）。因此需要 --reveal。存储密钥绝不导出。",
		},
		Examples: []app.Example{{Note: lang.T{En: "for a service that opens tokens itself", Zh: "供自行解密令牌的服务使用"}, Line: "(umask 077; wxlogin key export --reveal > keys.jwks)"}},
	})
	c.Args = cobra.ArbitraryArgs
	c.ValidArgsFunction = completeIDs(a, token.Active, token.Retired, token.Prepared)
	c.Flags().BoolVar(&reveal, "reveal", false, lang.T{En: "yes, print the keys", Zh: "确认输出密钥内容"}.In(a.IO.Lang))
	c.RunE = func(_ *cobra.Command, ids []string) error { return runExport(a, ids, reveal) }
	return c
}

func runExport(a *app.App, ids []string, reveal bool) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	if !reveal {
		return app.Usage(textNeedsReveal)
	}
	ring, found, err := a.SavedKeys()
	switch {
	case err != nil:
		return err
	case !found:
		return app.Usage(textNoRing)
	}
	set, err := ring.Export(ids...)
	if err != nil {
		for _, id := range ids {
			if _, known := ring.Key(id); !known {
				return refused(err, id)
			}
		}
		return err
	}
	if output.Machine() {
		return output.Print(a.IO, json.RawMessage(set.Reveal()), nil)
	}
	return a.IO.PrintDocument([]byte(set.Reveal() + "\n"))
}

var (
	textNothingToImport = lang.T{En: "nothing to import: name a FILE, or pipe the keys in", Zh: "没有要导入的内容：请给出 FILE，或通过管道传入"}
	textCannotRead      = lang.T{En: "cannot read %s: %v", Zh: "无法读取 %s：%v"}
	textCannotImport    = lang.T{En: "nothing was imported: %s", Zh: "没有导入任何内容：%s"}
	textNothingNew      = lang.T{En: "all of the keys are in the ring already", Zh: "这些密钥都已在密钥环中"}
	textImported        = lang.T{En: "imported: the key opens tokens here from now on", Zh: "已导入：从现在起可以解密由它加密的令牌"}
	textImportedNext    = lang.T{En: "imported: the key opens tokens, and seals them after the next key rotate", Zh: "已导入：可以解密由它加密的令牌，下次 key rotate 之后用于加密"}
	textNeedsReveal     = lang.T{En: "export prints keys, with which anybody can make login tokens of yours: add --reveal if that is wanted", Zh: "export 会输出密钥，任何人拿到都能伪造你的登录令牌：如确需如此，请加 --reveal"}
	textNoRing          = lang.T{En: "there is no key ring here to export from (wxlogin config path)", Zh: "这里没有可导出的密钥环（wxlogin config path）"}
)

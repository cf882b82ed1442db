package cmd

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/diagnose"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/session"
)

// diagnosisOptions of `wxlogin decrypt`.
type diagnosisOptions struct {
	repair, explain bool
	keys            string // a file of other keys
}

func diagnosisFlags(a *app.App, f *pflag.FlagSet, opts *diagnosisOptions) {
	text := func(t lang.T) string { return t.In(a.IO.Lang) }
	f.BoolVar(&opts.repair, "repair", false, text(lang.T{En: "undo damage that is proven, say so, and print the data", Zh: "还原已证实的损坏并输出数据，同时给出警告"}))
	f.BoolVar(&opts.explain, "explain", false, text(lang.T{En: "show the block map and every test with its outcome, on success too", Zh: "显示分组图和每项测试的结果，解密成功时也显示"}))
	f.StringVar(&opts.keys, "keys", "", text(lang.T{En: "try the keys of other logins as well, one a line with its time: `FILE|-`", Zh: "同时尝试其他登录的密钥，每行一个，可带时间：`FILE|-`"}))
}

// A keyRing is where the keys of a diagnosis come from.
type keyRing struct {
	given   []diagnose.Key   // of --keys
	current *session.Session // whose key is used; nil where the key was given
	store   session.Store    // nil where nothing was taken from it
	others  session.Filter   // which of its sessions may be meant
}

// maxSessions bounds how many saved sessions are asked for their keys. The newest come first.
const maxSessions = 200

// known returns every key that the data may have been encrypted under besides the one used: the history of the user, what --keys gave,
// and the keys of other users, because a server that keeps one global key has those of others. It reads the store only when something has failed.
func (r keyRing) known(ctx context.Context) []diagnose.Key {
	keys := r.given
	if r.current != nil {
		keys = append(keys, history(*r.current, false)...)
	}
	if r.store == nil {
		return keys
	}
	list, err := r.store.List(ctx, r.others)
	if err != nil {
		return keys // what fails here takes nothing from the diagnosis but these keys
	}
	for _, s := range list {
		if r.current != nil && s.ID == r.current.ID {
			continue
		}
		if whole, err := r.store.Get(ctx, s.ID); err == nil {
			keys = append(keys, history(whole, true)...)
		}
	}
	return keys
}

// history lists the keys of a session, its current one only on request.
func history(s session.Session, current bool) []diagnose.Key {
	var keys []diagnose.Key
	if current {
		keys = append(keys, diagnose.Key{SessionKey: s.Key, Obtained: s.KeyObtained, OpenID: s.OpenID})
	}
	for _, p := range s.Previous {
		keys = append(keys, diagnose.Key{SessionKey: p.Key, Obtained: p.Obtained, Replaced: p.Replaced, OpenID: s.OpenID})
	}
	return keys
}

// readKeys reads the file of --keys.
func readKeys(a *app.App, path string) ([]diagnose.Key, error) {
	if path == "" {
		return nil, nil
	}
	data, err := readFile(a, path, "--keys")
	if err != nil {
		return nil, err
	}
	keys, err := diagnose.ParseKeys(bytes.NewReader(data))
	if e, ok := errors.AsType[*diagnose.KeysError](err); ok {
		return nil, app.Usage(textBadKeys, path, strconv.Itoa(e.Line), keyReasons(e.Reason))
	}
	if err == nil && len(keys) == 0 {
		return nil, app.Usage(textEmptyKeys, path)
	}
	return keys, err
}

// diagnosed finds out why in did not open; with --repair it returns what opened after all.
func diagnosed(ctx context.Context, a *app.App, opts diagnosisOptions, in decryptInput, policy opendata.Policy, ring keyRing, err error) (*diagnose.Opened, *diagnosedError) {
	report := diagnose.Data(in.toDiagnose(policy, ring, ring.known(ctx)))
	failed := &diagnosedError{err: err, report: report, asked: opts.repair, shown: opts.explain}
	if opts.repair && report.Repaired != nil {
		if report.Repaired.Err != nil {
			failed.err = report.Repaired.Err
			return nil, failed
		}
		return report.Repaired, failed
	}
	return nil, failed
}

func (in decryptInput) toDiagnose(policy opendata.Policy, ring keyRing, keys []diagnose.Key) diagnose.Input {
	d := diagnose.Input{
		SessionKey: in.SessionKey, Envelope: in.Envelope, ErrMsg: in.ErrMsg, Document: in.document, OpenID: in.OpenID,
		Policy: policy, Keys: keys,
	}
	if in.malformed != nil { // the members come from what was undone, so the diagnosis has to start from the document
		d.SessionKey, d.Envelope = in.given.SessionKey, in.given.Envelope
		if d.SessionKey.IsZero() {
			d.SessionKey = in.SessionKey
		}
	}
	if ring.current != nil {
		d.KeyTime, d.OpenID = ring.current.KeyObtained, ring.current.OpenID
	}
	return d
}

// warnRepaired names what was undone.
func warnRepaired(a *app.App, findings []diagnose.Finding) []diagnosisObject {
	var undone []diagnose.Finding
	for _, f := range findings {
		if !f.Repairable {
			continue
		}
		undone = append(undone, f)
		a.IO.Warn(textRepaired.With(f.ID+" "+f.Name, bare(f.Verdict)))
		for _, m := range f.Evidence {
			a.IO.Detail(m)
		}
	}
	return diagnosisObjects(undone, a.IO.Lang)
}

// printDiagnosis writes what stands between an error and its hints: the evidence, the fix, and what was found besides.
func printDiagnosis(a *app.App, f failure) {
	if len(f.facts) > 0 {
		a.IO.Note(textUnexplained.With())
		for _, m := range f.facts {
			a.IO.Detail(m)
		}
	}
	if f.verdict == nil {
		return
	}
	for _, m := range f.verdict.Evidence {
		a.IO.Detail(m)
	}
	a.IO.Fix(bare(f.verdict.Fix))
	for _, other := range f.diagnosis {
		if other.ID != f.verdict.ID {
			a.IO.Also(textFinding.With(bare(other.Verdict), other.ID+" "+other.Name))
		}
	}
}

// keyReasons translates why a line of --keys is refused.
func keyReasons(reason string) lang.T {
	zh := map[string]string{
		"does not start with a session_key (24 characters of base64)": "开头不是 session_key（24 个 base64 字符）",
		"has something behind the key that is no time":                "密钥之后的内容不是时间",
		"is not a JSON object":                                        "不是 JSON 对象",
		"has no session_key of 24 characters":                         "没有 24 个字符的 session_key",
		"has a time that cannot be read":                              "的时间无法识别",
		"is longer than 64 KiB":                                       "超过 64 KiB",
	}
	return lang.T{En: reason, Zh: strings.TrimSpace(zh[reason])}
}

var (
	textRepaired  = lang.T{En: "repaired %s: %s", Zh: "已还原 %s：%s"}
	textFinding   = lang.T{En: "%s (%s)", Zh: "%s（%s）"}
	textBadKeys   = lang.T{En: "--keys: %s: line %s %s", Zh: "--keys：%s：第 %s 行%s"}
	textEmptyKeys = lang.T{En: "--keys: %s has no key in it", Zh: "--keys：%s 中没有密钥"}
)

package bulk

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/opendata"
)

// A cause names why a line failed: by the id and the name of a diagnosis, or by one of the names below alone.
type cause struct {
	id, name string
	like     int64 // of causeNotExamined: the number of the first line that failed in this form
}

// The causes that are no matter of decryption.
const (
	causeMalformed   = "malformed-line"
	causeTooLong     = "line-too-long"
	causeNoKey       = "no-key"
	causeUnexplained = "unexplained"
	causeNotExamined = "not-examined"
)

// A diagnosis is what the result of a failed line says: API.
type diagnosis struct {
	ID         string   `json:"id"` // empty for a cause that the catalogue does not have
	Name       string   `json:"name"`
	Verdict    string   `json:"verdict"`
	Evidence   []string `json:"evidence"`
	Fix        string   `json:"fix"`
	Repairable bool     `json:"repairable"`
}

// carefully reads a line whose form is unusual as a single payload is read, decrypts and checks it.
func (w *worker) carefully(out []byte, n int64, text []byte) ([]byte, result) {
	pasted, err := opendata.ParsePasted(text)
	if err != nil {
		return w.refuse(out, failure{line: n, text: text, err: err})
	}
	var others []byte
	if w.Keep {
		others = opendata.OtherMembers(text)
	}
	key, err := pasted.SessionKey, error(nil)
	switch {
	case !key.IsZero():
	case !w.Key.IsZero():
		key = w.Key
	default:
		key, err = w.saved(pasted.AppID, pasted.OpenID)
	}
	var payload opendata.Payload
	if err == nil {
		payload, err = opendata.Open(key, pasted.Envelope)
	}
	if err == nil {
		_, err = w.Policy.Check(payload, pasted.Envelope, key)
	}
	if err == nil {
		return w.ok(out, n, payload, others), result{kind: payload.Kind, unmarked: !payload.Watermark.Present}
	}
	pasted.SessionKey = key
	return w.refuse(out, failure{line: n, pasted: pasted, text: text, others: others, err: err})
}

// refuse takes a line that does not decrypt or verify. Unless it is for want of a key, what is to be said of it comes later.
func (w *worker) refuse(out []byte, f failure) ([]byte, result) {
	if e, ok := errors.AsType[*KeyError](f.err); ok {
		return w.say(out, f.line, f.others, diagnosis{Name: causeNoKey, Verdict: textNoKeyIs.With(e.Message).In(w.Lang), Fix: textNoKeyFix.In(w.Lang)})
	}
	if f.pasted.SessionKey.IsZero() {
		f.pasted.SessionKey = w.Key
	}
	if f.pasted.EncryptedData == "" {
		f.text = bytes.Clone(f.text) // of the chunk that is read into again
	} else {
		f.text = nil
	}
	w.failed = append(w.failed, f)
	return out, result{failure: len(w.failed)}
}

func (w *worker) texts(messages []lang.Message) []string {
	texts := make([]string, len(messages))
	for i, m := range messages {
		texts[i] = m.In(w.Lang)
	}
	return texts
}

// malformed says why a line is no envelope. JSON that is laid out over several lines, or is one array, is the usual reason.
func (w *worker) malformed(text []byte, err error) diagnosis {
	fix := textMalformedFix
	switch trimmed := bytes.TrimLeft(text, " \t"); {
	case trimmed[0] == '[':
		fix = textArrayFix
	case len(trimmed) == 1:
		fix = textLaidOutFix
	}
	return diagnosis{Name: causeMalformed, Verdict: textMalformed.With(err.Error()).In(w.Lang), Fix: fix.In(w.Lang)}
}

// tooLong appends what is to be said of a line that is not looked at.
func (w *worker) tooLong(out []byte, n int64) ([]byte, result) {
	return w.say(out, n, nil, diagnosis{
		Name: causeTooLong, Verdict: textTooLong.With(MaxLine >> 10).In(w.Lang), Fix: textTooLongFix.In(w.Lang),
	})
}

// say appends the result of a line that failed.
func (w *worker) say(out []byte, n int64, others []byte, d diagnosis) ([]byte, result) {
	if d.Evidence == nil {
		d.Evidence = []string{}
	}
	out = append(out, `{"line":`...)
	out = strconv.AppendInt(out, n, 10)
	out = append(out, `,"ok":false,"diagnosis":`...)
	out = append(out, encode(d)...)
	return w.end(out, others), result{cause: cause{id: d.ID, name: d.Name}}
}

// encode is a diagnosis as JSON.
func encode(d diagnosis) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(d); err != nil {
		panic("bulk: internal error: texts do not encode: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

var (
	textNoKey        = lang.T{En: "the line has no session_key, and none is given for it", Zh: "该行没有 session_key，也没有为它另外给出"}
	textNoKeyIs      = lang.T{En: "There is no key: %s.", Zh: "没有密钥：%s。"}
	textNoKeyFix     = lang.T{En: "Add it to the line, or give --session-key, or the openid of a saved session.", Zh: "在该行加上 session_key，或使用 --session-key，或给出已保存会话的 openid。"}
	textMalformed    = lang.T{En: "The line is no envelope: %s.", Zh: "该行不是可解密的对象：%s。"}
	textMalformedFix = lang.T{En: `Write one JSON object a line: {"session_key":"…","iv":"…","encryptedData":"…"}.`, Zh: `每行写一个 JSON 对象：{"session_key":"…","iv":"…","encryptedData":"…"}。`}
	textArrayFix     = lang.T{En: "Write one JSON object a line: jq -c '.[]' makes lines of an array.", Zh: "每行写一个 JSON 对象：jq -c '.[]' 可把数组拆成多行。"}
	textLaidOutFix   = lang.T{En: "Write one JSON object a line: jq -c . makes one line of an object that is laid out over several.", Zh: "每行写一个 JSON 对象：jq -c . 可把分行书写的对象合成一行。"}
	textTooLong      = lang.T{En: "The line is longer than %d KiB, which no data of WeChat's is.", Zh: "该行超过 %d KiB，微信不会给出这么长的数据。"}
	textTooLongFix   = lang.T{En: "Look for a line feed that was lost before it.", Zh: "检查它前面是否丢失了换行。"}
)

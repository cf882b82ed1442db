package bulk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A result is what became of a line. The zero cause and kind are those of a blank line, which has none.
type result struct {
	end      int           // where it ends in the chunk's output
	kind     opendata.Kind // of a line that is ok
	cause    cause         // of a line that failed
	failure  int           // 1 + index in the chunk's failures, of one that failed and has no output yet
	unmarked bool          // ok, but nothing says for which mini program
	repaired bool          // ok, after damage was undone
}

// A worker decrypts lines. Its rooms are reused, so that a line of the usual form costs one allocation, that of its key schedule,
// and none if its key is that of the line before.
type worker struct {
	Options
	ctx    context.Context //nolint:containedctx // a worker lives as long as the run
	key    []byte          // the text of Options.Key
	line   opendata.Line
	opener opendata.Opener
	plain  []byte
	found  []byte // a key of Options.Saved
	failed []failure
	fatal  error // ends the run
}

func newWorker(ctx context.Context, o Options) *worker {
	w := &worker{Options: o, ctx: ctx, key: []byte(o.Key.Reveal())}
	w.line.KeepOthers = o.Keep
	return w
}

// chunk fills in the output and the results of c.
func (w *worker) chunk(c *chunk) {
	c.out, c.results = c.out[:0], c.results[:0]
	w.failed, w.Policy.Now = c.failures[:0], w.Now()
	defer func() { c.failures = w.failed }()
	from := 0
	for i, end := range c.ends {
		text := bytes.TrimRight(c.in[from:end], " \t\r")
		from = end + 1
		n := c.first + int64(i)
		var r result
		switch {
		case c.tooLong || len(text) > MaxLine:
			c.out, r = w.tooLong(c.out, n)
		case len(text) > 0:
			c.out, r = w.decrypt(c.out, n, text)
		}
		if w.fatal != nil {
			c.out, c.err = c.out[:lastEnd(c.results)], w.fatal
			return
		}
		r.end = len(c.out)
		c.results = append(c.results, r)
	}
}

// lastEnd returns where the last result ends.
func lastEnd(results []result) int {
	if len(results) == 0 {
		return 0
	}
	return results[len(results)-1].end
}

// decrypt appends what is to be said of a line.
func (w *worker) decrypt(out []byte, n int64, text []byte) ([]byte, result) {
	if !w.line.Scan(text) {
		return w.carefully(out, n, text)
	}
	payload, err := w.open()
	if err != nil {
		pasted, ok := w.line.Pasted()
		if !ok {
			return w.carefully(out, n, text)
		}
		return w.refuse(out, failure{line: n, pasted: pasted, text: text, others: bytes.Clone(w.line.Others), err: err})
	}
	return w.ok(out, n, payload, w.line.Others), result{kind: payload.Kind, unmarked: !payload.Watermark.Present}
}

// open decrypts and checks the line that was scanned.
func (w *worker) open() (opendata.Payload, error) {
	l := &w.line
	key, err := w.keyText()
	if err != nil {
		return opendata.Payload{}, err
	}
	if err := w.opener.SetKey(key); err != nil {
		return opendata.Payload{}, err
	}
	out, payload, err := w.opener.Append(w.plain[:0], l.IV, l.EncryptedData)
	if err != nil {
		return payload, err
	}
	w.plain = out
	var envelope opendata.Envelope
	var signedUnder wechat.SessionKey
	if len(l.RawData) > 0 || len(l.Signature) > 0 {
		envelope = opendata.Envelope{RawData: string(l.RawData), Signature: string(l.Signature)}
		signedUnder = wechat.NewSessionKey(string(key))
	}
	_, err = w.Policy.Check(payload, envelope, signedUnder)
	return payload, err
}

// keyText returns the key of the line that was scanned.
func (w *worker) keyText() ([]byte, error) {
	switch {
	case len(w.line.SessionKey) > 0:
		return w.line.SessionKey, nil
	case len(w.key) > 0:
		return w.key, nil
	}
	key, err := w.saved(wechat.AppID(w.line.AppID), wechat.OpenID(w.line.OpenID))
	w.found = append(w.found[:0], key.Reveal()...)
	return w.found, err
}

// saved asks for a key. An error that is not about the line alone ends the run.
func (w *worker) saved(appID wechat.AppID, openID wechat.OpenID) (wechat.SessionKey, error) {
	if w.Saved == nil {
		return wechat.SessionKey{}, &KeyError{textNoKey.With()}
	}
	key, err := w.Saved(w.ctx, appID, openID)
	if _, ofLine := errors.AsType[*KeyError](err); err != nil && !ofLine {
		w.fatal = err
	}
	return key, err
}

// ok appends the result of a line that decrypted.
func (w *worker) ok(out []byte, n int64, p opendata.Payload, others []byte) []byte {
	return w.end(w.payload(out, n, p), others)
}

// payload appends the beginning of such a result.
func (w *worker) payload(out []byte, n int64, p opendata.Payload) []byte {
	out = append(out, `{"line":`...)
	out = strconv.AppendInt(out, n, 10)
	out = append(out, `,"ok":true,"kind":"`...)
	out = append(out, p.Kind...)
	out = append(out, `","data":`...)
	if p.Kind == opendata.KindText || bytes.IndexByte(p.Plain, '\n') >= 0 {
		return appendOneLine(out, p.JSON())
	}
	return append(out, p.Plain...)
}

// appendOneLine appends JSON without the line feeds that may stand between its parts.
func appendOneLine(out, text []byte) []byte {
	b := bytes.NewBuffer(out)
	if err := json.Compact(b, text); err != nil {
		panic("bulk: internal error: a payload is no JSON: " + err.Error())
	}
	return b.Bytes()
}

// end ends a result, with what is carried over.
func (w *worker) end(out, others []byte) []byte {
	if w.Keep {
		out = append(out, `,"keep":{`...)
		out = append(out, others...)
		out = append(out, '}')
	}
	return append(out, "}\n"...)
}

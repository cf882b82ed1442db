package opendata

import (
	"bytes"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// maxUnknown is how many fields the package does not know one payload may have. WeChat adds fields now and then, never dozens;
// the bound keeps the search for duplicates short and free of allocations.
const maxUnknown = 32

// maxTimestamp is the last second of the year 9999, the last that RFC 3339 can write.
const maxTimestamp = 253402300799

// A document is what one pass over a plain text finds.
type document struct {
	kind Kind
	seen fieldSet

	unknown  [maxUnknown]span // names that fieldOf does not know, of the object being read and those around it
	unknowns int

	marked  bool
	appID   []byte // the watermark's appid as it stands in the text, with its quotes
	seconds int64  // the watermark's timestamp
}

// A span is a part of the text: the name of a field with its quotes.
type span struct{ from, to int }

// read checks plain and fills the document in. The error is a [*PlaintextError].
func (d *document) read(plain []byte) error {
	d.kind, d.seen, d.unknowns, d.marked = "", 0, 0, false
	i := space(plain, 0)
	if i == len(plain) || plain[i] != '{' && plain[i] != '[' {
		d.kind = KindText
		return checkText(plain)
	}
	var r Reason
	if plain[i] == '{' {
		i, r = d.top(plain, i)
	} else {
		i, r = array(plain, i, 0)
	}
	if r == "" {
		if i = space(plain, i); i < len(plain) {
			r = ReasonTrailing
		}
	}
	if r != "" {
		return &PlaintextError{Reason: r, Pos: i}
	}
	d.kind = d.seen.kind()
	return nil
}

// watermark returns what was found. An appid equal to known is returned as known, without a copy.
func (d *document) watermark(known wechat.AppID) Watermark {
	if !d.marked {
		return Watermark{}
	}
	appID := known
	if text := d.appID[1 : len(d.appID)-1]; string(text) != string(known) || bytes.IndexByte(text, '\\') >= 0 {
		appID = wechat.AppID(unquote(d.appID))
	}
	return Watermark{Present: true, AppID: appID, Timestamp: time.Unix(d.seconds, 0).UTC()}
}

// top checks the outermost object.
func (d *document) top(src []byte, i int) (int, Reason) {
	var r Reason
	for i, more := open(src, i, '}'); ; i, more, r = next(src, i, '}') {
		if r != "" || !more {
			return i, r
		}
		start := i
		end, at, r := name(src, i)
		if r != "" {
			return at, r
		}
		field := fieldOf(src[start+1 : end-1])
		if field == 0 {
			if field = fieldOf(plainName(src[start:end])); field == 0 {
				r = d.remember(src, start, end, 0)
			}
		}
		switch {
		case r != "":
			return start, r
		case d.seen&field != 0:
			return start, ReasonDuplicate
		case field == fieldWatermark:
			i, r = d.mark(src, at)
		default:
			i, r = value(src, at, 1)
		}
		if r != "" {
			return i, r
		}
		d.seen |= field
	}
}

// The fields of a watermark.
const (
	markAppID fieldSet = 1 << iota
	markTimestamp
)

func markOf(name []byte) fieldSet {
	switch string(name) {
	case "appid":
		return markAppID
	case "timestamp":
		return markTimestamp
	}
	return 0
}

// mark checks the value of the field watermark and records it. A watermark that cannot be used is refused here: taken for a
// missing one, it would pass for the kinds that may lack one. A timestamp in quotes is refused, too: every known sample and the
// documentation have a number.
func (d *document) mark(src []byte, i int) (int, Reason) {
	if i < len(src) && src[i] != '{' {
		return i, ReasonWatermark
	}
	var r Reason
	var seen fieldSet
	object, outer := i, d.unknowns
	for i, more := open(src, i, '}'); ; i, more, r = next(src, i, '}') {
		switch {
		case r != "":
			return i, r
		case !more && seen != markAppID|markTimestamp:
			return object, ReasonWatermark
		case !more:
			d.marked, d.unknowns = true, outer
			return i, ""
		}
		start := i
		end, at, r := name(src, i)
		if r != "" {
			return at, r
		}
		if i, r = value(src, at, 2); r != "" {
			return i, r
		}
		field := markOf(src[start+1 : end-1])
		if field == 0 {
			if field = markOf(plainName(src[start:end])); field == 0 {
				r = d.remember(src, start, end, outer)
			}
		}
		if seen&field != 0 {
			r = ReasonDuplicate
		}
		if r != "" {
			return start, r
		}
		if !d.note(field, src[at:i]) {
			return at, ReasonWatermark
		}
		seen |= field
	}
}

// note keeps a field of the watermark; false if its value is of the wrong type.
func (d *document) note(field fieldSet, value []byte) (ok bool) {
	switch field {
	case markAppID:
		d.appID = value
		return value[0] == '"'
	case markTimestamp:
		d.seconds, ok = wholeSeconds(value)
		return ok
	}
	return true
}

// wholeSeconds reads a JSON number that is a count of seconds since 1970.
func wholeSeconds(number []byte) (n int64, ok bool) {
	for _, c := range number {
		if c < '0' || c > '9' || n > maxTimestamp {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	return n, n <= maxTimestamp
}

// remember adds a name that fieldOf does not know to the names of its object, which start at d.unknown[first].
func (d *document) remember(src []byte, start, end, first int) Reason {
	name := src[start:end]
	for _, other := range d.unknown[first:d.unknowns] {
		if sameName(src[other.from:other.to], name) {
			return ReasonDuplicate
		}
	}
	if d.unknowns == len(d.unknown) {
		return ReasonMembers
	}
	d.unknown[d.unknowns] = span{start, end}
	d.unknowns++
	return ""
}

// sameName compares two names with their quotes, whatever their spelling.
func sameName(a, b []byte) bool {
	if bytes.IndexByte(a, '\\') < 0 && bytes.IndexByte(b, '\\') < 0 {
		return bytes.Equal(a, b)
	}
	return unquote(a) == unquote(b)
}

// plainName returns what a name with its quotes says. WeChat escapes no names; "\u006fpenId" is openId nevertheless.
func plainName(quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	return []byte(unquote(quoted))
}

// unquote returns what a string that was checked says.
func unquote(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	return string(appendUnquoted(nil, quoted))
}

// appendUnquoted appends what a string that was checked says.
func appendUnquoted(dst, quoted []byte) []byte {
	for rest := quoted[1 : len(quoted)-1]; ; {
		i := bytes.IndexByte(rest, '\\')
		if i < 0 {
			return append(dst, rest...)
		}
		dst = append(dst, rest[:i]...)
		c := rest[i+1]
		if c != 'u' {
			dst, rest = append(dst, unescape(c)), rest[i+2:]
			continue
		}
		unit, _, _ := hex4(rest, i+2)
		rest = rest[i+6:]
		if utf16.IsSurrogate(unit) { // its other half follows, or the string would not have passed
			low, _, _ := hex4(rest, 2)
			unit, rest = utf16.DecodeRune(unit, low), rest[6:]
		}
		dst = utf8.AppendRune(dst, unit)
	}
}

// unescape returns the character that stands behind a backslash for another one.
func unescape(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

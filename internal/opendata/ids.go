package opendata

import (
	"errors"
	"strings"
)

// ErrIdentity says that a payload holds an id of the user where it cannot be left out.
var ErrIdentity = errors.New("the data holds an id of the user that cannot be left out")

// WithoutIDs returns the payload as JSON that may leave the server: without the user's openid and unionid, every other byte as
// WeChat sent it. Left out are, at any depth and in any spelling that JSON allows,
//
//   - fields named openId or unionId, whatever their case, also with a "_" before "id";
//   - fields whose name, or whose value, if it is a string, contains one of ids.
//
// Ids of groups and rooms (openGId, opengid, group_openid) stay: they are what their calls are made for. If one of ids stands
// elsewhere, in an array or in a bare text, the error is [ErrIdentity]; if the payload is not what [Open] returns, it is a
// [*PlaintextError]. Empty ids are ignored.
func WithoutIDs(p Payload, ids ...string) ([]byte, error) {
	var doc document
	if err := doc.read(p.Plain); err != nil {
		return nil, err
	}
	if doc.kind == KindText {
		if containsAny(string(p.Plain), ids) {
			return nil, ErrIdentity
		}
		return Payload{Kind: KindText, Plain: p.Plain}.JSON(), nil
	}
	f := filter{src: p.Plain, ids: ids, out: make([]byte, 0, len(p.Plain))}
	start := space(f.src, 0)
	f.out = append(f.out, f.src[:start]...)
	end := f.value(start)
	if f.stuck {
		return nil, ErrIdentity
	}
	return append(f.out, f.src[end:]...), nil
}

// A filter copies a text that the scanner has accepted, without the fields that give the user away. The scanner's reasons are
// therefore not looked at, and its bound on depth holds here.
type filter struct {
	src   []byte
	out   []byte
	ids   []string
	stuck bool // an id was met that cannot be left out
}

// value copies the value at i and returns the index after it.
func (f *filter) value(i int) int {
	switch f.src[i] {
	case '{':
		return f.object(i)
	case '[':
		return f.array(i)
	}
	end, _ := value(f.src, i, 0)
	f.stuck = f.stuck || f.src[i] == '"' && containsAny(unquote(f.src[i:end]), f.ids)
	f.out = append(f.out, f.src[i:end]...)
	return end
}

// object copies the object at i. White space belongs to the field that it surrounds, the comma to the one it precedes.
func (f *filter) object(i int) int {
	from := i + 1
	at, more := open(f.src, i, '}')
	f.out = append(f.out, '{')
	if !more {
		f.out = append(f.out, f.src[from:at]...)
		return at
	}
	for kept := false; more; {
		nameEnd, start, _ := name(f.src, at)
		end, _ := value(f.src, start, 0)
		tail := space(f.src, end)
		if !f.drops(f.src[at:nameEnd], f.src[start:end]) {
			if kept {
				f.out = append(f.out, ',')
			}
			kept = true
			f.out = append(f.out, f.src[from:start]...)
			f.value(start)
			f.out = append(f.out, f.src[end:tail]...)
		}
		from = tail + 1
		at, more, _ = next(f.src, end, '}')
	}
	f.out = append(f.out, '}')
	return at
}

// array copies the array at i.
func (f *filter) array(i int) int {
	at, more := open(f.src, i, ']')
	f.out = append(f.out, f.src[i:at]...)
	for more {
		end := f.value(at)
		at, more, _ = next(f.src, end, ']')
		f.out = append(f.out, f.src[end:at]...)
	}
	return at
}

// drops reports whether a field is left out; name and value are as they stand in the text.
func (f *filter) drops(name, value []byte) bool {
	text := unquote(name)
	for _, id := range []string{"openId", "open_id", "unionId", "union_id"} {
		if strings.EqualFold(text, id) {
			return true
		}
	}
	return containsAny(text, f.ids) || value[0] == '"' && containsAny(unquote(value), f.ids)
}

func containsAny(text string, ids []string) bool {
	for _, id := range ids {
		if id != "" && strings.Contains(text, id) {
			return true
		}
	}
	return false
}

package diagnose

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A KeysError says which line of a list of keys cannot be read. It holds none of the line.
type KeysError struct {
	Line   int
	Reason string // completes the sentence "line 3 …"
}

func (e *KeysError) Error() string { return fmt.Sprintf("line %d %s", e.Line, e.Reason) }

// maxKeyLine is in bytes. A line of a log with a key in it is some hundred.
const maxKeyLine = 64 << 10

// ParseKeys reads a list of keys, one a line: an object with session_key and, if known, openid and the time of the login; or the key
// itself, followed by the time. Empty lines and those that start with # are skipped. The error is a [*KeysError], or r's own.
func ParseKeys(r io.Reader) ([]Key, error) {
	var keys []Key
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxKeyLine)
	for number := 1; lines.Scan(); number++ {
		line := bytes.TrimSpace(bytes.TrimPrefix(lines.Bytes(), []byte("\ufeff")))
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		key, reason := parseKey(line)
		if reason != "" {
			return nil, &KeysError{number, reason}
		}
		keys = append(keys, key)
	}
	if err := lines.Err(); err == bufio.ErrTooLong {
		return nil, &KeysError{len(keys) + 1, "is longer than 64 KiB"}
	} else if err != nil {
		return nil, err
	}
	return keys, nil
}

func parseKey(line []byte) (Key, string) {
	if line[0] == '{' {
		return parseKeyObject(line)
	}
	text, rest, _ := strings.Cut(string(line), " ")
	if tab := strings.IndexAny(text, "\t,;"); tab >= 0 {
		text, rest = string(line[:tab]), string(line[tab+1:])
	}
	key := Key{SessionKey: wechat.NewSessionKey(text)}
	if _, err := key.SessionKey.Bytes(); err != nil {
		return Key{}, "does not start with a session_key (24 characters of base64)"
	}
	var ok bool
	if key.Obtained, ok = parseMoment(strings.TrimSpace(rest)); !ok {
		return Key{}, "has something behind the key that is no time"
	}
	return key, ""
}

// parseKeyObject takes the members of our own output and of what servers write into their logs.
func parseKeyObject(line []byte) (Key, string) {
	var members map[string]json.RawMessage
	if json.Unmarshal(line, &members) != nil {
		return Key{}, "is not a JSON object"
	}
	text := func(names ...string) string {
		for _, name := range names {
			var s string
			if raw := members[name]; json.Unmarshal(raw, &s) == nil && s != "" {
				return s
			} else if len(raw) > 0 && raw[0] != '"' && raw[0] != 'n' {
				return string(raw)
			}
		}
		return ""
	}
	key := Key{
		SessionKey: wechat.NewSessionKey(text("session_key", "sessionKey")),
		OpenID:     wechat.OpenID(text("openid", "openId")),
	}
	if _, err := key.SessionKey.Bytes(); err != nil {
		return Key{}, "has no session_key of 24 characters"
	}
	var ok bool
	if key.Obtained, ok = parseMoment(text("obtained_at", "obtained", "time", "at", "ts", "timestamp", "created_at")); !ok {
		return Key{}, "has a time that cannot be read"
	}
	return key, ""
}

// parseMoment reads the forms of a time that logs have. No time is one, too.
func parseMoment(text string) (time.Time, bool) {
	if text == "" {
		return time.Time{}, true
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateTime, "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil || n <= 0 || n > 253402300799000: // the year 9999, in milliseconds
		return time.Time{}, false
	case n > 253402300799: // likewise in seconds: what is more are milliseconds
		return time.UnixMilli(n).UTC(), true
	}
	return time.Unix(n, 0).UTC(), true
}

package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// The causes that callers tell apart.
var (
	ErrNoAppID    = errors.New("no appid")
	ErrNoSecret   = errors.New("no AppSecret")
	ErrUnknownKey = errors.New("unknown key")
)

// An Error says what is wrong with the configuration, where, and what to do. It never holds the value of a secret.
type Error struct {
	File   string // the file with the fault, "" if it is not in a file
	Line   int    // from 1; 0 if unknown
	Key    string // full name of the key, "" if the fault is not about one
	Origin Origin // where the value came from, when that is not a file
	Reason lang.Message
	Fixes  []lang.Message // each names a command to run or a value to set
	Err    error          // the cause, may be nil
}

// Error returns the text in English.
func (e *Error) Error() string { return e.Message().In(lang.English) }

// Message returns the text in both languages: place, key, reason.
func (e *Error) Message() lang.Message {
	var place strings.Builder
	switch {
	case e.File != "" && e.Line > 0:
		fmt.Fprintf(&place, "%s:%d: ", e.File, e.Line)
	case e.File != "":
		place.WriteString(e.File + ": ")
	case e.Origin.Source == SourceFlag:
		return textAt.With(e.Origin.Name+": ", e.Reason)
	case e.Origin.Source == SourceEnv:
		return textAt.With(e.Origin.Name+": ", e.Reason)
	}
	if e.Key != "" {
		place.WriteString(e.Key + ": ")
	}
	return textAt.With(place.String(), e.Reason)
}

// Hints returns the fixes.
func (e *Error) Hints() []lang.Message { return e.Fixes }

// Usage reports whether the fault is a flag on the command line rather than the configuration.
func (e *Error) Usage() bool { return e.Origin.Source == SourceFlag }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// unknownKey names the allowed key that looks most like the unknown one.
func unknownKey(name string, allowed []string) *Error {
	e := &Error{Key: quotable(name), Reason: textUnknownKey.With(), Err: ErrUnknownKey}
	if near := nearest(name, allowed); near != "" {
		e.Key, e.Reason = name, textUnknownKeyNear.With(near) // two letters off a key of ours: it tells nothing else
	}
	e.Fixes = []lang.Message{textFixKeys.With(strings.Join(allowed, ", "))}
	return e
}

// maxKey is how long an unknown key may be to be repeated; the longest full name of ours has half of that.
const maxKey = 64

// quotable returns an unknown key if it may be repeated to the reader, else "". A project file may be a link to any file of the
// machine, and a secret may stand where a key belongs: what does not look like a key, or looks like a secret, stays unsaid.
func quotable(name string) string {
	if len(name) > maxKey {
		return ""
	}
	for part := range strings.SplitSeq(name, ".") {
		if wechat.ShapeOf(part).IsSecret() {
			return ""
		}
	}
	for i := range len(name) {
		c := name[i]
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_' || c == '.' || c == '-') {
			return ""
		}
	}
	return name
}

// maxTypos is how many letters a suggestion may differ by.
const maxTypos = 2

// nearest returns the candidate that differs from name only in case and punctuation, else by the fewest letters, at most
// maxTypos; "" if there is none.
func nearest(name string, candidates []string) string {
	best, bestDistance := "", maxTypos+1
	for _, c := range candidates {
		d := distance(fold(name), fold(c))
		if d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// fold makes "apiBase", "API-BASE" and "api_base" equal.
func fold(s string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(s))
}

// distance is Levenshtein's, in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

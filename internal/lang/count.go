package lang

import (
	"fmt"
	"slices"
	"strings"
)

// Count formats an English text that has counts in it: "%d characters" of one is "1 character". For texts in both languages
// [Message.In] does the same.
func Count(format string, args ...any) string { return fmt.Sprintf(singular(format, args), args...) }

// counted are the things that texts count. A word that is not here stays as it is.
var counted = [...]string{
	"arguments", "backslashes", "blanks", "blocks", "bytes", "calls", "characters", "columns", "days", "keys", "lines", "places", "records",
	"rows", "sessions", "steps", "times", "users",
}

// between are the words that may stand between the number and the noun, or the verb.
var between = [...]string{"older", "other", "saved", "of", "them", "that"}

// ofOne are the verbs that go with one.
var ofOne = [...][2]string{
	{"are", "is"}, {"belong", "belongs"}, {"do", "does"}, {"have", "has"}, {"hold", "holds"}, {"read", "reads"}, {"were", "was"},
}

// singular rewrites an English text where the number of something is one: the noun behind the number, and the verb behind that. Only
// the text is looked at, never what is put into it.
func singular(format string, args []any) string {
	if !slices.ContainsFunc(args, isOne) {
		return format
	}
	var b strings.Builder
	for n := 0; ; n++ {
		before, after, found := strings.Cut(format, "%")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		end := strings.IndexFunc(after, func(r rune) bool { return !strings.ContainsRune("+-#.0123456789", r) }) + 1
		b.WriteString("%" + after[:end])
		format = after[end:]
		switch {
		case end == 0: // not a verb, which go vet finds
			return b.String() + format
		case after[end-1] == '%':
			n--
		case after[end-1] == 'd' && n < len(args) && isOne(args[n]):
			var text string
			text, format = countedOnce(format)
			b.WriteString(text)
		}
	}
}

func isOne(arg any) bool {
	switch n := arg.(type) {
	case int:
		return n == 1
	case int64:
		return n == 1
	}
	return false
}

// countedOnce rewrites what stands behind the number one: "other keys are", "of them were", "are". It returns what stays beside it.
func countedOnce(text string) (rewritten, rest string) {
	const most = 4 // words
	noun := false
	for range most {
		word, after, blank := nextWord(text)
		i := slices.Index(counted[:], word)
		verb := slices.IndexFunc(ofOne[:], func(pair [2]string) bool { return pair[0] == word })
		switch {
		case blank == "" || word == "":
			return rewritten, text
		case i >= 0 && !noun:
			noun = true
			one := strings.TrimSuffix(word, "s")
			if strings.HasSuffix(one, "she") {
				one = strings.TrimSuffix(one, "e")
			}
			rewritten += blank + one
		case verb >= 0:
			return rewritten + blank + ofOne[verb][1], after
		case slices.Contains(between[:], word):
			rewritten += blank + word
		default:
			return rewritten, text
		}
		text = after
	}
	return rewritten, text
}

// nextWord splits a text behind its first word; blank is the blank before it.
func nextWord(text string) (word, after, blank string) {
	rest := strings.TrimPrefix(text, " ")
	end := strings.IndexFunc(rest, func(r rune) bool { return r < 'a' || r > 'z' })
	if end < 0 {
		end = len(rest)
	}
	return rest[:end], rest[end:], text[:len(text)-len(rest)]
}

package world

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // a mistake that is looked for
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"strings"
	"time"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// formerKeys is how many replaced session keys a wrong signature is tried with.
const formerKeys = 8

// A candidate is one way to make a part of a signature. what says how, and is empty for the right way.
type candidate struct {
	what string
	text string
}

// mistake says how a wrong signature was made, by making it: with the keys that a client may have had, in the forms that it may have had
// them in, of other messages, with other functions, in other encodings. It is some thousand hashes for a call that is refused.
func (a *app) mistake(u *user, x SessionCheck, now int64) string {
	given := sums(x.Signature)
	if len(given) == 0 {
		return lang.Count("signature of %d characters is not the 64 hexadecimal digits of HMAC-SHA256", len(x.Signature))
	}
	messages := signedMessages(x)
	for _, key := range a.keysTried(u, now) {
		for _, form := range keyForms(key.text) {
			for _, message := range messages {
				for _, function := range functions {
					sum := string(function.sum(form.text, message.text))
					for _, g := range given {
						if sum == g.text {
							return "signature made " + joined(key.what, form.what, function.what, message.what, g.what)
						}
					}
				}
			}
		}
	}
	return "signature made in no way that was tried: perhaps with the session_key of another user, or from before a reset"
}

func joined(parts ...string) string {
	var told []string
	for _, part := range parts {
		if part != "" {
			told = append(told, part)
		}
	}
	return strings.Join(told, ", ")
}

// keysTried are the user's keys as base64 texts, the present one first, and the secret of the app, which some take for it.
func (a *app) keysTried(u *user, now int64) []candidate {
	keys := []candidate{{text: encodeBlock(u.key)}}
	for back := uint32(1); back <= formerKeys && back < u.keys; back++ {
		what := "with an earlier session_key"
		if back == 1 {
			what = "with the session_key that was replaced " + since(u.keyTime, now)
		}
		keys = append(keys, candidate{what, encodeBlock(a.keyOf(u, u.keys-back))})
	}
	return append(keys, candidate{"with the AppSecret for a key", a.Secret.Reveal()})
}

// keyForms are the key as text, which is right, and what clients make of it.
func keyForms(key string) []candidate {
	forms := []candidate{{"", key}}
	for _, form := range []candidate{
		{"with + in the key turned into a blank", strings.ReplaceAll(key, "+", " ")},
		{`with the \/ of the JSON left in the key`, strings.ReplaceAll(key, "/", `\/`)},
		{"with the key in quotes", `"` + key + `"`},
		{"with a line end after the key", key + "\n"},
		{"with the key percent-encoded", strings.NewReplacer("+", "%2B", "/", "%2F", "=", "%3D").Replace(key)},
		{"with the padding of the key cut off", strings.TrimRight(key, "=")},
	} {
		if form.text != key {
			forms = append(forms, form)
		}
	}
	if raw, err := base64.StdEncoding.DecodeString(key); err == nil && len(raw) == wechat.SessionKeySize {
		forms = append(forms,
			candidate{"with the key base64-decoded, whose text is the key", string(raw)},
			candidate{"with the key in hexadecimal, whose base64 text is the key", hex.EncodeToString(raw)},
		)
	}
	return forms
}

// signedMessages are the empty string, which is right, and what clients sign in its place.
func signedMessages(x SessionCheck) []candidate {
	messages := []candidate{{}}
	for _, sent := range append([]SentText{
		{"{}", "{}"}, {"a line end", "\n"}, {`two quotes`, `""`}, {"the word null", "null"}, {"the openid", string(x.OpenID)},
	}, x.Sent...) {
		if sent.Text != "" {
			messages = append(messages, candidate{"of " + sent.What + " in place of the empty string", sent.Text})
		}
	}
	return messages
}

// A madeBy is a way to turn a key and a message into a sum.
type madeBy struct {
	what string
	sum  func(key, message string) []byte
}

// functions are the right one and those that clients take for it.
var functions = []madeBy{
	{"", func(key, message string) []byte { return mac(sha256.New, key, message) }},
	{"with key and message swapped", func(key, message string) []byte { return mac(sha256.New, message, key) }},
	{"with HMAC-SHA1", func(key, message string) []byte { return mac(sha1.New, key, message) }},
	{"with HMAC-SHA1, key and message swapped", func(key, message string) []byte { return mac(sha1.New, message, key) }},
	{"with SHA-256 and no HMAC", func(key, message string) []byte { return digest(sha256.New, message+key) }},
	{"with SHA-256 and no HMAC", func(key, message string) []byte { return digest(sha256.New, key+message) }},
	{"with SHA-1, as the signature of rawData", func(key, message string) []byte { return digest(sha1.New, message+key) }},
}

// sums are the hashes that a text may stand for, each with the encoding, which is empty for the right one.
func sums(text string) []candidate {
	var found []candidate
	add := func(encoding string, sum []byte, err error) {
		if err == nil && (len(sum) == sha256.Size || len(sum) == sha1.Size) {
			found = append(found, candidate{encoding, string(sum)})
		}
	}
	sum, err := hex.DecodeString(text)
	if text == strings.ToLower(text) {
		add("", sum, err)
	} else {
		add("in upper case", sum, err)
	}
	unpadded := strings.TrimRight(strings.ReplaceAll(text, " ", "+"), "=")
	sum, err = base64.RawStdEncoding.DecodeString(unpadded)
	add("in base64 instead of hexadecimal", sum, err)
	if inner, err := hex.DecodeString(string(sum)); err == nil {
		add("as the base64 of the hexadecimal", inner, nil)
	}
	sum, err = base64.RawURLEncoding.DecodeString(unpadded)
	add("in base64url instead of hexadecimal", sum, err)
	return found
}

func mac(function func() hash.Hash, key, message string) []byte {
	h := hmac.New(function, []byte(key))
	h.Write([]byte(message))
	return h.Sum(nil)
}

func digest(function func() hash.Hash, text string) []byte {
	h := function()
	h.Write([]byte(text))
	return h.Sum(nil)
}

// since says how long before now something was.
func since(then, now int64) string { return ago(time.Duration(now - then)) }

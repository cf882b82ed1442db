package token

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
)

const (
	ivSize  = 12 // bytes, of A256GCM (RFC 7518, section 5.3)
	tagSize = 16

	// maxKeyID bounds a kid, in characters. Ours have 31 at most.
	maxKeyID = 64
)

// Peek reads a token's header without a key. Nothing vouches for what it says. The error is a [*FormatError].
func Peek(token string) (Header, error) {
	parts, err := split(token)
	if err != nil {
		return Header{}, err
	}
	var decoded [5][]byte
	for i, name := range [...]lang.T{partHeader, partKey, partIV, partCiphertext, partTag} {
		if decoded[i], err = decodePart(parts[i]); err != nil {
			return Header{}, formatError(textPart, name, formOf(err))
		}
	}
	switch {
	case len(decoded[1]) != 0:
		return Header{}, formatError(textHasKey)
	case len(decoded[2]) != ivSize:
		return Header{}, formatError(textPartSize, partIV, len(decoded[2]), ivSize)
	case len(decoded[4]) != tagSize:
		return Header{}, formatError(textPartSize, partTag, len(decoded[4]), tagSize)
	}
	return parseHeader(decoded[0])
}

// split cuts a token into its five parts.
func split(token string) (parts [5]string, err error) {
	switch count := strings.Count(token, ".") + 1; {
	case token == "":
		return parts, formatError(textEmpty)
	case len(token) > MaxSize:
		return parts, formatError(textTooLong, len(token), MaxSize)
	case count != len(parts):
		return parts, formatError(textParts, count, len(parts))
	}
	return [5]string(strings.Split(token, ".")), nil
}

// decodePart accepts canonical base64url only: one text for each value, so that a token changed anywhere is another token.
// The decoder of the standard library skips line breaks even when strict; they are refused here.
func decodePart(part string) ([]byte, error) {
	if strings.ContainsAny(part, "\r\n") {
		return nil, malformed(textLineBreak)
	}
	value, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil {
		return nil, malformed(textBase64URL)
	}
	return value, nil
}

// parseHeader accepts exactly the members alg, enc, kid and typ, with the only values that they may have. Other members would
// ask for something: zip to decompress, crit to understand an extension, jwk or jku to trust a key of the sender's.
func parseHeader(data []byte) (Header, error) {
	found, err := members(data)
	if err != nil {
		return Header{}, formatError(textHeaderIs, formOf(err))
	}
	var h Header
	fields := map[string]*string{"alg": &h.Alg, "enc": &h.Enc, "kid": &h.KeyID, "typ": &h.Type}
	for name, value := range found {
		field, known := fields[name]
		if !known {
			return Header{}, formatError(textHeaderMember, redact.Shorten(name, 20))
		}
		// Into any, because into a string null would be no error.
		var v any
		if err := json.Unmarshal(value, &v); err != nil {
			return Header{}, formatError(textHeaderIs, textNotJSON)
		}
		text, isString := v.(string)
		if !isString {
			return Header{}, formatError(textHeaderString, name)
		}
		*field = text
	}
	for _, name := range [...]string{"alg", "enc", "kid", "typ"} {
		if _, present := found[name]; !present {
			return Header{}, formatError(textHeaderLacks, name)
		}
	}
	return h, h.check()
}

func (h Header) check() error {
	for _, member := range [...]struct{ name, value, want string }{
		{"alg", h.Alg, string(algorithm)},
		{"enc", h.Enc, string(encryption)},
		{"typ", h.Type, tokenType},
	} {
		if member.value != member.want {
			return formatError(textHeaderSays, member.name, redact.Shorten(member.value, 20), member.want)
		}
	}
	if !isKeyID(h.KeyID) {
		return formatError(textKeyID, maxKeyID)
	}
	return nil
}

// isKeyID reports whether text may name a key: characters that need no care in logs, file names and shells.
func isKeyID(text string) bool {
	notAllowed := func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '_' && r != '-'
	}
	return text != "" && len(text) <= maxKeyID && strings.IndexFunc(text, notAllowed) < 0
}

// members reads one JSON object and returns its members, raw. encoding/json takes the last of two members of one name; here
// they are an error, because two readers of the token could otherwise see two tokens. The error completes "it is …".
func members(data []byte) (map[string]json.RawMessage, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil, malformed(textNotObject)
	}
	found := map[string]json.RawMessage{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, malformed(textNotJSON)
		}
		text, isString := name.(string)
		if !isString {
			return nil, malformed(textNotJSON)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, malformed(textNotJSON)
		}
		if _, twice := found[text]; twice {
			return nil, malformed(textAmbiguous, redact.Shorten(text, 20))
		}
		found[text] = value
	}
	if _, err := decoder.Token(); err != nil {
		return nil, malformed(textNotJSON)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, malformed(textFollowed)
	}
	return found, nil
}

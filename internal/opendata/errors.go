package opendata

import (
	"errors"
	"fmt"

	"github.com/wxlogin/wxlogin/internal/lang"
)

// ErrPadding says that the data decrypted to something that does not end in PKCS#7 padding. A wrong session_key gives this 255
// times of 256, altered or cut data most times. (Random bytes end in valid padding with a probability of 1/256 + 1/256² + …)
var ErrPadding = errors.New("the decrypted data has no valid padding: the session_key is not the one it was encrypted under, or the data was altered")

// A Reason says how an input or a plain text is malformed. It completes the sentence that starts with what it is said of.
type Reason string

// The reasons of an [InputError].
const (
	ReasonEmpty     Reason = "is empty"
	ReasonCharacter Reason = "has a character that is not of standard base64"
	ReasonPadding   Reason = `has "=" where none belongs`
	ReasonLength    Reason = "has a length that is not a multiple of 4"
	ReasonTail      Reason = "ends in a character that no base64 encoder writes there"
	ReasonSize      Reason = "does not hold 16 bytes"
	ReasonBlocks    Reason = "does not hold whole blocks of 16 bytes"
)

// An InputError says which of the inputs is malformed, and how. It never holds the input.
type InputError struct {
	Field  string // WeChat's name: "session_key", "iv" or "encryptedData"
	Reason Reason
	Pos    int // index of the offending byte in the text, from 0; -1 where the whole is at fault
	Len    int // length of the text in bytes
	Size   int // bytes that the text decodes to; -1 where it does not decode
}

func (e *InputError) Error() string {
	switch {
	case e.Reason == ReasonEmpty:
		return e.Field + " is empty"
	case e.Pos >= 0:
		return fmt.Sprintf("%s %s (byte %d of %d, counted from 0)", e.Field, e.Reason, e.Pos, e.Len)
	case e.Size >= 0:
		return lang.Count("%s %s (%d characters that hold %d bytes)", e.Field, e.Reason, e.Len, e.Size)
	}
	return lang.Count("%s %s (%d characters)", e.Field, e.Reason, e.Len)
}

// The reasons of a [PlaintextError]. The first group breaks RFC 8259 or UTF-8, the second is stricter than RFC 8259 on purpose,
// the third is about a payload that is not JSON.
const (
	ReasonTruncated  Reason = "ends in the middle"
	ReasonSyntax     Reason = "is not JSON"
	ReasonTrailing   Reason = "goes on after the JSON value"
	ReasonControl    Reason = "has a control character in a string"
	ReasonEscape     Reason = "has an escape that JSON does not know"
	ReasonNotUTF8    Reason = "is not UTF-8"
	ReasonNumberForm Reason = "has a malformed number"

	ReasonSurrogate Reason = "has half of a surrogate pair"
	ReasonDuplicate Reason = "has the same field twice"
	ReasonDepth     Reason = "is nested too deeply"
	ReasonMembers   Reason = "has too many unknown fields"
	ReasonWatermark Reason = "has a watermark that is not an object with an appid (string) and a timestamp (whole seconds, number)"

	ReasonNoPlaintext Reason = "holds nothing"
	ReasonTextLength  Reason = "is neither JSON nor a short text"
	ReasonTextForm    Reason = "is neither JSON nor a plain text"
)

// A PlaintextError says that the data decrypted, with valid padding, to something that WeChat does not send: most likely the
// session_key or the iv is a wrong one. It never holds the plain text.
type PlaintextError struct {
	Reason Reason
	Pos    int // index in the plain text, from 0, where the reason shows
}

func (e *PlaintextError) Error() string {
	return fmt.Sprintf("the decrypted text %s (byte %d)", e.Reason, e.Pos)
}

package opendata

import (
	"unicode"
	"unicode/utf8"
)

// maxText bounds a payload that is not JSON, in bytes. The one that WeChat documents is an identifier.
const maxText = 512

// checkText decides whether a plain text that is no JSON object or array is the bare text that wx.authPrivateMessage delivers.
//
// What a wrong session_key or iv leaves behind must never be taken for one. Random data ends in valid padding and is printable UTF-8
// with a probability of 1.4e-8 for one block, 3e-14 for two, and so on (computed over all code points). But a wrong iv spoils the
// first 16 bytes only: JSON whose first brace is gone has to be refused by what follows, so none of the characters that WeChat's
// JSON always has (quotes and braces) may occur, however readable the rest is.
func checkText(plain []byte) error {
	switch {
	case len(plain) == 0:
		return &PlaintextError{Reason: ReasonNoPlaintext}
	case len(plain) > maxText:
		return &PlaintextError{Reason: ReasonTextLength, Pos: maxText}
	}
	for i := 0; i < len(plain); {
		r, size := utf8.DecodeRune(plain[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return &PlaintextError{Reason: ReasonNotUTF8, Pos: i}
		case r == '"' || r == '{' || r == '}' || !unicode.IsPrint(r): // IsPrint leaves out controls, formats and private use
			return &PlaintextError{Reason: ReasonTextForm, Pos: i}
		}
		i += size
	}
	return nil
}

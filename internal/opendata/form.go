package opendata

import (
	"bytes"
	"encoding/json"
	"strings"
)

// A Form is what an input is that is no JSON object: what people have at hand instead.
type Form string

// The forms that are told apart.
const (
	FormArray   Form = "array"   // [{"encryptedData":…}]
	FormLines   Form = "lines"   // one object after the other
	FormLiteral Form = "literal" // an object in the notation of a program: {encryptedData: '…'}
	FormBase64  Form = "base64"  // the bare value
)

// minBare is how many characters of base64 are no word any more: those of one block.
const minBare = 24

// formOf looks at what body is, whose byte at pos no JSON object has there.
func formOf(body []byte, pos int) Form {
	text := bytes.TrimRight(body, " \t\r\n")
	switch {
	case text[0] == '[':
		return FormArray
	case len(text) >= minBare && strings.Trim(strings.TrimRight(string(text), "="), bareDigits) == "":
		return FormBase64
	case text[0] != '{':
		if bytes.IndexByte(text, '{') > 0 && isWord(text[0]) && bytes.ContainsAny(text[:bytes.IndexByte(text, '{')], "=:(") {
			return FormLiteral // res = {…}, console.log({…})
		}
		return ""
	}
	if pos >= len(text) {
		return ""
	}
	before := bytes.TrimRight(text[:pos], " \t\r\n")
	switch c := text[pos]; {
	case c == '{' && json.Valid(before):
		return FormLines
	case c == '\'', c == '}' && bytes.HasSuffix(before, []byte(",")):
		return FormLiteral
	case isWord(c) && (bytes.HasSuffix(before, []byte(",")) || len(before) == 1):
		return FormLiteral
	}
	return ""
}

const bareDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_ \r\n"

func isWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == '$'
}

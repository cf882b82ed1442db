// Package redact keeps secrets out of output, and hostile text out of terminals.
//
// A value is typed [Secret] (what must not be seen) or [Untrusted] (what somebody else wrote) where it
// enters the program, and stays so typed. The package decides nothing about where text goes.
package redact

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// Mask is what stands in output where a secret would.
const Mask = "[redacted]"

// A Secret is a string that prints as [Mask] whatever prints it: fmt with any verb, slog, encoding/json, and
// fmt of a struct that holds it in an unexported field. The zero Secret is empty. [Secret.Reveal] is the only way out.
type Secret struct {
	// A pointer, because fmt cannot call methods of unexported fields and would print a string there as it is.
	value *string
}

// NewSecret wraps value.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{value: &value}
}

// Reveal returns the secret itself. Each call is a place to look at in review.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether the secret is empty; encoding/json's omitzero uses it.
func (s Secret) IsZero() bool { return s.value == nil || *s.value == "" }

// Len returns the secret's length in bytes.
func (s Secret) Len() int { return len(s.Reveal()) }

// Equal compares in a time that depends on the lengths only.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// Hint returns enough to tell two secrets apart and too little to use: the first three characters and "***". Secrets
// under 16 characters, of which three would be too much, give [Mask]; the empty one gives "".
func (s Secret) Hint() string {
	switch v := s.Reveal(); {
	case v == "":
		return ""
	case len(v) < 16:
		return Mask
	default:
		return Clean(v[:3]) + "***"
	}
}

// String returns [Mask], or "" for the empty secret.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return Mask
}

// Format prints [Secret.String] for every verb, %#v and %x included.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue is what slog prints.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON writes the mask; a program that must write the secret reveals it.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// MarshalText writes the mask.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the secret itself, so that JSON and YAML deliver secrets already wrapped.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}

package wxapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
)

// A TransportError says that no complete answer came. It holds neither the URL nor a secret.
type TransportError struct {
	Host    string // of the API, with its port where it is not the usual one
	Sent    bool   // bytes of the request may have reached WeChat
	Code    bool   // the request carried a code, which may be consumed if Sent
	Timeout bool
	Err     error // the cause; context.Canceled when the caller gave up
}

func (e *TransportError) Error() string {
	cause := redact.Shorten(e.Err.Error(), 300)
	if e.Timeout {
		cause = "timeout: " + cause
	}
	if e.Sent {
		return fmt.Sprintf("no answer from %s after the request was sent: %s", e.Host, cause)
	}
	return fmt.Sprintf("cannot reach %s: %s", e.Host, cause)
}

// Unwrap returns the cause.
func (e *TransportError) Unwrap() error { return e.Err }

// CodeMayBeConsumed reports whether the code of the call may work no second time.
func (e *TransportError) CodeMayBeConsumed() bool { return e.Code && e.Sent }

// Retryable reports whether the same call may succeed later.
func (e *TransportError) Retryable() bool { return !e.CodeMayBeConsumed() }

// An AnswerError says that an answer came which is not WeChat's API speaking: a proxy, a captive portal, a broken server. The
// request was sent, so that a code in it may be consumed.
type AnswerError struct {
	Status      int              // HTTP status
	Code        bool             // the request carried a code
	ContentType string           // as sent, cleaned
	Reason      lang.Message     // completes the sentence "the answer …"
	Snippet     redact.Untrusted // start of the body; empty for JSON, which may hold a session_key
}

func (e *AnswerError) Error() string {
	kind := e.ContentType
	if kind == "" {
		kind = "no content type"
	}
	return fmt.Sprintf("unusable answer from WeChat's API (HTTP %d, %s): the answer %s", e.Status, kind, e.Reason.In(lang.English))
}

// CodeMayBeConsumed reports whether the code of the call may work no second time. Nobody knows how far the request came.
func (e *AnswerError) CodeMayBeConsumed() bool { return e.Code }

// Retryable reports whether the same call may succeed later.
func (e *AnswerError) Retryable() bool { return !e.Code }

// A mask takes the secrets of one call out of text that comes from elsewhere: a proxy's error page likes to repeat the URL, cut
// off or broken into lines, so that parts of a secret count as well, in any case of letters.
type mask []string

const (
	maskable = 6 // bytes from which a value is masked: WeChat issues nothing shorter, and masking every "x" garbles texts
	maskPart = 8 // bytes of a value that are enough to be masked
)

// newMask makes the mask of secrets, in plain and in query form.
func newMask(secrets ...string) mask {
	var m mask
	for _, secret := range secrets {
		if len(secret) < maskable {
			continue
		}
		m = append(m, secret)
		if escaped := url.QueryEscape(secret); escaped != secret {
			m = append(m, escaped)
		}
	}
	return m
}

// text returns s with the mask in place of what it hides.
func (m mask) text(s string) string {
	folded := lowerASCII(s)
	var hidden []bool
	for _, secret := range m {
		secret = lowerASCII(secret)
		part := min(len(secret), maskPart)
		if strings.Contains(secret, " ") { // words, such as the code of DevTools: parts of them stand in any sentence
			part = len(secret)
		}
		for i := range len(folded) - part + 1 {
			if !strings.Contains(secret, folded[i:i+part]) {
				continue
			}
			if hidden == nil {
				hidden = make([]bool, len(s))
			}
			for j := range part {
				hidden[i+j] = true
			}
		}
	}
	if hidden == nil {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		switch {
		case !hidden[i]:
			b.WriteByte(s[i])
		case i == 0 || !hidden[i-1]:
			b.WriteString(redact.Mask)
		}
	}
	return b.String()
}

// shows reports whether data holds a whole secret as it is.
func (m mask) shows(data []byte) bool {
	return slices.ContainsFunc(m, func(secret string) bool { return bytes.Contains(data, []byte(secret)) })
}

// lowerASCII keeps the length, which strings.ToLower does not for all of Unicode.
func lowerASCII(s string) string {
	lower := []byte(s)
	for i, c := range lower {
		if 'A' <= c && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	return string(lower)
}

// err returns the error without URL and secrets. The chain is kept unless its text holds a secret.
func (m mask) err(err error) error {
	for {
		with, isURL := errors.AsType[*url.Error](err)
		if !isURL {
			break
		}
		err = with.Err
	}
	if text := err.Error(); m.text(text) != text {
		return errors.New(m.text(text))
	}
	return err
}

// isTimeout reports whether a deadline ended the call: the context's or a transport's own.
func isTimeout(err error) bool {
	if netError, isNet := errors.AsType[net.Error](err); isNet && netError.Timeout() {
		return true
	}
	return errors.Is(err, context.DeadlineExceeded)
}

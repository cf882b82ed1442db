package wxapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/wxlogin/wxlogin/internal/redact"
)

// A TransportError says that no complete answer came. It holds neither the URL nor a secret.
type TransportError struct {
	Host    string // of the API, with its port where it is not the usual one
	Sent    bool   // bytes of the request may have reached WeChat: a code in it may be consumed
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

// An AnswerError says that an answer came which is not WeChat's API speaking: a proxy, a captive portal, a broken server. The
// request was sent, so that a code in it may be consumed.
type AnswerError struct {
	Status      int              // HTTP status
	ContentType string           // as sent, cleaned
	Reason      string           // completes the sentence "the answer …"
	Snippet     redact.Untrusted // start of the body; empty for JSON, which may hold a session_key
}

func (e *AnswerError) Error() string {
	kind := e.ContentType
	if kind == "" {
		kind = "no content type"
	}
	return fmt.Sprintf("unusable answer from WeChat's API (HTTP %d, %s): the answer %s", e.Status, kind, e.Reason)
}

// A mask takes the secrets of one call out of text that comes from elsewhere: a proxy's error page likes to repeat the URL.
type mask []string

// maskable is the length in bytes from which a value is masked: WeChat issues nothing shorter, and masking every "x" garbles texts.
const maskable = 6

// newMask makes the mask of secrets, in plain and in query form.
func newMask(secrets ...string) mask {
	var m mask
	for _, secret := range secrets {
		if len(secret) < maskable {
			continue
		}
		m = append(m, secret, redact.Mask)
		if escaped := url.QueryEscape(secret); escaped != secret {
			m = append(m, escaped, redact.Mask)
		}
	}
	return m
}

func (m mask) text(s string) string { return strings.NewReplacer(m...).Replace(s) }

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

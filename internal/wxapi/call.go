package wxapi

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

const (
	maxAnswer   = 1 << 20 // bytes; WeChat's longest answers are some kilobytes
	maxAttempts = 3       // of a call of which nothing was sent

	unsentBackoff = 100 * time.Millisecond // doubled for each attempt, and as much again at random
	busyBackoff   = 300 * time.Millisecond // errcode -1: 0.3 to 1 s in all
	busyJitter    = 700 * time.Millisecond
)

// do makes the call and returns WeChat's answer, checked to be a success. Errors are [*wechat.Error], [*TransportError] and
// [*AnswerError]. When WeChat is busy it asks once more.
func (c *Client) do(ctx context.Context, call call) (answer, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	first, object, err := c.attempt(ctx, call)
	refusal, refused := errors.AsType[*wechat.Error](err)
	if !refused || refusal.Code != wechat.CodeBusy || !pause(ctx, busyBackoff+rand.N(busyJitter)) {
		return first, object, err
	}
	second, object, again := c.attempt(ctx, call)
	if again == nil {
		return second, object, nil
	}
	if failed, isTransport := errors.AsType[*TransportError](again); isTransport && !failed.Sent {
		return first, nil, err // WeChat's own answer says more than that a second one could not be fetched
	}
	return second, nil, fmt.Errorf("after errcode %d and one repetition: %w", wechat.CodeBusy, again)
}

func (c *Client) attempt(ctx context.Context, call call) (answer, []byte, error) {
	answer, err := c.deliver(ctx, call)
	if err != nil {
		return answer, nil, err
	}
	object, err := answer.success()
	return answer, object, err
}

// deliver sends the call and reads the answer; anew, a few times, as long as nothing of it was sent and there is hope.
func (c *Client) deliver(ctx context.Context, call call) (answer, error) {
	for attempt := 1; ; attempt++ {
		if err := ctx.Err(); err != nil {
			return answer{}, c.transportError(ctx, call, err, false)
		}
		watch := delivery{dialled: c.own != nil} // a transport that is ours calls the hooks
		start := time.Now()
		answer, err := c.roundTrip(watch.trace(ctx), call)
		if err == nil {
			c.report(call, answer, time.Since(start), nil)
			return answer, nil
		}
		failed := c.transportError(ctx, call, err, watch.sent())
		c.report(call, answer, time.Since(start), failed)
		if failed.Sent || attempt == maxAttempts || !mayPass(err) {
			return answer, failed
		}
		if backoff := unsentBackoff << (attempt - 1); !watch.stale() && !pause(ctx, backoff+rand.N(backoff)) {
			return answer, failed
		}
	}
}

// roundTrip sends the request once and reads the whole answer.
func (c *Client) roundTrip(ctx context.Context, call call) (answer, error) {
	response, err := c.http.RoundTrip(c.request(ctx, call))
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil && !isBrokenGzip(err) {
		return answer{}, answerLost{err}
	}
	return answer{
		status: response.StatusCode, header: response.Header, body: body, garbled: err != nil, mask: newMask(call.secrets()...), code: call.code,
	}, nil
}

// request builds the request. Its body cannot be had twice (no GetBody), not even when it is empty: that is what keeps net/http
// from silently sending a GET again when a reused connection dies under it.
func (c *Client) request(ctx context.Context, call call) *http.Request {
	u := *c.base
	u.Path += call.path
	if u.RawPath != "" {
		u.RawPath += call.path
	}
	u.RawQuery = call.encodeQuery()
	body, header := call.encodeBody(), requestHeader()
	request := &http.Request{
		Method: call.method, URL: &u, Host: u.Host, Header: header,
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}
	if body != nil {
		header.Set("Content-Type", "application/json")
	} else {
		request.TransferEncoding = []string{"identity"} // net/http would start a goroutine and a timer to learn that the body is empty
	}
	return request.WithContext(ctx)
}

func requestHeader() http.Header {
	return http.Header{"Accept": {"application/json, text/plain"}, "User-Agent": {"wxlogin"}}
}

// answerLost is an error after the head of an answer had come.
type answerLost struct{ error }

func (e answerLost) Unwrap() error { return e.error }

func (c *Client) transportError(ctx context.Context, call call, err error, sent bool) *TransportError {
	if lost, isLost := errors.AsType[answerLost](err); isLost {
		err, sent = lost.error, true
	}
	if cause := ctx.Err(); cause != nil && !errors.Is(err, cause) {
		err = cause // the connection that broke off is only a consequence
	}
	timeout := isTimeout(err)
	return &TransportError{Host: c.base.Host, Sent: sent, Code: call.code, Timeout: timeout, Err: newMask(call.secrets()...).err(err)}
}

// mayPass reports whether a failure before anything was sent can be gone a moment later. A certificate that does not verify,
// a name that does not exist and a proxy address that cannot be read stay what they are.
func mayPass(err error) bool {
	if _, isCertificate := errors.AsType[*tls.CertificateVerificationError](err); isCertificate {
		return false
	}
	if dns, isDNS := errors.AsType[*net.DNSError](err); isDNS && dns.IsNotFound {
		return false
	}
	return !errors.Is(err, errProxy) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

// isBrokenGzip reports whether err says that the answer does not unpack, as against one that did not arrive.
func isBrokenGzip(err error) bool {
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	return corrupt || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum)
}

// pause waits for d; false, at once, when ctx ends before that.
func pause(ctx context.Context, d time.Duration) bool {
	if deadline, has := ctx.Deadline(); has && time.Until(deadline) <= d {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

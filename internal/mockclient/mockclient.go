// Package mockclient is the client of a running simulation's control API, for the mock verbs of the command line. It calls
// nothing outside /_mock/ and sends no secret but the token that [Client.Inspect] asks about.
package mockclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/wxlogin/wxlogin/internal/problem"
	"github.com/wxlogin/wxlogin/internal/redact"
)

const (
	// mockHeader is on every answer of a simulation.
	mockHeader = "X-Wxlogin-Mock"

	// defaultTimeout is for a call as a whole. A simulation is near and answers in milliseconds.
	defaultTimeout = 10 * time.Second

	// maxAnswer bounds what is read of an answer; the largest is a journal of 100 000 records.
	maxAnswer = 64 << 20
)

// A Client calls one simulation. It is safe for concurrent use.
type Client struct {
	base string // without a slash at its end, user name and password
	http *http.Client
}

// New returns a client of the simulation at base, such as "http://127.0.0.1:8420". A nil transport means one of its own, which
// uses no proxy: a simulation is on this machine or beside it. The error says that base is not an http or https URL.
func New(base string, transport http.RoundTripper) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("the address of the simulation, %q, is not a URL such as http://127.0.0.1:8420", redact.Shorten(base, 100))
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("the address of the simulation at %s has a user, a query or a fragment", u.Host)
	}
	if transport == nil {
		transport = &http.Transport{}
	}
	return &Client{base: strings.TrimRight(u.String(), "/"), http: &http.Client{
		Transport: transport, Timeout: defaultTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// URL returns the address of the simulation.
func (c *Client) URL() string { return c.base }

// An UnreachableError says that nobody answered: nothing listens there, or the network is broken.
type UnreachableError struct {
	URL string
	Err error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("no simulation answers at %s: %v", e.URL, e.Err)
}

// Unwrap returns the error of the network.
func (e *UnreachableError) Unwrap() error { return e.Err }

// A NotAMockError says that what answered is not a simulation of wxlogin.
type NotAMockError struct{ URL string }

func (e *NotAMockError) Error() string { return "what answers at " + e.URL + " is not a simulation" }

// call sends in, unless it is nil, and reads the answer into out; it returns the answer as it came, without the line feed. Errors are
// [*UnreachableError], [*NotAMockError], a [*problem.Problem] of the simulation, the context's, and others for a broken answer.
func (c *Client) call(ctx context.Context, method, path string, in, out any) (json.RawMessage, error) {
	var body io.Reader
	if in != nil {
		encoded, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("encode call of %s: %w", path, err)
		}
		body = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, fmt.Errorf("make call of %s: %w", path, err)
	}
	request.Header.Set("Accept", "application/json, "+problem.ContentType)
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	status, raw, err := c.fetch(ctx, request)
	if err != nil {
		return nil, err
	}
	return read(path, status, raw, out)
}

// fetch sends a request and reads the whole answer of a simulation, whatever its HTTP status.
func (c *Client) fetch(ctx context.Context, request *http.Request) (status int, raw []byte, err error) {
	answer, err := c.http.Do(request)
	if err != nil {
		return 0, nil, c.unreachable(ctx, err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.Header.Get(mockHeader) == "" {
		return 0, nil, &NotAMockError{URL: c.base}
	}
	raw, err = io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err != nil {
		return 0, nil, c.unreachable(ctx, err)
	}
	if len(raw) > maxAnswer {
		return 0, nil, fmt.Errorf("the simulation's answer to %s is larger than %d bytes", request.URL.Path, maxAnswer)
	}
	return answer.StatusCode, raw, nil
}

// read makes sense of an answer of a simulation.
func read(path string, status int, raw []byte, out any) (json.RawMessage, error) {
	if status != http.StatusOK {
		if p, err := problem.Decode(raw); err == nil {
			return nil, p
		}
		return nil, fmt.Errorf("the simulation answered %s with HTTP status %d", path, status)
	}
	raw = bytes.TrimSpace(raw)
	if err := json.Unmarshal(raw, out); err != nil {
		return nil, fmt.Errorf("read the simulation's answer to %s: %w", path, err)
	}
	return raw, nil
}

// unreachable strips what net/http wraps around the error: the URL, which the type has already.
func (c *Client) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("call the simulation at %s: %w", c.base, ctx.Err())
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	return &UnreachableError{URL: c.base, Err: err}
}

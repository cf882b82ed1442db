package mockclient

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A JournalQuery says which records are wanted. The zero query wants all.
type JournalQuery struct {
	Since  uint64       // a mark: only what came after it
	On     string       // name of an API, or a path
	AppID  wechat.AppID // only calls of this app
	User   string       // only calls of this simulated user
	Failed bool         // only calls that did not get what they wanted
	Limit  int          // only so many, the newest; 0: all
}

// encode returns the path with the query.
func (q JournalQuery) encode(path string) string {
	values := url.Values{}
	set := func(name, value, zero string) {
		if value != zero {
			values.Set(name, value)
		}
	}
	set("since", strconv.FormatUint(q.Since, 10), "0")
	set("on", q.On, "")
	set("appid", string(q.AppID), "")
	set("user", q.User, "")
	set("failed", strconv.FormatBool(q.Failed), "false")
	set("limit", strconv.Itoa(q.Limit), "0")
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

// A Journal is what the simulation remembers of the calls it answered.
type Journal struct {
	Raw     json.RawMessage  `json:"-"`
	Records []journal.Record `json:"records"` // oldest first
	Mark    uint64           `json:"mark"`    // what comes later is found by it
	Evicted uint64           `json:"evicted"` // records that there was no room for
}

// Journal reads the journal.
func (c *Client) Journal(ctx context.Context, query JournalQuery) (Journal, error) {
	var out Journal
	var err error
	out.Raw, err = c.call(ctx, http.MethodGet, query.encode("/_mock/journal"), nil, &out)
	return out, err
}

// A Followed is a line of the journal's stream: a record, or how many were missed.
type Followed struct {
	Raw    json.RawMessage
	Record journal.Record
	Missed uint64 // not 0: so many records were evicted before this client read them, and there is no Record
}

// Follow yields what there is, and then what comes, until the simulation stops. An error is the last thing it yields; errors are those
// of the other calls.
func (c *Client) Follow(ctx context.Context, query JournalQuery) iter.Seq2[Followed, error] {
	return func(yield func(Followed, error) bool) {
		body, err := c.stream(ctx, query.encode("/_mock/journal/stream"))
		if err != nil {
			yield(Followed{}, err)
			return
		}
		defer func() { _ = body.Close() }()
		lines := bufio.NewReader(body)
		for {
			line, err := lines.ReadBytes('\n')
			if errors.Is(err, io.EOF) && len(line) == 0 {
				return
			}
			if err != nil {
				yield(Followed{}, c.unreachable(ctx, err))
				return
			}
			followed, err := readFollowed(line)
			if !yield(followed, err) || err != nil {
				return
			}
		}
	}
}

// stream opens an answer that has no end, and so no timeout.
func (c *Client) stream(ctx context.Context, path string) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		return nil, fmt.Errorf("make call of %s: %w", path, err)
	}
	patient := *c.http
	patient.Timeout = 0
	answer, err := patient.Do(request)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	if answer.Header.Get(mockHeader) != "" && answer.StatusCode == http.StatusOK {
		return answer.Body, nil
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.Header.Get(mockHeader) == "" {
		return nil, &NotAMockError{URL: c.base}
	}
	raw, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	_, err = read(path, answer.StatusCode, raw, nil)
	return nil, err
}

func readFollowed(line []byte) (Followed, error) {
	out := Followed{Raw: bytes.TrimSpace(line)}
	var gap struct {
		Missed uint64 `json:"missed"`
	}
	if err := json.Unmarshal(line, &gap); err != nil {
		return Followed{}, fmt.Errorf("read the journal's stream: %w", err)
	}
	if out.Missed = gap.Missed; out.Missed > 0 {
		return out, nil
	}
	if err := json.Unmarshal(line, &out.Record); err != nil {
		return Followed{}, fmt.Errorf("read the journal's stream: %w", err)
	}
	return out, nil
}

// Expect says which calls are counted and how many there should be.
type Expect struct {
	On      string       `json:"on"`
	AppID   wechat.AppID `json:"appid,omitempty"`
	User    string       `json:"user,omitempty"`
	ErrCode *int         `json:"errcode,omitempty"` // 0 is success
	Since   uint64       `json:"since,omitempty"`
	Count   *int         `json:"count,omitempty"` // exact; or one or both of the bounds
	AtLeast *int         `json:"at_least,omitempty"`
	AtMost  *int         `json:"at_most,omitempty"`
}

// A Counted is what was found of what was expected.
type Counted struct {
	Raw     json.RawMessage  `json:"-"`
	OK      bool             `json:"ok"`
	Got     int              `json:"got"`
	Seen    []journal.Record `json:"seen"` // the newest calls, counted or not
	Evicted uint64           `json:"evicted"`
	Mark    uint64           `json:"mark"`
}

// Assert lets the simulation count calls. That there are not as many as expected is no error.
func (c *Client) Assert(ctx context.Context, expect Expect) (Counted, error) {
	var out Counted
	var err error
	out.Raw, err = c.call(ctx, http.MethodPost, "/_mock/assert", expect, &out)
	return out, err
}

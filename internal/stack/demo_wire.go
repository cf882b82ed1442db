package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/wxlogin/wxlogin/internal/redact"
)

// phone makes the simulated phone do something, and remembers what wx.* hands out.
func (d *demo) phone(ctx context.Context, verb, call, user string) (Call, error) {
	answer, err := d.post(ctx, "/_mock/"+verb, map[string]string{"user": user})
	if err != nil {
		return Call{}, err
	}
	if verb == "login" {
		var login struct{ Code, ErrMsg string }
		if err := json.Unmarshal(answer, &login); err != nil {
			return Call{}, err
		}
		d.code = login.Code
		answer = fmt.Appendf(nil, `{"errMsg":%q,"code":%q}`, login.ErrMsg, login.Code)
	} else {
		d.sealed = answer
	}
	return Call{From: theMiniProgram, To: theWeChat, Request: call, Answer: masked(answer)}, nil
}

// onLogin sends a code to the login server, as wx.request does, and keeps the token.
func (d *demo) onLogin(ctx context.Context, code string) (Call, error) {
	call := Call{From: theMiniProgram, To: theServer, Request: "GET /onLogin?code=" + code}
	status, answer, err := d.do(ctx, http.MethodGet, "/onLogin?code="+url.QueryEscape(code), nil)
	if err != nil {
		return Call{}, err
	}
	var login struct {
		Token redact.Secret `json:"token"`
	}
	if err := json.Unmarshal(answer, &login); err != nil {
		return Call{}, err
	}
	if !login.Token.IsZero() {
		d.token = login.Token
	}
	call.Status, call.Answer = status, masked(answer)
	return call, nil
}

// decryptCall sends what wx.* handed out last to the login server.
func (d *demo) decryptCall(ctx context.Context) (Call, error) {
	call := Call{From: theMiniProgram, To: theServer, Request: "POST /decrypt"}
	status, answer, err := d.do(ctx, http.MethodPost, "/decrypt", d.sealed)
	call.Status, call.Answer = status, masked(answer)
	return call, err
}

// post calls the control API; the demonstration cannot go on when it refuses.
func (d *demo) post(ctx context.Context, path string, fields map[string]string) ([]byte, error) {
	body, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	status, answer, err := d.do(ctx, http.MethodPost, path, body)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%s answered %d: %s", path, status, redact.Shorten(string(answer), 200))
	}
	return answer, err
}

func (d *demo) do(ctx context.Context, method, path string, body []byte) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, d.url+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if !d.token.IsZero() && method == http.MethodPost {
		request.Header.Set("Authorization", "Bearer "+d.token.Reveal())
	}
	response, err := d.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, answer, errors.Join(err, response.Body.Close())
}

// A wire records what passes between the login server and WeChat. The login server calls on its own goroutines.
type wire struct {
	mu    sync.Mutex
	calls []Call
}

// tap returns a transport that records.
func (w *wire) tap(next http.RoundTripper) http.RoundTripper { return tapped{w, next} }

// take returns what was recorded since it was last asked.
func (w *wire) take() []Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	calls := w.calls
	w.calls = nil
	return calls
}

type tapped struct {
	wire *wire
	next http.RoundTripper
}

func (t tapped) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	t.wire.mu.Lock()
	defer t.wire.mu.Unlock()
	t.wire.calls = append(t.wire.calls, Call{
		From: theServer, To: theWeChat, Request: r.Method + " " + maskedURL(r.URL), Status: response.StatusCode, Answer: masked(body),
	})
	return response, nil
}

// maskedURL writes path and query in WeChat's order of parameters, without the secret.
func maskedURL(u *url.URL) string {
	var b strings.Builder
	b.WriteString(u.Path)
	separator := byte('?')
	for _, name := range []string{"appid", "secret", "js_code", "grant_type"} {
		value := u.Query().Get(name)
		if name == "secret" {
			value = redact.Mask
		}
		b.WriteByte(separator)
		b.WriteString(name + "=" + value)
		separator = '&'
	}
	return b.String()
}

// masked hides secrets in a JSON text and cuts what is long and unreadable. It leaves the rest as it was sent.
func masked(body []byte) string {
	secret := regexp.MustCompile(`"(session_key|token|phoneNumber|purePhoneNumber)":"[^"]*"`)
	long := regexp.MustCompile(`"(encryptedData|rawData|cloudID|signature|iv|avatarUrl)":"((?:[^"\\]|\\.){12})(?:[^"\\]|\\.)*"`)
	text := secret.ReplaceAllString(strings.TrimSpace(string(body)), `"$1":"`+redact.Mask+`"`)
	return long.ReplaceAllString(text, `"$1":"$2..."`)
}

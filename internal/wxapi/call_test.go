package wxapi_test

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

func TestCancelWhileWaiting(t *testing.T) {
	t.Parallel()
	for name, behave := range map[string]behaviour{
		"nothing":          waits(""),
		"part of the head": waits("HTTP/1.1 200 OK\r\nX-"),
		"interim answers":  waits("HTTP/1.1 103 Early Hints\r\n\r\n"),
		"part of the body": waits("HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n" + goodBody),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newHostile(t, behave)
			ctx, cancel := context.WithCancel(t.Context())
			go func() { <-server.reached; cancel() }()
			_, err := newClient(t, server.base()).Code2Session(ctx, canaryCode)
			if got := outcomeOf(t, err); got != lost || !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", got, err)
			}
			checkSilent(t, err)
			if got := server.count(); got != 1 {
				t.Errorf("%d requests, want 1", got)
			}
		})
	}
}

func TestTimeoutCoversTheBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		newHostileOn(t, network, waits("HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n"+goodBody))
		client := newClient(t, pipeBase)
		client.Transport().DialContext = network.dial
		start := time.Now()
		_, err := client.Code2Session(t.Context(), canaryCode)
		failed, is := errors.AsType[*wxapi.TransportError](err)
		if !is || !failed.Timeout || !failed.Sent || !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 10*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

func TestRefusedPort(t *testing.T) {
	t.Parallel()
	_, err := newClient(t, "http://127.0.0.1:1").Code2Session(t.Context(), canaryCode)
	if got := outcomeOf(t, err); got != unreached {
		t.Errorf("%s: %v", got, err)
	}
	checkSilent(t, err)
}

func TestCancelledBeforeItStarts(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	server := newHostile(t, says("200 OK", "", goodBody))
	_, err := newClient(t, server.base()).Code2Session(ctx, canaryCode)
	if got := outcomeOf(t, err); got != unreached || server.count() != 0 {
		t.Errorf("%s: %v, %d requests", got, err, server.count())
	}
}

// A code is one parameter whatever is in it. The parameters are those of the documentation, no more.
func TestParameters(t *testing.T) {
	t.Parallel()
	for _, code := range []string{
		"081HonW91tM3MN1NizW91F0mW91HonWu", "", "x&secret=y", "x#", "x%26", "x%", "x;y", "x+y z", "x\r\nHost: evil\r\n\r\nGET /",
		"\x00\xff", "微信", "/../../wxa", "?", strings.Repeat("é&=", 2048),
	} {
		t.Run(redact.Shorten(strconv.Quote(code), 20), func(t *testing.T) {
			t.Parallel()
			server := newHostile(t, says("200 OK", "", goodBody))
			if _, err := newClient(t, server.base()+"/prefix").Code2Session(t.Context(), wechat.Code(code)); err != nil {
				t.Fatal(err)
			}
			request, err := http.ReadRequest(bufio.NewReader(strings.NewReader(server.heads[0])))
			if err != nil {
				t.Fatal(err)
			}
			if request.Method != http.MethodGet || request.URL.Path != "/prefix/sns/jscode2session" || request.URL.Fragment != "" {
				t.Errorf("%s %s", request.Method, request.URL)
			}
			if len(request.TransferEncoding) > 0 || request.Header.Get("Content-Length") != "" || request.Header.Get("Content-Type") != "" {
				t.Errorf("the GET announces a body:\n%s", server.heads[0])
			}
			query := request.URL.Query()
			if len(query) != 4 || len(query["js_code"]) != 1 || query.Get("js_code") != code {
				t.Errorf("query %v", query)
			}
			if query.Get("appid") != appID || query.Get("secret") != canarySecret || query.Get("grant_type") != "authorization_code" {
				t.Errorf("query %v", query)
			}
		})
	}
}

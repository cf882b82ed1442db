package mockclient_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/mockclient"
	"github.com/wxlogin/wxlogin/internal/problem"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// call is what a server saw.
type call struct{ Method, Path, Body string }

// replay serves the golden answer of the control API that is named, so that this client is tested on the bytes that the
// simulation really sends. It notes the calls.
func replay(t *testing.T, golden string) (*mockclient.Client, *call) {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("..", "wxhttp", "testdata", filepath.FromSlash(golden)+".golden"))
	if err != nil {
		t.Fatal(err)
	}
	_, dump, _ := bytes.Cut(file, []byte("\n")) // the first line is the source
	answer, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(dump)), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, func(w http.ResponseWriter) {
		maps.Copy(w.Header(), answer.Header)
		w.WriteHeader(answer.StatusCode)
		_, _ = w.Write(body)
	})
}

func serve(t *testing.T, answer func(http.ResponseWriter)) (*mockclient.Client, *call) {
	t.Helper()
	seen := new(call)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*seen = call{Method: r.Method, Path: r.URL.Path, Body: string(body)}
		answer(w)
	}))
	t.Cleanup(server.Close)
	client, err := mockclient.New(server.URL+"/", server.Client().Transport)
	if err != nil {
		t.Fatal(err)
	}
	return client, seen
}

func TestLogin(t *testing.T) {
	t.Parallel()
	client, seen := replay(t, "TestControl/login_as_bob")
	got, err := client.Login(t.Context(), mockclient.Who{User: "bob", AppID: "wxbbbbbbbbbbbbbbbb"})
	if err != nil {
		t.Fatal(err)
	}
	want := mockclient.Login{
		Raw: got.Raw, Code: got.Code, ErrMsg: "login:ok", User: "bob", AppID: "wxbbbbbbbbbbbbbbbb",
		ExpiresAt: time.Date(2000, 1, 1, 0, 5, 0, 0, time.UTC),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if wechat.ShapeOf(string(got.Code)) != wechat.ShapeLoginCode {
		t.Errorf("code %q", got.Code)
	}
	if raw := string(got.Raw); !strings.HasPrefix(raw, `{"code":"`) || !strings.HasSuffix(raw, `}`) || !json.Valid(got.Raw) {
		t.Errorf("raw answer %q", raw)
	}
	if diff := cmp.Diff(call{"POST", "/_mock/login", `{"user":"bob","appid":"wxbbbbbbbbbbbbbbbb"}`}, *seen); diff != "" {
		t.Error(diff)
	}
}

func TestOpenData(t *testing.T) {
	t.Parallel()
	type method = func(*mockclient.Client, context.Context, mockclient.Who) (mockclient.OpenData, error)
	tests := []struct {
		name, errMsg, first string
		do                  method
		full                func(mockclient.OpenData) bool
	}{
		{"userinfo", "getUserInfo:ok", `{"errMsg":"getUserInfo:ok","rawData":`, (*mockclient.Client).Userinfo, func(d mockclient.OpenData) bool { return len(d.Signature) == 40 && d.RawData != "" && d.Code == "" }},
		{"phone", "getPhoneNumber:ok", `{"errMsg":"getPhoneNumber:ok","code":`, (*mockclient.Client).Phone, func(d mockclient.OpenData) bool { return len(d.Code) == 64 && d.RawData == "" }},
		{"werun", "getWeRunData:ok", `{"errMsg":"getWeRunData:ok","encryptedData":`, (*mockclient.Client).WeRun, func(d mockclient.OpenData) bool { return d.Code == "" }},
		{"group", "getGroupEnterInfo:ok", `{"errMsg":"getGroupEnterInfo:ok","encryptedData":`, (*mockclient.Client).Group, func(d mockclient.OpenData) bool { return d.Code == "" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, seen := replay(t, "TestControl/"+tt.name)
			got, err := tt.do(client, t.Context(), mockclient.Who{})
			if err != nil {
				t.Fatal(err)
			}
			if got.ErrMsg != tt.errMsg || !tt.full(got) || got.EncryptedData == "" || len(got.IV) != 24 || got.CloudID == "" {
				t.Errorf("%+v", got)
			}
			if !strings.HasPrefix(string(got.Raw), tt.first) {
				t.Errorf("raw answer %q", got.Raw)
			}
			if diff := cmp.Diff(call{"POST", "/_mock/" + tt.name, `{}`}, *seen); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	tests := []struct {
		golden string
		do     func(*mockclient.Client) (mockclient.Clock, error)
		want   mockclient.Clock
		call   call
	}{
		{
			"TestControl/clock", func(c *mockclient.Client) (mockclient.Clock, error) { return c.Clock(t.Context()) },
			mockclient.Clock{Now: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), Offset: "0s"},
			call{"GET", "/_mock/clock", ""},
		},
		{
			"TestControl/clock_forward", func(c *mockclient.Client) (mockclient.Clock, error) { return c.Move(t.Context(), "+6m") },
			mockclient.Clock{Now: time.Date(2000, 1, 1, 0, 6, 0, 0, time.UTC), Offset: "6m0s", OffsetSeconds: 360},
			call{"POST", "/_mock/clock", `{"move":"+6m"}`},
		},
		{
			"TestControl/clock_reset", func(c *mockclient.Client) (mockclient.Clock, error) { return c.ResetClock(t.Context()) },
			mockclient.Clock{Now: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), Offset: "0s"},
			call{"POST", "/_mock/clock", `{"reset":true}`},
		},
	}
	for _, tt := range tests {
		client, seen := replay(t, tt.golden)
		got, err := tt.do(client)
		if err != nil {
			t.Fatal(err)
		}
		tt.want.Raw = got.Raw
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(tt.call, *seen); diff != "" {
			t.Error(diff)
		}
	}
}

func TestReset(t *testing.T) {
	t.Parallel()
	for golden, app := range map[string]wechat.AppID{"reset": "", "reset_of_one_app": "wxbbbbbbbbbbbbbbbb"} {
		client, seen := replay(t, "TestControl/"+golden)
		got, err := client.Reset(t.Context(), app)
		if err != nil || !got.Reset || got.AppID != app {
			t.Errorf("%+v, %v", got, err)
		}
		body := `{}`
		if app != "" {
			body = `{"appid":"wxbbbbbbbbbbbbbbbb"}`
		}
		if diff := cmp.Diff(call{"POST", "/_mock/reset", body}, *seen); diff != "" {
			t.Error(diff)
		}
	}
}

func TestEnv(t *testing.T) {
	t.Parallel()
	client, seen := replay(t, "TestControl/env")
	got, err := client.Env(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if got.URL != "http://127.0.0.1:8420" || got.AppID != "wx0123456789abcdef" || !got.Mock || got.Secret.Check() != nil {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff(call{"GET", "/_mock/env", ""}, *seen); diff != "" {
		t.Error(diff)
	}
}

func TestCA(t *testing.T) {
	t.Parallel()
	client, seen := replay(t, "TestCA")
	got, err := client.CA(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(got.PEM, "-----BEGIN CERTIFICATE-----\n") || len(got.Hosts) != 6 || got.Hosts[0] != "api.weixin.qq.com" || got.ExpiresAt.Format(time.DateOnly) != "2000-01-02" {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff(call{"GET", "/_mock/ca", ""}, *seen); diff != "" {
		t.Error(diff)
	}
}

func TestInspect(t *testing.T) {
	t.Parallel()
	client, seen := serve(t, func(w http.ResponseWriter) {
		w.Header().Set("X-Wxlogin-Mock", "1")
		_, _ = io.WriteString(w, `{"verdict":"valid","claims":{}}`+"\n")
	})
	got, err := client.Inspect(t.Context(), redact.NewSecret("eyJ.canary"))
	if err != nil || string(got) != `{"verdict":"valid","claims":{}}` {
		t.Errorf("%s, %v", got, err)
	}
	if diff := cmp.Diff(call{"POST", "/_mock/inspect", `{"token":"eyJ.canary"}`}, *seen); diff != "" {
		t.Error(diff)
	}
}

func TestProblem(t *testing.T) {
	t.Parallel()
	client, _ := replay(t, "TestControl/not_logged_in")
	_, err := client.Userinfo(t.Context(), mockclient.Who{User: "bob"})
	p, ok := errors.AsType[*problem.Problem](err)
	if !ok || p.Reason != "not_logged_in" || p.Status != http.StatusConflict || !strings.Contains(p.Error(), `"bob"`) {
		t.Errorf("%v", err)
	}
}

func TestNotAMock(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"a login server": 404, "somebody": 200, "a redirect": 302} {
		client, _ := serve(t, func(w http.ResponseWriter) {
			w.Header().Set("Location", "http://127.0.0.1:1/")
			problem.Write(w, problem.Problem{Status: status})
		})
		_, err := client.Env(t.Context(), "")
		if e, ok := errors.AsType[*mockclient.NotAMockError](err); !ok || e.URL != client.URL() {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBrokenAnswers(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"html": "<html>", "empty": "", "array": "[]", "cut": `{"code":`, "large": `"` + strings.Repeat("x", 1<<20) + `"`} {
		for _, status := range []int{200, 500} {
			client, _ := serve(t, func(w http.ResponseWriter) {
				w.Header().Set("X-Wxlogin-Mock", "1")
				w.WriteHeader(status)
				_, _ = io.WriteString(w, body)
			})
			if got, err := client.Inspect(t.Context(), redact.NewSecret("canary")); err == nil || strings.Contains(err.Error(), "canary") {
				t.Errorf("%s, status %d: %s, %v", name, status, got, err)
			}
		}
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	const base = "http://127.0.0.1:1" // a port that nobody is given by chance
	client, err := mockclient.New(base, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Login(t.Context(), mockclient.Who{})
	if e, ok := errors.AsType[*mockclient.UnreachableError](err); !ok || e.URL != base || strings.Count(err.Error(), base) != 1 {
		t.Errorf("%v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = client.Login(gone, mockclient.Who{})
	if _, ok := errors.AsType[*mockclient.UnreachableError](err); ok || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestDroppedConnection(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, func(http.ResponseWriter) { panic(http.ErrAbortHandler) })
	if _, err := client.Login(t.Context(), mockclient.Who{}); !isUnreachable(err) {
		t.Errorf("%v", err)
	}
}

func isUnreachable(err error) bool {
	_, ok := errors.AsType[*mockclient.UnreachableError](err)
	return ok
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "127.0.0.1:8420", "ftp://x", "http://", "http://u:canary@x", "http://x?y=canary", "http://x#canary", "http://\x00"} {
		if _, err := mockclient.New(base, nil); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("New(%q): %v", base, err)
		}
	}
}

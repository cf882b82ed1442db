package stack_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/intercept"
	"github.com/wxlogin/wxlogin/internal/mockclient"
	"github.com/wxlogin/wxlogin/internal/stack"
)

// backEnd is somebody's server: it has WeChat's address compiled in, and was given a proxy and a certificate.
func (r *running) backEnd(t testing.TB, protocol string) *http.Client {
	t.Helper()
	proxy, err := url.Parse(r.URL())
	if err != nil {
		t.Fatal(err)
	}
	ca, err := r.phone.CA(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(ca.PEM)) {
		t.Fatal(ca.PEM)
	}
	transport := &http.Transport{
		Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: protocol == "HTTP/2.0",
		DisableKeepAlives: true, // net/http repeats a GET that dies on a used connection
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

const weChat = "https://api.weixin.qq.com"

// exchangeOf is the target of code2Session.
func exchangeOf(code string) string {
	return weChat + "/sns/jscode2session?" + url.Values{
		"appid": {demoAppID}, "secret": {demoSecret}, "js_code": {code}, "grant_type": {"authorization_code"},
	}.Encode()
}

func ask(t testing.TB, client *http.Client, target string) (status int, proto, body string, err error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.Do(request)
	if err != nil {
		return 0, "", "", err
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	return got.StatusCode, got.Proto, string(text), err
}

// TestFaultsInTunnel: what goes wrong on a connection goes wrong inside a tunnel as well, over HTTP/1.1 and over HTTP/2.
func TestFaultsInTunnel(t *testing.T) {
	t.Parallel()
	const openID = `"openid":`
	tests := []struct {
		effect string
		status int
		body   string // a part of it
		h1, h2 string // a part of the error
	}{
		{effect: "reset", h1: "connection reset by peer", h2: "stream error"},
		{effect: "consume-then-drop", h1: "EOF", h2: "stream error"},
		{effect: "truncated", status: 200, h1: "unexpected EOF", h2: "stream error"},
		{effect: "trickle:1ms", status: 200, body: openID},
		{effect: "delay:10ms", status: 200, body: openID},
		{effect: "status:502", status: 502, body: "nginx"},
		{effect: "errcode:45011", status: 200, body: `{"errcode":45011,`},
		{effect: "html", status: 200, body: "Welcome to this network"},
		{effect: "empty", status: 200},
	}
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			r := start(t, nil)
			client := r.backEnd(t, protocol)
			for _, tt := range tests {
				if _, err := r.phone.AddFault(t.Context(), mockclient.FaultRule{On: "jscode2session", Effect: tt.effect}); err != nil {
					t.Fatal(err)
				}
				status, proto, body, err := ask(t, client, exchangeOf(r.code(t, "alice")))
				failure := tt.h1
				if protocol == "HTTP/2.0" {
					failure = tt.h2
				}
				if status != tt.status || err == nil && proto != protocol || !strings.Contains(body, tt.body) || (err != nil) != (failure != "") || err != nil && !strings.Contains(err.Error(), failure) {
					t.Errorf("%s: %d %s %q, %v", tt.effect, status, proto, body, err)
				}
				if _, err := r.phone.ClearFaults(t.Context(), ""); err != nil {
					t.Fatal(err)
				}
			}
			hanging := *client
			hanging.Timeout = 300 * time.Millisecond
			if _, _, _, err := ask(t, &hanging, exchangeOf("hang")); !os.IsTimeout(err) {
				t.Errorf("hang: %v", err)
			}
		})
	}
}

// TestClockMovesNoCertificate: the simulation's clock is not that of certificates, which clients hold against their own.
func TestClockMovesNoCertificate(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	for _, by := range []string{"+2400h", "-4800h"} {
		r.move(t, by)
		if status, _, body, err := ask(t, r.backEnd(t, "HTTP/2.0"), exchangeOf(r.code(t, "alice"))); err != nil || status != 200 || !strings.Contains(body, "openid") {
			t.Errorf("%s: %d %s, %v", by, status, body, err)
		}
	}
}

// TestTraffic: what a run says of itself at its end.
func TestTraffic(t *testing.T) {
	t.Parallel()
	r := start(t, func(o *stack.Options) { o.Mock.Offline = true })
	if got := r.Traffic(); got.Calls != 0 || len(got.Intercepted) != 0 {
		t.Errorf("before: %+v", got)
	}
	client := r.backEnd(t, "HTTP/1.1")
	if _, _, _, err := ask(t, client, exchangeOf(r.code(t, "alice"))); err != nil {
		t.Fatal(err)
	}
	r.login(t, "bob")
	if got := r.call(t, http.MethodGet, "/cgi-bin/token", "", ""); got.status != 200 {
		t.Fatal(got)
	}
	if _, _, _, err := ask(t, client, "https://packages.example/"); err == nil || !strings.Contains(err.Error(), "Forbidden") {
		t.Errorf("offline: %v", err)
	}
	got := r.Traffic()
	if got.Calls != 3 || got.Intercepted["api.weixin.qq.com"] != 1 || got.Refused["packages.example"] != 1 {
		t.Errorf("%+v", got)
	}
	kept, err := r.phone.Journal(t.Context(), mockclient.JournalQuery{On: "proxy"})
	if err != nil || len(kept.Records) != 1 || kept.Records[0].Host != "packages.example:443" || kept.Records[0].Status != 403 {
		t.Errorf("the journal has %+v, %v", kept.Records, err)
	}
}

// TestTemporaryFiles: files for clients are there when somebody asks, for nobody else to look into, and gone when the run is over.
func TestTemporaryFiles(t *testing.T) {
	base := t.TempDir()
	t.Setenv("TMPDIR", base)
	r := start(t, nil)
	if entries, err := os.ReadDir(base); err != nil || len(entries) != 0 {
		t.Errorf("nobody asked, and there is %v, %v", entries, err)
	}
	unset := func(string) (string, bool) { return "", false }
	vars, err := r.Environment(unset, runtime.GOOS)
	if err != nil {
		t.Fatal(err)
	}
	dir := ""
	for _, v := range vars {
		if v.Name == "SSL_CERT_FILE" {
			dir = filepath.Dir(v.Value)
		}
	}
	if filepath.Dir(dir) != base {
		t.Errorf("the files are in %q", dir)
	}
	if state, err := os.Stat(dir); err != nil || state.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", state, err)
	}
	if written, err := os.ReadFile(filepath.Join(dir, intercept.CAFile)); err != nil || string(written) != string(r.CA().PEM()) {
		t.Errorf("%s, %v", written, err)
	}
	r.stop()
	if err := r.Wait(); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(base); err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// TestKeptFiles: a directory of the user's keeps the certificate, which takes the place of a link and of an older one.
func TestKeptFiles(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "dir")
	keep := func(o *stack.Options) { o.Mock.CADir = dir }
	first := start(t, keep)
	path := filepath.Join(dir, "ca.pem")
	if written, err := os.ReadFile(path); err != nil || string(written) != string(first.CA().PEM()) {
		t.Errorf("%s, %v", written, err)
	}
	first.stop()
	if err := first.Wait(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
	other := filepath.Join(dir, "precious")
	if err := errors.Join(os.WriteFile(other, []byte("mine"), 0o600), os.Remove(path), os.Symlink(other, path)); err != nil {
		t.Fatal(err)
	}
	second := start(t, keep)
	written, err := os.ReadFile(path)
	if err != nil || string(written) != string(second.CA().PEM()) || string(written) == string(first.CA().PEM()) {
		t.Errorf("%s, %v", written, err)
	}
	if mine, err := os.ReadFile(other); err != nil || string(mine) != "mine" {
		t.Errorf("a link was followed: %s, %v", mine, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("%v, %v", entries, err)
	}
}

// TestNoFiles: a directory that cannot be had is an error that names it, before anything is served.
func TestNoFiles(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := stack.Start(t.Context(), stack.Options{Addr: "127.0.0.1:0", TokenTTL: tokenTTL, SessionTTL: sessionTTL, Mock: &stack.Mock{CADir: filepath.Join(file, "x")}})
	failed, is := errors.AsType[*intercept.FilesError](err)
	if _, isPath := errors.AsType[*fs.PathError](err); !is || !isPath || failed.Path != filepath.Join(file, "x") {
		t.Errorf("%v", err)
	}
}

package cmd

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hitProxy sends to a simulation, as a proxy, what a back end sends to WeChat, in every form of a proxied request; then what else clients say
// to proxies, with secrets where they stand in such requests. It searches the answers.
func hitProxy(t *testing.T, s *canaryServer, v vault, f *finder, given held) {
	t.Helper()
	address := s.ready.URL[strings.LastIndex(s.ready.URL, "/")+1:]
	proxy := &url.URL{Scheme: "http", Host: address, User: url.UserPassword("u", v.secretArg.value)} // we ask for no password
	var ca struct{ PEM string }
	if answer := (httpCase{method: "GET", target: "/_mock/ca", bearer: v.mockToken.value}).send(t, s.ready.URL); json.Unmarshal(answer[bytes.Index(answer, []byte("\r\n\r\n")):], &ca) != nil {
		t.Fatalf("%s", answer)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(ca.PEM))
	tunnel := &http.Transport{Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	defer tunnel.CloseIdleConnections()
	for _, c := range serverAPICases(v, given) {
		for form, answer := range map[string][]byte{
			"CONNECT":  c.through(t, tunnel),
			"absolute": sendRaw(t, address, c.absolute("https://api.weixin.qq.com")),
			"WeCom":    sendRaw(t, address, c.absolute("https://qyapi.weixin.qq.com")),
			"nowhere":  sendRaw(t, address, c.absolute("http://127.0.0.1:1")),
			"offline":  sendRaw(t, address, c.absolute("https://h.example")),
		} {
			allow := c.allow
			for _, member := range []string{"access_token", "session_key"} { // the answers where they belong
				if issued := field(answer, member); issued != "" {
					f.plant(issuedAs(member, issued))
					allow = append(slices.Clip(allow), "issued "+member)
				}
			}
			if len(answer) == 0 {
				t.Errorf("%s %s %s: no answer", form, c.method, c.target)
			}
			for _, found := range f.find(answer, allow...) {
				t.Errorf("%s %s %s: the answer shows %s", form, c.method, c.target, found)
			}
		}
	}
	secret := v.secretArg.value
	for _, raw := range []string{
		"CONNECT u:" + secret + "@h.example:443 HTTP/1.1\r\n\r\n",
		"CONNECT h.example:" + secret + " HTTP/1.1\r\n\r\n",
		"CONNECT /" + secret + " HTTP/1.1\r\n\r\n",
		"CONNECT h.example:443 HTTP/1.1\r\nProxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("u:"+secret)) + "\r\n\r\n",
		"CONNECT 127.0.0.1:1 HTTP/1.1\r\nProxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("u:"+secret)) + "\r\nCookie: " + secret + "\r\n\r\n",
		"CONNECT api.weixin.qq.com:443 HTTP/1.1\r\nProxy-Authorization: Bearer " + secret + "\r\n\r\n" + secret,
		"CONNECT api.weixin.qq.com:80 HTTP/1.1\r\n\r\nGET /x?secret=" + secret + " HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n",
		"GET http://u:" + secret + "@127.0.0.1:1/" + secret + "?secret=" + secret + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
		"GET ftp://h.example/" + secret + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
		"GET http://h.example/" + secret + "/hook?secret=" + secret + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
		"POST http://127.0.0.1:1/" + secret + "/hook HTTP/1.1\r\nHost: h\r\nContent-Length: 32\r\nConnection: close\r\n\r\n" + secret,
		"\x16\x03\x01\x00\x20" + secret,
	} {
		for _, found := range f.find(sendRaw(t, address, raw)) {
			t.Errorf("%.60q: the answer shows %s", raw, found)
		}
	}
}

// absolute is the request as a client sends it to a proxy in absolute form.
func (c httpCase) absolute(base string) string {
	request := c.method + " " + base + c.target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	if c.contentType != "" {
		request += "Content-Type: " + c.contentType + "\r\n"
	}
	return request + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(c.body), c.body)
}

// through sends the request to WeChat's own address and returns the whole answer.
func (c httpCase) through(t *testing.T, transport *http.Transport) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), c.method, "https://api.weixin.qq.com", strings.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	path, query, _ := strings.Cut(c.target, "?")
	request.URL.Path, request.URL.RawQuery = path, query
	request.Header.Set("Content-Type", c.contentType)
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var whole bytes.Buffer
	if err := response.Write(&whole); err != nil {
		t.Fatal(err)
	}
	return whole.Bytes()
}

// TestCanaryUpstream runs the program with a proxy in its environment, whose password it must send to that proxy and to nobody else.
func TestCanaryUpstream(t *testing.T) {
	t.Parallel()
	v := newVault()
	f := newFinder(v.all()...)
	program, err := exec.LookPath("wxlogin")
	if err != nil {
		t.Fatal(err)
	}
	upstream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	given := make(chan string, 10)
	other := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given <- r.Header.Get("Proxy-Authorization")
		w.WriteHeader(http.StatusProxyAuthRequired)
	})}
	go func() { _ = other.Serve(upstream) }()
	t.Cleanup(func() { _ = other.Close() })
	for proxy, asked := range map[string]bool{
		"http://u:" + v.password.value + "@" + upstream.Addr().String(): true,
		"http://u:" + v.password.value + "@127.0.0.1:1":                 false, // where nobody is
		"socks5://u:" + v.password.value + "@127.0.0.1:1":               false,
		"http://u:" + v.password.value + "@[::1":                        false, // cannot be read
		"ftp://u:" + v.password.value + "@h.example":                    false,
	} {
		h := newHome(t, v)
		command := exec.CommandContext(t.Context(), program, "serve", "--mock", "--json", "--addr", "127.0.0.1:0")
		for name, value := range h.env {
			command.Env = append(command.Env, name+"="+value)
		}
		command.Env = append(command.Env, "HTTPS_PROXY="+proxy, "HTTP_PROXY="+proxy)
		command.Dir = h.dir
		var stderr bytes.Buffer
		command.Stderr = &stderr
		stdout, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(stdout).ReadBytes('\n')
		var ready struct{ URL string }
		if err != nil || json.Unmarshal(line, &ready) != nil {
			t.Fatalf("%s, %v", line, err)
		}
		var answers []byte
		for _, raw := range []string{
			"CONNECT h.example:443 HTTP/1.1\r\n\r\n",
			"GET http://h.example/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
			"GET https://h.example/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
		} {
			answer := sendRaw(t, strings.TrimPrefix(ready.URL, "http://"), raw)
			if !bytes.Contains(answer, []byte("HTTP/1.1 502 ")) && !bytes.Contains(answer, []byte("HTTP/1.1 407 ")) {
				t.Errorf("%s: %s", raw, answer)
			}
			answers = append(answers, answer...)
		}
		_ = command.Process.Signal(syscall.SIGTERM)
		_, _ = io.Copy(io.Discard, stdout)
		if err := command.Wait(); err != nil {
			t.Error(err)
		}
		h.search(t, f, "serve behind "+proxy, result{stdout: append(line, answers...), stderr: stderr.Bytes()})
		if asked {
			select {
			case got := <-given:
				if want := "Basic " + base64.StdEncoding.EncodeToString([]byte("u:"+v.password.value)); got != want {
					t.Error("the proxy was asked without its password")
				}
			case <-time.After(time.Minute):
				t.Error("the proxy was not asked")
			}
		}
	}
}

package cmd

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// A network is an API host, most of which misbehave by repeating what they were sent.
type network struct {
	name string
	base string
}

// request is what a bad network knows of the caller: the URL, the headers that carry secrets, the body.
type request struct {
	uri, secret, code, all string
}

func read(r *http.Request) request {
	body, _ := io.ReadAll(r.Body)
	q := r.URL.Query()
	return request{
		uri: r.URL.RequestURI(), secret: q.Get("secret"), code: q.Get("js_code"),
		all: strings.TrimSpace(r.URL.RequestURI() + " " + strings.Join(r.Header["Authorization"], " ") + " " + string(body)),
	}
}

// networks starts one of each. The good one answers every code with the session of key.
func networks(t *testing.T, key planted) []network {
	t.Helper()
	var all []network
	for name, handler := range badAnswers() {
		all = append(all, network{name, serveHTTP(t, handler)})
	}
	for name, answer := range badBytes() {
		all = append(all, network{name, serveBytes(t, answer)})
	}
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of the clients that refuse its certificate
	secure.StartTLS()
	t.Cleanup(secure.Close)
	plain := serveHTTP(t, http.NotFound)
	return append(all,
		network{"good", serveHTTP(t, text(200, "text/plain", func(request) string {
			return `{"session_key":"` + key.value + `","openid":"` + canaryOpenID + `"}`
		}))},
		network{"refused", "http://127.0.0.1:1"},
		network{"certificate of a stranger", secure.URL},
		network{"TLS against plain HTTP", "https" + strings.TrimPrefix(plain, "http")},
		network{"no such host", "https://canary.invalid"},
	)
}

func serveHTTP(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Wxlogin-Mock", "1") // so that the mock commands take its answers seriously
		handler(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func text(status int, contentType string, body func(request) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType)
		in := read(r)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body(in))
	}
}

// badAnswers are HTTP answers.
func badAnswers() map[string]http.HandlerFunc {
	page := func(status int, body func(request) string) http.HandlerFunc {
		return text(status, "text/html; charset=utf-8", func(in request) string { return "<html><h1>Oops</h1>" + body(in) })
	}
	all := map[string]http.HandlerFunc{
		"page":            page(200, func(in request) string { return in.all }),
		"page 502":        page(502, func(in request) string { return in.all }),
		"page cut":        page(200, func(in request) string { return in.all[:max(0, len(in.all)-10)] }),
		"page wrapped":    page(403, func(in request) string { return wrapped(in.all, 20) }),
		"page capitals":   page(403, func(in request) string { return strings.ToUpper(in.all) }),
		"page decoded":    page(403, func(in request) string { return in.secret + in.code }),
		"page small":      text(404, "text/plain", func(in request) string { return in.all }),
		"problem":         text(400, "application/problem+json", problemOf),
		"JSON cut":        text(200, "application/json", func(in request) string { return `{"echo":"` + in.all }),
		"JSON array":      text(200, "application/json", func(in request) string { return fmt.Sprintf("[%q]", in.all) }),
		"JSON text":       text(200, "application/json", func(in request) string { return fmt.Sprintf("%q", in.all) }),
		"JSON no errors":  text(200, "application/json", func(in request) string { return fmt.Sprintf(`{"x":%q}`, in.uri) }),
		"errcode a text":  text(200, "text/plain", func(in request) string { return fmt.Sprintf(`{"errcode":%q,"errmsg":%q}`, in.uri, in.uri) }),
		"errmsg an array": text(200, "text/plain", func(in request) string { return fmt.Sprintf(`{"errcode":40029,"errmsg":[%q]}`, in.uri) }),
		"errmsg cut": text(200, "text/plain", func(in request) string {
			return fmt.Sprintf(`{"errcode":40013,"errmsg":%q}`, in.uri[:max(0, len(in.uri)-9)])
		}),
		"errmsg capitals": text(200, "text/plain", func(in request) string {
			return fmt.Sprintf(`{"errcode":40125,"errmsg":%q}`, strings.ToUpper(in.uri))
		}),
		"errmsg wrapped": text(200, "text/plain", func(in request) string {
			return fmt.Sprintf(`{"errcode":40125,"errmsg":%q}`, wrapped(in.uri, 20))
		}),
		"session_key an openid": text(200, "text/plain", func(in request) string {
			return fmt.Sprintf(`{"session_key":%q,"openid":%q,"unionid":%q}`, in.secret, in.secret, in.uri)
		}),
		"openid an object": text(200, "text/plain", func(in request) string { return fmt.Sprintf(`{"session_key":"","openid":{"x":%q}}`, in.uri) }),
		"Content-Type": func(w http.ResponseWriter, r *http.Request) {
			text(200, "text/"+read(r).secret, func(request) string { return "x" })(w, r)
		},
		"not gzip": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, read(r).all)
		},
		"silence": func(_ http.ResponseWriter, r *http.Request) {
			read(r) // net/http notices that the client left only when the body is read
			<-r.Context().Done()
		},
		"silence after the head": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Echo", read(r).uri)
			w.WriteHeader(200)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
	}
	for name, location := range map[string]func(request) string{
		"redirect":             func(in request) string { return "https://evil.invalid" + in.uri },
		"redirect to itself":   func(in request) string { return in.uri },
		"redirect to the name": func(in request) string { return "https://" + in.secret + ".evil.invalid/" },
		"redirect to a user":   func(in request) string { return "https://u:" + in.secret + "@evil.invalid/" },
		"redirect to nonsense": func(in request) string { return "::" + in.uri },
	} {
		all[name] = func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", location(read(r)))
			w.WriteHeader(http.StatusFound)
		}
	}
	for _, errcode := range []int{-1, 40013, 40029, 40125, 40163, 40226, 40243, 45009, 45011, 99999} {
		all[fmt.Sprint("errcode ", errcode)] = text(200, "text/plain", func(in request) string {
			return fmt.Sprintf(`{"errcode":%d,"errmsg":"refused %s, rid: 6380622c-50076416-224b40b0"}`, errcode, in.uri)
		})
	}
	return all
}

func problemOf(in request) string {
	return fmt.Sprintf(`{"type":"urn:wxlogin:problem:bad_request","title":%q,"status":400,"detail":%q,"reason":"bad_request"}`, in.all, in.all)
}

func wrapped(s string, width int) string {
	var b strings.Builder
	for i := 0; i < len(s); i += width {
		b.WriteString(s[i:min(len(s), i+width)] + "<br>")
	}
	return b.String()
}

// badBytes are answers that are not even HTTP. The argument is the head of the request.
func badBytes() map[string]func(head string) string {
	query := func(head string) string {
		line, _, _ := strings.Cut(head, " HTTP/")
		return line
	}
	secret := func(head string) string {
		q, _ := url.ParseQuery(query(head))
		return q.Get("secret")
	}
	return map[string]func(string) string{
		"reset":               func(string) string { return "" },
		"its own words":       func(head string) string { return head },
		"status":              func(head string) string { return "HTTP/1.1 " + secret(head) + " Fine\r\n\r\n" },
		"version":             func(head string) string { return "HTTP/" + secret(head) + " 200 OK\r\n\r\n" },
		"header":              func(head string) string { return "HTTP/1.1 200 OK\r\n" + query(head) + "\r\n\r\n" },
		"header name":         func(head string) string { return "HTTP/1.1 200 OK\r\nX " + secret(head) + ": y\r\n\r\n" },
		"length":              func(head string) string { return "HTTP/1.1 200 OK\r\nContent-Length: " + secret(head) + "\r\n\r\n" },
		"encoding":            func(head string) string { return "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + secret(head) + "\r\n\r\n" },
		"chunk":               func(head string) string { return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + query(head) },
		"cut short":           func(head string) string { return "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n<p>" + query(head) },
		"trailing header":     func(head string) string { return "HTTP/1.1 200 OK\r\nX-Echo: " + query(head) },
		"switching protocols": func(head string) string { return "HTTP/1.1 101 " + secret(head) + "\r\n\r\n" },
		"TLS alert":           func(string) string { return "\x15\x03\x01\x00\x02\x02\x16" },
	}
}

// serveBytes answers each connection with bytes and resets it.
func serveBytes(t *testing.T, answer func(head string) string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				buffer := make([]byte, 16<<10)
				n, _ := conn.Read(buffer)
				bytes := answer(string(buffer[:n]))
				_, _ = io.WriteString(conn, bytes)
				if bytes == "" {
					resetOnClose(conn)
				}
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

// resetOnClose makes the end of a connection abrupt.
func resetOnClose(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}

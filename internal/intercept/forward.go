package intercept

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"time"

	"github.com/wxlogin/wxlogin/internal/journal"
)

// passRequest sends a request in absolute form on to the host that it names.
func (p *Proxy) passRequest(w http.ResponseWriter, r *http.Request, t target, ok bool) {
	record := journal.From(r.Context())
	record.Path = "" // of somebody else's service; there are those that take secrets in it
	if !ok {
		refuse(w, r, http.StatusBadRequest, "bad_request", "this proxy takes http:// and https:// URLs of a host, without a user name")
		return
	}
	record.Host = t.String()
	if p.refused(w, r, t) {
		return
	}
	if !p.enter(nil) { // an upgraded connection is none of the server's any more
		panic(http.ErrAbortHandler)
	}
	defer p.leave(nil)
	controller := http.NewResponseController(w) // the server's limits are for calls of ours
	_ = controller.SetReadDeadline(time.Time{})
	_ = controller.SetWriteDeadline(time.Time{})
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(p.ctx, cancel)()
	p.reverse.ServeHTTP(w, r.WithContext(context.WithValue(ctx, inKey{}, r)))
}

// inKey leads from a request that is sent on to the one that came in.
type inKey struct{}

// newReverse returns what sends requests on, as they came.
func (p *Proxy) newReverse() *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Transport:     p.forward,
		FlushInterval: -1, // nothing is held back
		ErrorLog:      slog.NewLogLogger(p.o.Logger.Handler(), slog.LevelDebug),
		Rewrite: func(pr *httputil.ProxyRequest) {
			u := *pr.In.URL
			pr.Out.URL, pr.Out.Host = &u, pr.In.Host
			for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
				if values, sent := pr.In.Header[name]; sent { // the client's own, which Rewrite is shielded from
					pr.Out.Header[name] = slices.Clone(values)
				}
			}
			if upstream, _ := p.upstreamOf(pr.In, &u); upstream != nil { // so that one that leads back to us is noticed
				pr.Out.Header.Add("Via", "1.1 "+p.via)
			}
		},
		ModifyResponse: func(answer *http.Response) error {
			if in, is := answer.Request.Context().Value(inKey{}).(*http.Request); is {
				t, _ := targetOf(in.URL)
				p.passing(in, t)
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			t, _ := targetOf(r.URL)
			p.unreachable(w, r, t, err)
		},
	}
}

// newTransport returns what the requests that are sent on go through. It changes nothing about them.
func (p *Proxy) newTransport() *http.Transport {
	return &http.Transport{
		Proxy: func(out *http.Request) (*url.URL, error) {
			in, is := out.Context().Value(inKey{}).(*http.Request)
			if !is {
				in = out
			}
			return p.upstreamOf(in, out.URL)
		},
		DialContext:         (&net.Dialer{Timeout: dialLimit}).DialContext,
		TLSHandshakeTimeout: dialLimit,
		IdleConnTimeout:     time.Minute, // shorter than servers keep theirs
		DisableCompression:  true,
	}
}

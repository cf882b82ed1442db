package wxhttp_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
	"github.com/wxlogin/wxlogin/internal/wxhttp"
)

// BenchmarkJSCode2Session exchanges a fresh code with each call over loopback. BenchmarkBareHandler is its floor: the same client
// and the same URLs on a handler with a constant answer. The code is minted by the benchmark in both, so that the ratio is that
// of the servers.
func BenchmarkJSCode2Session(b *testing.B) {
	w := benchWorld(b)
	benchmarkGet(b, w, wxhttp.New(w, wxhttp.Options{}))
}

// BenchmarkJSCode2SessionJournalled is the same with a record of each call in a journal: the difference is what looking costs.
func BenchmarkJSCode2SessionJournalled(b *testing.B) {
	w := benchWorld(b)
	kept := journal.New(journal.DefaultSize)
	benchmarkGet(b, w, recorded(kept, wxhttp.New(w, wxhttp.Options{Journal: kept})))
}

// BenchmarkBareHandler is described at [BenchmarkJSCode2Session].
func BenchmarkBareHandler(b *testing.B) {
	const body = `{"session_key":"u1Hs\/tj15JnurEt+DS9bIg==","openid":"oFviJ5eTtaGJqSSu4_yJsPeMrvKy","unionid":"ot7-6fV1h--22E5uouZEtT835S6e"}`
	benchmarkGet(b, benchWorld(b), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = io.WriteString(w, body)
	}))
}

func benchWorld(b *testing.B) *world.World {
	b.Helper()
	w, err := world.New(world.Options{Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	return w
}

func benchmarkGet(b *testing.B, w *world.World, handler http.Handler) {
	b.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	client := server.Client()
	prefix := server.URL + "/sns/jscode2session?" + url.Values{
		"appid": {string(world.DemoAppID)}, "secret": {world.DemoSecret}, "grant_type": {"authorization_code"},
	}.Encode() + "&js_code="
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			l, err := w.Login("", "")
			if err != nil {
				b.Error(err)
				return
			}
			if err := getSuccess(client, prefix, l.Code); err != "" {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

// getSuccess returns what is wrong with the answer.
func getSuccess(client *http.Client, prefix string, code wechat.Code) string {
	answer, err := client.Get(prefix + string(code))
	if err != nil {
		return err.Error()
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err.Error()
	}
	if !strings.HasPrefix(string(body), `{"session_key":"`) {
		return string(body)
	}
	return ""
}

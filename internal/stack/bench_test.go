package stack

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/world"
)

// benchUsers log in by turns.
const benchUsers = 1000

// BenchmarkOnLogin logs users in at serve --mock over loopback, a fresh code each: two HTTP exchanges, the second through the pipe.
// BenchmarkBareHandler is its floor: the same client and the same URLs on a handler with a constant answer. Codes are minted
// beforehand. Log lines are made up to the handler that discards them.
func BenchmarkOnLogin(b *testing.B) {
	running, w := benchStack(b)
	benchmarkGets(b, w, running.URL()+"/onLogin?code=", `{"token":"`)
}

// BenchmarkJSCode2Session exchanges fresh codes at the simulation of serve --mock over loopback; see [BenchmarkOnLogin].
func BenchmarkJSCode2Session(b *testing.B) {
	running, w := benchStack(b)
	benchmarkGets(b, w, running.URL()+"/sns/jscode2session?appid="+string(world.DemoAppID)+"&secret="+world.DemoSecret+
		"&grant_type=authorization_code&js_code=", `{"session_key":"`)
}

// BenchmarkBareHandler is described at [BenchmarkOnLogin].
func BenchmarkBareHandler(b *testing.B) {
	const body = `{"session_key":"u1Hs\/tj15JnurEt+DS9bIg==","openid":"oFviJ5eTtaGJqSSu4_yJsPeMrvKy","unionid":"ot7-6fV1h--22E5uouZEtT835S6e"}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = io.WriteString(w, body)
	}))
	defer server.Close()
	w, err := world.New(world.Options{Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	benchmarkGets(b, w, server.URL+"/sns/jscode2session?appid="+string(world.DemoAppID)+"&secret="+world.DemoSecret+
		"&grant_type=authorization_code&js_code=", `{"session_key":"`)
}

func benchStack(b *testing.B) (*Stack, *world.World) {
	b.Helper()
	ctx, stop := context.WithCancel(context.Background()) // it must live until the cleanup has waited
	running, err := Start(ctx, Options{
		Addr: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler), TokenTTL: 24 * time.Hour, SessionTTL: 72 * time.Hour, Mock: &Mock{Seed: 1},
	})
	if err != nil {
		stop()
		b.Fatal(err)
	}
	b.Cleanup(func() {
		stop()
		if err := running.Wait(); err != nil {
			b.Error(err)
		}
	})
	return running, running.mock.world
}

// benchmarkGets asks for prefix and a fresh code, b.N times, over as many connections as there are processors.
func benchmarkGets(b *testing.B, w *world.World, prefix, want string) {
	b.Helper()
	codes := make([]string, b.N)
	for i := range codes {
		l, err := w.Login("", fmt.Sprintf("user%d", i%benchUsers))
		if err != nil {
			b.Fatal(err)
		}
		codes[i] = string(l.Code)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var next atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if wrong := get(client, prefix+codes[next.Add(1)-1], want); wrong != "" {
				b.Error(wrong)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

// get returns what is wrong with the answer.
func get(client *http.Client, url, want string) string {
	answer, err := client.Get(url)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err.Error()
	}
	if !strings.HasPrefix(string(body), want) {
		return string(body)
	}
	return ""
}

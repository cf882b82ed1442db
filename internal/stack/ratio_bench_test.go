//go:build linux

package stack

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/world"
)

const (
	blockSize    = 500 // requests before the other server has its turn
	blockClients = 2   // connections

	exchangePath = "/sns/jscode2session?appid=" + string(world.DemoAppID) + "&secret=" + world.DemoSecret + "&grant_type=authorization_code&js_code="
)

// BenchmarkAgainstBare reports what a request to serve --mock costs as multiples of the same request to a bare handler: the median over
// pairs of blocks that take turns, so that other work on the machine meets both. CPU is that of the whole process, client and
// garbage collector included.
func BenchmarkAgainstBare(b *testing.B) {
	for _, c := range []struct{ name, path, want string }{
		{"jscode2session", exchangePath, `{"session_key":"`},
		{"onLogin", "/onLogin?code=", `{"token":"`},
	} {
		b.Run(c.name, func(b *testing.B) {
			running := startLogged(b)
			bare := httptest.NewServer(http.HandlerFunc(constant))
			defer bare.Close()
			transport := &http.Transport{MaxIdleConnsPerHost: blockClients}
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport}
			var rates, costs []float64
			for i := 0; b.Loop(); i++ {
				b.StopTimer()
				codes := mint(b, running.mock.world, i)
				b.StartTimer()
				run := [2]usage{}
				for turn := range 2 { // who begins changes
					if which := (turn + i) % 2; which == 0 {
						run[0] = block(b, client, bare.URL+exchangePath, codes, `{"session_key":"`)
					} else {
						run[1] = block(b, client, running.URL()+c.path, codes, c.want)
					}
				}
				rates = append(rates, float64(run[0].wall)/float64(run[1].wall))
				costs = append(costs, float64(run[1].cpu)/float64(run[0].cpu))
			}
			report(b, "x-requests/s", rates)
			report(b, "x-CPU", costs)
		})
	}
}

// constant is the handler that does nothing but answer.
func constant(w http.ResponseWriter, _ *http.Request) {
	const body = `{"session_key":"u1Hs\/tj15JnurEt+DS9bIg==","openid":"oFviJ5eTtaGJqSSu4_yJsPeMrvKy","unionid":"ot7-6fV1h--22E5uouZEtT835S6e"}`
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = io.WriteString(w, body)
}

// mint returns the codes of a block.
func mint(b *testing.B, w *world.World, round int) []string {
	b.Helper()
	codes := make([]string, blockSize)
	for i := range codes {
		l, err := w.Login("", fmt.Sprintf("user%d", (round*blockSize+i)%benchUsers))
		if err != nil {
			b.Fatal(err)
		}
		codes[i] = string(l.Code)
	}
	return codes
}

// usage is what a block took.
type usage struct{ wall, cpu time.Duration }

func block(b *testing.B, client *http.Client, prefix string, codes []string, want string) usage {
	b.Helper()
	start, before := time.Now(), processCPU(b)
	var next atomic.Int64
	var clients sync.WaitGroup
	for range blockClients {
		clients.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(codes)); i = next.Add(1) - 1 {
				if wrong := get(client, prefix+codes[i], want); wrong != "" {
					b.Error(wrong)
					return
				}
			}
		})
	}
	clients.Wait()
	return usage{time.Since(start), processCPU(b) - before}
}

// processCPU is what this process has used up, in user and system time.
func processCPU(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// report reports the median of ratios, and the middle half as its spread.
func report(b *testing.B, unit string, ratios []float64) {
	b.Helper()
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], unit)
	b.ReportMetric(ratios[len(ratios)*3/4]-ratios[len(ratios)/4], unit+"-spread")
}

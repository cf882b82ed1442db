//go:build linux

package stack

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/session/memory"
	"github.com/wxlogin/wxlogin/internal/session/redis"
	"github.com/wxlogin/wxlogin/internal/session/redis/redistest"
	"github.com/wxlogin/wxlogin/internal/session/sqlite"
	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

const (
	storeClients = 16 // connections: a store that groups its commits, or pipelines them, shows it
	fillers      = 64 // goroutines
)

// manySessions is how many sessions the larger stores hold: WXLOGIN_BENCH_SESSIONS, or ten thousand.
func manySessions(b *testing.B) int {
	b.Helper()
	if text := os.Getenv("WXLOGIN_BENCH_SESSIONS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			b.Fatal(err)
		}
		return n
	}
	return 10_000
}

// A benchStore is a kind of store, and what it takes up.
type benchStore struct {
	name string
	open func(b *testing.B, ring *token.Ring) (store session.Store, size func() int64)
}

func benchStores() []benchStore {
	return []benchStore{
		{"memory", func(*testing.B, *token.Ring) (session.Store, func() int64) {
			return memory.New(), func() int64 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				return int64(m.HeapAlloc)
			}
		}},
		{"sqlite", func(b *testing.B, ring *token.Ring) (session.Store, func() int64) {
			b.Helper()
			dir := b.TempDir()
			s, err := sqlite.Open(b.Context(), filepath.Join(dir, "wxlogin.db"), ring)
			if err != nil {
				b.Fatal(err)
			}
			return s, func() (size int64) {
				for _, name := range []string{"wxlogin.db", "wxlogin.db-wal"} {
					if info, err := os.Stat(filepath.Join(dir, name)); err == nil {
						size += info.Size()
					}
				}
				return size
			}
		}},
		{"redis", func(b *testing.B, ring *token.Ring) (session.Store, func() int64) {
			b.Helper()
			server := redistest.Start(b, "--appendonly", "yes", "--appendfsync", "always")
			address, err := redis.ParseAddress(server.Address())
			if err != nil {
				b.Fatal(err)
			}
			s, err := redis.Open(b.Context(), address, redact.Secret{}, ring)
			if err != nil {
				b.Fatal(err)
			}
			return s, func() int64 { return server.UsedMemory(b) }
		}},
	}
}

// A loginServer is a login server over a store, and a WeChat with a constant answer, whose openid is the code but for its first letter.
type loginServer struct {
	url   string
	bytes float64 // of a session, after so many were saved
}

func startOver(b *testing.B, kind benchStore, sessions int) loginServer {
	b.Helper()
	weChat := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = fmt.Fprintf(w, `{"session_key":"u1Hs\/tj15JnurEt+DS9bIg==","openid":%q}`, "o"+r.URL.Query().Get("js_code")[1:])
	}))
	b.Cleanup(weChat.Close)
	ring, err := token.NewRing("")
	if err != nil {
		b.Fatal(err)
	}
	store, size := kind.open(b, ring)
	ctx, stop := context.WithCancel(context.Background()) // it must live until the cleanup has waited
	running, err := Start(ctx, Options{
		Addr: "127.0.0.1:0", Logger: slog.New(slog.NewTextHandler(nowhere{}, nil)), TokenTTL: time.Hour, SessionTTL: 72 * time.Hour, Timeout: time.Minute,
		APIBase: weChat.URL, AppID: benchApp, Secret: wechat.NewAppSecret("0123456789abcdef0123456789abcdef"), Ring: ring, Store: store,
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
		_ = store.Close()
	})
	before := size()
	fill(b, store, wechat.Origin(weChat.URL), sessions)
	return loginServer{running.URL(), float64(size()-before) / float64(max(1, sessions))}
}

const benchApp wechat.AppID = "wx0123456789abcdef"

func benchOpenID(n int) string { return fmt.Sprintf("o%027d", n) }

func fill(b *testing.B, store session.Store, origin wechat.Origin, sessions int) {
	b.Helper()
	var next atomic.Int64
	var group sync.WaitGroup
	key, now := wechat.NewSessionKey("tiihtNczf5v6AKRyjwEUhQ=="), time.Now()
	for range fillers {
		group.Go(func() {
			for n := next.Add(1) - 1; n < int64(sessions); n = next.Add(1) - 1 {
				id := session.ID{Origin: origin, AppID: benchApp, OpenID: wechat.OpenID(benchOpenID(int(n)))}
				if _, err := store.Save(context.Background(), session.Login{ID: id, Key: key, At: now}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}

// logins sends a block of logins and returns how long each took, the quickest first, and how long all took.
func logins(b *testing.B, client *http.Client, prefix string, codes []string, want string) (each []time.Duration, all time.Duration) {
	b.Helper()
	each = make([]time.Duration, len(codes))
	var next atomic.Int64
	var clients sync.WaitGroup
	start := time.Now()
	for range storeClients {
		clients.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(codes)); i = next.Add(1) - 1 {
				begin := time.Now()
				if wrong := get(client, prefix+codes[i], want); wrong != "" {
					b.Error(wrong)
					return
				}
				each[i] = time.Since(begin)
			}
		})
	}
	clients.Wait()
	all = time.Since(start)
	slices.Sort(each)
	return each, all
}

func benchCodes(round, users int) []string {
	codes := make([]string, blockSize)
	for i := range codes {
		codes[i] = "0" + benchOpenID((round*blockSize + i*7919) % users)[1:] // all over the store
	}
	return codes
}

func storeClient(b *testing.B) *http.Client {
	b.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: storeClients}
	b.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// BenchmarkStores reports /onLogin over each store as multiples of a bare handler that is asked by the same client in the same minute:
// how many logins a second, and how long the slowest hundredth of them takes. Redis and SQLite sync every login to the disk.
func BenchmarkStores(b *testing.B) {
	for _, kind := range benchStores() {
		b.Run(kind.name, func(b *testing.B) {
			ours := startOver(b, kind, 1000)
			bare := httptest.NewServer(http.HandlerFunc(constant))
			defer bare.Close()
			client := storeClient(b)
			var rates, slowest, absolute, counts []float64
			for i := 0; b.Loop(); i++ {
				codes := benchCodes(i, 1000)
				floorEach, floor := logins(b, client, bare.URL+"/?code=", codes, `{"session_key":"`)
				each, all := logins(b, client, ours.url+"/onLogin?code=", codes, `{"token":"`)
				p99 := len(codes) * 99 / 100
				rates = append(rates, float64(floor)/float64(all))
				counts = append(counts, float64(len(codes))/all.Seconds())
				slowest = append(slowest, float64(each[p99])/float64(floorEach[p99]))
				absolute = append(absolute, float64(each[p99].Microseconds())/1000)
			}
			report(b, "x-requests/s", rates)
			report(b, "x-p99", slowest)
			report(b, "logins/s", counts)
			report(b, "ms-p99", absolute)
		})
	}
}

// BenchmarkStoreSizes reports the time of a login at a store of many sessions as a multiple of that at one of a thousand, and the bytes
// that a session takes. WXLOGIN_BENCH_SESSIONS=1000000 says how many are many.
func BenchmarkStoreSizes(b *testing.B) {
	many := manySessions(b)
	for _, kind := range benchStores() {
		b.Run(kind.name, func(b *testing.B) {
			large, small := startOver(b, kind, many), startOver(b, kind, 1000)
			client := storeClient(b)
			var ratios []float64
			for i := 0; b.Loop(); i++ {
				var took [2]time.Duration
				for turn := range 2 { // who begins changes
					if which := (turn + i) % 2; which == 0 {
						_, took[0] = logins(b, client, small.url+"/onLogin?code=", benchCodes(i, 1000), `{"token":"`)
					} else {
						_, took[1] = logins(b, client, large.url+"/onLogin?code=", benchCodes(i, many), `{"token":"`)
					}
				}
				ratios = append(ratios, float64(took[1])/float64(took[0]))
			}
			report(b, "x-time", ratios)
			b.ReportMetric(large.bytes, "bytes/session")
		})
	}
}

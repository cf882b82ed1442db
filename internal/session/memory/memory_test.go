package memory_test

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/session/memory"
	"github.com/wxlogin/wxlogin/internal/session/storetest"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) session.Store { return memory.New() })
}

func login(n int) session.Login {
	return session.Login{
		ID:  session.ID{Origin: "https://api.weixin.qq.com", AppID: "wx0000000000000001", OpenID: wechat.OpenID(fmt.Sprintf("o%027d", n))},
		Key: wechat.NewSessionKey(fmt.Sprintf("%022d==", n)), At: time.Unix(1770000000, 0),
	}
}

// BenchmarkSave has users log in again among ever more users; it should not notice how many there are.
func BenchmarkSave(b *testing.B) {
	for _, users := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprintf("users=%d", users), func(b *testing.B) {
			s := memory.New()
			logins := make([]session.Login, users)
			for i := range logins {
				logins[i] = login(i)
			}
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			for _, l := range logins {
				if _, err := s.Save(b.Context(), l); err != nil {
					b.Fatal(err)
				}
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			var n atomic.Int64
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := s.Save(b.Context(), logins[int(n.Add(7919))%users]); err != nil {
						b.Error(err)
					}
				}
			})
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(users), "B/user")
		})
	}
}

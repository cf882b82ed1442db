package world_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// heap returns the bytes in use after a collection.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkCodeMemory reports the bytes that a live code costs, and those that are left of it when its life is over.
func BenchmarkCodeMemory(b *testing.B) {
	const n = 500_000
	for b.Loop() {
		w := newWorld(b, world.Options{})
		login(b, w, "", "")
		before := heap()
		for range n {
			login(b, w, "", "")
		}
		live := heap()
		w.Clock().Move(wechat.CodeLife)
		login(b, w, "", "")
		after := heap()
		b.ReportMetric(float64(live-before)/n, "B/code")
		b.ReportMetric(max(0, float64(after)-float64(before))/n, "B/expired-code")
		runtime.KeepAlive(w)
	}
}

// BenchmarkUserMemory reports the bytes that a user costs who logged in.
func BenchmarkUserMemory(b *testing.B) {
	const n = 200_000
	for b.Loop() {
		w := newWorld(b, world.Options{})
		before := heap()
		for i := range n {
			login(b, w, "", fmt.Sprintf("user%06d", i))
			w.Clock().Move(wechat.CodeLife / 1000) // so that codes hardly count
		}
		b.ReportMetric(float64(heap()-before)/n, "B/user")
		runtime.KeepAlive(w)
	}
}

func BenchmarkLoginExchange(b *testing.B) {
	for _, users := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprint(users), func(b *testing.B) {
			w := newWorld(b, world.Options{})
			names := make([]string, users)
			for i := range names {
				names[i] = fmt.Sprintf("user%07d", i)
				login(b, w, "", names[i])
			}
			i := 0
			for b.Loop() {
				i = (i*31 + 7) % users // not in the order of the table
				exchange(b, w, demo(login(b, w, "", names[i])))
			}
		})
	}
}

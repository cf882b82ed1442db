package world_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// crowd is a world of two apps with so many users each, of whom n have logged in and have a code.
func crowd(b *testing.B, population, n int) *world.World {
	b.Helper()
	list := apps()[:2]
	for i := range list {
		list[i].Population = population
	}
	w := newWorld(b, world.Options{Apps: list})
	for i := range n {
		login(b, w, "", world.PopulationName(i+1))
		login(b, w, otherApp, world.PopulationName(i+1))
	}
	return w
}

// BenchmarkReset: between two tests, with 100 000 users logged in here and in another app.
func BenchmarkReset(b *testing.B) {
	for _, n := range []int{0, 100_000} {
		for _, all := range []bool{false, true} {
			b.Run(fmt.Sprintf("logins=%d/all=%v", n, all), func(b *testing.B) {
				for b.Loop() {
					b.StopTimer()
					w := crowd(b, 100_000, n)
					runtime.GC()
					b.StartTimer()
					if all {
						w.ResetAll()
					} else if err := w.Reset(otherApp); err != nil {
						b.Fatal(err)
					}
					b.StopTimer()
					if page, err := w.Users(otherApp, 0, 1); err != nil || page.Total != 100_000 {
						b.Fatal(page, err)
					}
					b.StartTimer()
				}
			})
		}
	}
}

// BenchmarkStart makes a world with a million users.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		crowd(b, 1_000_000, 0)
	}
}

// BenchmarkDescribedUserMemory reports the bytes that a user costs who has a phone number and a nickname and has logged in.
func BenchmarkDescribedUserMemory(b *testing.B) {
	const n = 100_000
	for b.Loop() {
		before := heap()
		users := make([]world.User, n)
		for i := range users {
			users[i] = world.User{
				Name: fmt.Sprintf("user%06d", i), Phone: redact.NewSecret(fmt.Sprintf("138%08d", i)), Profile: &world.Profile{NickName: fmt.Sprint("User ", i)},
			}
		}
		w := newWorld(b, world.Options{Apps: []world.App{{ID: otherApp, Secret: wechat.NewAppSecret(otherSecret), Users: users}}})
		for i := range users {
			login(b, w, "", users[i].Name)
			w.Clock().Move(wechat.CodeLife / 1000)
		}
		clear(users)
		b.ReportMetric(float64(heap()-before)/n, "B/user")
		runtime.KeepAlive(w)
	}
}

package journal_test

import (
	"testing"

	"github.com/wxlogin/wxlogin/internal/journal"
)

// benchQuery is a call of code2Session as its documentation shows it.
const benchQuery = "appid=wx0123456789abcdef&secret=0123456789abcdef0123456789abcdef&js_code=091nEh0w3hQnpZ2mRR1w3RMPYk0nEh0S&grant_type=authorization_code"

// BenchmarkAdd is what a call pays for being in the journal. The journal is full, as it is after its first thousand calls.
func BenchmarkAdd(b *testing.B) {
	j := full()
	r := call(1)
	b.ReportAllocs()
	for b.Loop() {
		j.Add(r, benchQuery)
	}
}

// BenchmarkAddParallel is the same with all processors writing.
func BenchmarkAddParallel(b *testing.B) {
	j := full()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		r := call(1)
		for pb.Next() {
			j.Add(r, benchQuery)
		}
	})
}

// BenchmarkSince reads a full journal.
func BenchmarkSince(b *testing.B) {
	j := full()
	b.ReportAllocs()
	for b.Loop() {
		j.Since(0)
	}
}

func full() *journal.Journal {
	j := journal.New(journal.DefaultSize)
	for n := range journal.DefaultSize {
		j.Add(call(n), benchQuery)
	}
	return j
}

// TestAddAllocatesNothing once the journal is full.
func TestAddAllocatesNothing(t *testing.T) {
	j, r := full(), call(1)
	if n := testing.AllocsPerRun(2*journal.DefaultSize, func() { j.Add(r, benchQuery) }); n != 0 {
		t.Errorf("%v allocations a record", n)
	}
}

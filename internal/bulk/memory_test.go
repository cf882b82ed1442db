package bulk_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime/metrics"
	"strconv"
	"strings"
	"testing"

	"github.com/wxlogin/wxlogin/internal/bulk"
)

// An endless reader repeats a text until so many lines have been read.
type endless struct {
	text  []byte // whole lines
	at    int
	lines int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.lines == 0 {
		return 0, io.EOF
	}
	n := copy(p, e.text[e.at:])
	part := p[:n]
	for done := 0; ; {
		i := bytes.IndexByte(part[done:], '\n')
		if i < 0 {
			break
		}
		done += i + 1
		if e.lines--; e.lines == 0 {
			return done, nil
		}
	}
	e.at = (e.at + n) % len(e.text)
	return n, nil
}

// heap is what the heap takes of the system, in use or not.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}, {Name: "/memory/classes/heap/free:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64() + sample[1].Value.Uint64() + sample[2].Value.Uint64()
}

// TestMemory runs inputs of more and more lines and wants the peak to stay where it is. WXLOGIN_BULK_LINES=10000000 adds an input of so
// many lines.
func TestMemory(t *testing.T) { // not parallel: other tests would be part of the measure
	counts := []int{1_000, 30_000}
	if text := os.Getenv("WXLOGIN_BULK_LINES"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		counts = append(counts, n)
	}
	var text strings.Builder
	for n := range 500 {
		if n%50 == 0 { // some fail, and are examined or not
			text.WriteString(without(line(t, key(n), phone(n)), "iv") + "\n")
			continue
		}
		text.WriteString(line(t, key(n), phone(n), fmt.Sprintf(`"id":%d`, n)) + "\n")
	}
	const bound = 48 << 20 // seven chunks, their output, and what is garbage between two collections
	for _, count := range counts {
		var peak uint64
		var writes int
		o := options()
		o.Keep = true
		o.Progress = func(bulk.Progress) {
			if writes++; writes%32 == 1 {
				peak = max(peak, heap())
			}
		}
		sum, err := bulk.Run(t.Context(), &endless{text: []byte(text.String()), lines: count}, io.Discard, o)
		if err != nil || sum.Lines != int64(count) {
			t.Fatalf("%v, %+v", err, sum)
		}
		t.Logf("%d lines: a heap of %.1f MiB at most", count, float64(peak)/(1<<20))
		if peak > bound {
			t.Errorf("%d lines took a heap of %d MiB", count, peak>>20)
		}
	}
}

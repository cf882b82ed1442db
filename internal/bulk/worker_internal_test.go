package bulk

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// TestAllocations holds what a line costs: the schedule of its key, which crypto/aes allocates, and nothing for the key of the line before.
func TestAllocations(t *testing.T) {
	keys := []wechat.SessionKey{wechat.NewSessionKey("tiihtNczf5v6AKRyjwEUhQ=="), wechat.NewSessionKey("AiihtNczf5v6AKRyjwEUhQ==")}
	texts := make([]string, len(keys))
	for i, k := range keys {
		e, err := opendata.Seal(k, nil, []byte(`{"phoneNumber":"13800000000","watermark":{"timestamp":1764000000,"appid":"wx4f4bc4dec97d474b"}}`))
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = `{"session_key":"` + k.Reveal() + `","id":17,"iv":"` + e.IV + `","encryptedData":"` + e.EncryptedData + "\"}\n"
	}
	for name, tt := range map[string]struct {
		lines string
		want  float64 // a chunk
	}{
		"one key":           {strings.Repeat(texts[0], 100), 0},
		"a key of each own": {strings.Repeat(texts[0]+texts[1], 50), 100},
	} {
		w := newWorker(context.Background(), Options{Keep: true, Now: time.Now, Policy: opendata.Policy{AppID: "wx4f4bc4dec97d474b"}})
		c := &chunk{in: []byte(tt.lines), first: 1}
		c.split(0)
		w.chunk(c)
		if len(c.results) != 100 || c.results[99].kind != opendata.KindPhone {
			t.Fatalf("%s: %s", name, c.out)
		}
		w.chunk(c)
		if got := testing.AllocsPerRun(20, func() { w.chunk(c) }); got > tt.want {
			t.Errorf("%s: %v allocations for 100 lines, want %v", name, got, tt.want)
		}
	}
}

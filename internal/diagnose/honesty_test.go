package diagnose_test

import (
	"encoding/base64"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wxlogin/wxlogin/internal/diagnose"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// samples is how many inputs a test looks at: few in an ordinary run, WXLOGIN_HONESTY where that is set.
func samples(t *testing.T, few int) int {
	t.Helper()
	text := os.Getenv("WXLOGIN_HONESTY")
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		t.Fatalf("WXLOGIN_HONESTY=%q is not a number of inputs", text)
	}
	return n
}

func decodeStrict(text string) ([]byte, error) { return base64.StdEncoding.Strict().DecodeString(text) }

func allDamages() []damage { return slices.Concat(transportDamages(), fieldDamages(), proofDamages()) }

func ids(findings []diagnose.Finding) []string {
	var list []string
	for _, f := range findings {
		list = append(list, f.ID)
	}
	return list
}

// TestNoWrongVerdict holds that nothing is found in good input, and nothing but a wrong key where that is all that is wrong.
func TestNoWrongVerdict(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(20261126, 1))
	for i := range samples(t, 900) {
		kind := payloadKinds[i%len(payloadKinds)]
		s := newSample(t, r, kind)
		if report := diagnose.Data(s.input()); report.Err != nil || len(report.Findings) > 0 || report.Repaired != nil {
			t.Errorf("good %s: %v, %v\n%+v", kind, report.Err, ids(report.Findings), s)
		}
		s.key = encode(randomBytes(r, 16))
		if i%2 == 0 { // with other keys beside it that are as wrong
			for range 5 {
				s.in.Keys = append(s.in.Keys, diagnose.Key{SessionKey: wechat.NewSessionKey(encode(randomBytes(r, 16)))})
			}
		}
		report := diagnose.Data(s.input())
		if got := ids(report.Findings); !slices.Equal(got, []string{"D30"}) || report.Repaired != nil {
			t.Errorf("%s under a wrong key: %v\n%+v", kind, got, s)
		}
	}
}

// TestNoise holds that of inputs that are random, each of the right form, no cause is given but the wrong key, and for one block alone none.
func TestNoise(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(20261126, 2))
	for range samples(t, 900) {
		blocks := 1 + r.IntN(12)
		s := sample{key: encode(randomBytes(r, 16)), iv: encode(randomBytes(r, 16)), data: encode(randomBytes(r, 16*blocks))}
		report := diagnose.Data(s.input())
		want := []string{"D30"}
		if blocks == 1 || len(report.Findings) == 0 && report.Blocks.Readable() > 0 { // a block that reads by chance leaves it open
			want = nil
		}
		if got := ids(report.Findings); !slices.Equal(got, want) {
			t.Errorf("%d random blocks: %v\n%+v", blocks, got, s)
		}
		if blocks == 1 && report.Err != nil && len(report.Facts) == 0 {
			t.Errorf("nothing is confirmed, and no fact is told:\n%+v", s)
		}
	}
}

// A tally counts how inputs with known damage were diagnosed.
type tally struct {
	runs, first, listed, nothing, wrong, repaired int
	instead                                       map[string]int // by the id that was given wrongly
}

// count compares what was found with what was done.
func (n *tally) count(report diagnose.Report, done ...string) {
	n.runs++
	if report.Repaired != nil {
		n.repaired++
	}
	got := ids(report.Findings)
	all := true
	for _, id := range done {
		all = all && slices.Contains(got, id)
	}
	switch {
	case len(got) == 0:
		n.nothing++
	case slices.Contains(done, got[0]):
		n.first++
	}
	if all {
		n.listed++
	}
	wrong := false
	for _, id := range got {
		if !slices.Contains(done, id) {
			wrong = true
			if n.instead == nil {
				n.instead = map[string]int{}
			}
			n.instead[id]++
		}
	}
	if wrong {
		n.wrong++
	}
}

// checkRepair holds that a repair gives the plain text that was encrypted, to the byte.
func (s *sample) checkRepair(t *testing.T, report diagnose.Report, done ...string) {
	t.Helper()
	if o := report.Repaired; o != nil && string(o.Payload.Plain) != s.plain {
		t.Errorf("%v: repaired by %v to another text:\n%s\n%s", done, ids(report.Findings), o.Payload.Plain, s.plain)
	}
}

// TestAllPlusesLost holds that an encryptedData is put together again when every plus sign of it is gone, as a filter may leave it.
func TestAllPlusesLost(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(20261126, 3))
	lost, repaired := 0, 0
	for i := range 300 {
		s := newSample(t, r, payloadKinds[i%len(payloadKinds)])
		if !strings.Contains(s.data, "+") {
			continue
		}
		lost++
		s.data = strings.ReplaceAll(s.data, "+", "")
		report := diagnose.Data(s.input())
		s.checkRepair(t, report, "D02")
		if report.Repaired != nil && slices.Equal(ids(report.Findings), []string{"D02"}) {
			repaired++
		}
	}
	if repaired*100 < lost*90 {
		t.Errorf("of %d texts without their plus signs %d were repaired", lost, repaired)
	}
	t.Logf("%d of %d repaired", repaired, lost)
}

// runDamage spoils so many samples with one damage. What is left whole by it does not count.
func runDamage(t *testing.T, d damage, count int) tally {
	t.Helper()
	n, _ := strconv.Atoi(d.id[1:])
	r := rand.New(rand.NewPCG(20261126, uint64(100+n)))
	var counts tally
	for i := range count {
		s := newSample(t, r, payloadKinds[i%len(payloadKinds)])
		if !d.spoil(t, r, s) {
			continue
		}
		if report := diagnose.Data(s.input()); report.Err != nil {
			counts.count(report, d.id)
			s.checkRepair(t, report, d.id)
		}
	}
	return counts
}

// TestSingleDamages holds that what is done to good input is named. The full count is in docs/diagnoses-matrix.md.
func TestSingleDamages(t *testing.T) {
	t.Parallel()
	for _, d := range allDamages() {
		t.Run(d.id, func(t *testing.T) {
			t.Parallel()
			count := 36
			if d.id == "D13" {
				count = 12 // the search for the case of a key is the dearest
			}
			n := runDamage(t, d, count)
			if n.first*100 < n.runs*90 || n.wrong*100 > n.runs*8 || n.runs == 0 {
				t.Errorf("%d inputs: named first %d, listed %d, nothing %d, wrong %d %v", n.runs, n.first, n.listed, n.nothing, n.wrong, n.instead)
			}
		})
	}
}

// A mix is two chapters of the catalogue, of which pairs are made.
type mix struct {
	name string
	a, b []damage
}

func mixes() []mix {
	transport, fields, proofs := transportDamages(), fieldDamages(), proofDamages()
	return []mix{{"transport", transport, transport}, {"transport-field", transport, fields}, {"transport-proof", transport, proofs}, {"proof", proofs, proofs}}
}

// pairSeed is the seed that pairs are drawn with, or WXLOGIN_HONESTY_SEED where that is set.
func pairSeed(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv("WXLOGIN_HONESTY_SEED")
	if text == "" {
		return 20261126
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("WXLOGIN_HONESTY_SEED=%q is not a number", text)
	}
	return seed
}

// runPairs spoils so many samples by each two damages, in either order. Each pair has a stream of its own, drawn from its names, so that a
// damage that comes to the catalogue leaves the others as they are.
func runPairs(t *testing.T, m mix, count int, keep func(a, b damage) bool) tally {
	t.Helper()
	var n tally
	seen := map[string]bool{}
	run := func(a, b damage) {
		name := a.id + " " + b.id
		if a.id == b.id || seen[name] || !keep(a, b) {
			return
		}
		seen[name] = true
		stream := fnv.New64a()
		stream.Write([]byte(name))
		r := rand.New(rand.NewPCG(pairSeed(t), stream.Sum64()))
		for range count {
			spoilTwice(t, r, &n, a, b)
		}
	}
	for _, a := range m.a {
		for _, b := range m.b {
			run(a, b)
			run(b, a)
		}
	}
	return n
}

func spoilTwice(t *testing.T, r *rand.Rand, n *tally, a, b damage) {
	t.Helper()
	s := newSample(t, r, payloadKinds[r.IntN(len(payloadKinds))])
	if !a.spoil(t, r, s) || !b.spoil(t, r, s) {
		return
	}
	in := s.input()
	in.Quick = true
	if report := diagnose.Data(in); report.Err != nil {
		n.count(report, a.id, b.id)
		s.checkRepair(t, report, a.id, b.id)
	}
}

// TestNoWrongRepair holds that of no two damages whatsoever a repair makes another text. Each pair is done twice, in either order; with
// WXLOGIN_HONESTY=100000 a hundred times, and with another WXLOGIN_HONESTY_SEED to other inputs.
func TestNoWrongRepair(t *testing.T) {
	t.Parallel()
	for _, m := range mixes() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			n := runPairs(t, m, max(2, samples(t, 2000)/1000), func(damage, damage) bool { return true })
			if n.repaired == 0 {
				t.Errorf("of %d pairs none was repaired", n.runs)
			}
			t.Logf("%d pairs, %d repaired", n.runs, n.repaired)
		})
	}
}

// TestTwoTransportDamages holds that two damages to text are undone together, as long as the second one leaves a way back: text
// functions destroy what is not text any more (raw bytes, UTF-16), and a character that is lost from hexadecimal is no plus sign.
func TestTwoTransportDamages(t *testing.T) {
	t.Parallel()
	reversible := func(a, b damage) bool {
		switch a.id {
		case "D10", "D12", "D09", "D14", "D15":
			return false
		}
		return b.id != "D14" && b.id != "D15" && b.id != "D02" && b.id != "D10"
	}
	n := runPairs(t, mixes()[0], 6, reversible)
	if n.runs < 200 || n.repaired*100 < n.runs*97 || n.wrong*100 > n.runs*2 {
		t.Errorf("%d pairs: repaired %d, both listed %d, nothing %d, wrong %d %v", n.runs, n.repaired, n.listed, n.nothing, n.wrong, n.instead)
	}
}

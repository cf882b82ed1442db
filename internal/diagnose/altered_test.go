package diagnose_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/diagnose"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// told is what a finding says, in English.
func told(f diagnose.Finding) string {
	all := f.ID + " " + f.Verdict.In(lang.English)
	for _, e := range f.Evidence {
		all += "\n" + e.In(lang.English)
	}
	return all
}

// TestBeginningMissing cuts whole blocks off at the front, which leaves what a wrong iv leaves. It is told as what it is where the rest
// proves it, and as one of two where it does not.
func TestBeginningMissing(t *testing.T) {
	t.Parallel()
	const block = 16
	for _, kind := range payloadKinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newSample(t, rand.New(rand.NewPCG(20261126, 33)), kind)
			whole := decode(t, s.data)
			for _, known := range []string{s.openID, ""} {
				for cut := 1; cut <= len(whole)/block-3; cut++ {
					s.data, s.in.OpenID = encode(whole[cut*block:]), wechat.OpenID(known)
					report := diagnose.Data(s.input())
					if len(report.Findings) == 0 || report.Repaired != nil {
						t.Fatalf("%d blocks cut off: found %v, repaired %v", cut, report.Findings, report.Repaired)
					}
					switch text := told(report.Findings[0]); {
					case strings.HasPrefix(text, "D33 The beginning of the encryptedData is missing."):
					case cut == 1 && kind != "group" && kind != "share":
						t.Errorf("one block cut off, which the rest proves: %s", text)
					case strings.Contains(text, "data whose first blocks are missing looks the same"):
					case strings.Contains(text, "the rest is no JSON behind any first block"):
					default:
						t.Errorf("%d blocks cut off: %s", cut, text)
					}
				}
			}
		})
	}
}

// TestWrongIVIsNoMissingBeginning is the reverse: of all that a wrong iv leaves, nothing passes for data that is cut.
func TestWrongIVIsNoMissingBeginning(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(20261126, 32))
	for i := range samples(t, 300) {
		s := newSample(t, r, payloadKinds[i%len(payloadKinds)])
		if s.iv = encode(randomBytes(r, 16)); i%2 == 0 {
			s.in.OpenID = ""
		}
		for _, f := range diagnose.Data(s.input()).Findings {
			if f.ID == "D33" {
				t.Fatalf("%s: %s", s.plain, told(f))
			}
		}
	}
}

// TestBeginningMissingUneven cuts the text anywhere. The blocks are counted from the end then, and so are the characters they are told at.
func TestBeginningMissingUneven(t *testing.T) {
	t.Parallel()
	s := newSample(t, rand.New(rand.NewPCG(20261126, 34)), "phone")
	whole := s.data
	for cut := 1; cut <= len(whole)-64; cut++ {
		s.data = whole[cut:]
		report := diagnose.Data(s.input())
		told := len(report.Findings) > 0 && strings.HasPrefix(told(report.Findings[0]), "D33 The beginning")
		// Of a block that lacks a character or two, or has them too many, nobody can tell where. What lacks whole blocks is tested above.
		lacks := (cut*6 + 127) % 128 / 6
		if lacks > 3 && lacks < 19 && !told || lacks < 3 && cut%64 != 0 && told {
			t.Fatalf("%d characters cut off, %d of a block: %v", cut, lacks, report.Findings)
		}
		runs := report.Blocks.Runs()
		if last := runs[len(runs)-1].LastChar; last != len(strings.TrimRight(s.data, "="))-1 {
			t.Fatalf("%d characters cut off: the map ends at character %d of %d", cut, last, len(s.data))
		}
	}
}

// TestTwoPlaces spoils blocks far apart.
func TestTwoPlaces(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		spoil []int // byte offsets, each of which loses its byte
		from  int   // noise from here on; 0 for none
		want  string
	}{
		{"one", []int{3*16 + 5}, 0, "D34 The encryptedData was altered within the characters 70 to 71 "},
		{"two", []int{3*16 + 4, 3*16 + 8, 9*16 + 2, 9*16 + 5}, 0, "D34 The encryptedData was altered in 2 places: within the characters 69 to 7"},
		{"two and the end", []int{3*16 + 4, 3*16 + 8}, 20 * 16, "D34 The encryptedData was altered in 2 places: within the characters 69 to 7"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(20261126, 35))
			s := newSample(t, r, "werun")
			raw := decode(t, s.data)
			for _, at := range tt.spoil {
				raw[at] ^= 0x85
			}
			if tt.from > 0 {
				copy(raw[tt.from:], randomBytes(r, len(raw)-tt.from))
			}
			s.data = encode(raw)
			findings := diagnose.Data(s.input()).Findings
			if len(findings) != 1 || !strings.HasPrefix(told(findings[0]), tt.want) {
				t.Fatalf("found %v", findings)
			}
			switch text := told(findings[0]); tt.name {
			case "two":
				if !strings.Contains(text, " to 75, 194 to 199 (counted from 0)") || !strings.Contains(text, "blocks do not read: 3-4, 9-10") {
					t.Error(text)
				}
			case "two and the end":
				if !strings.Contains(text, ", 426 to the end") || !strings.Contains(text, "from block 20 (of") {
					t.Error(text)
				}
			}
		})
	}
}

// TestFuture remarks on data from the future also where the policy has no limit of age.
func TestFuture(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		ahead time.Duration
		notes int
	}{{-time.Hour, 0}, {50 * time.Second, 0}, {70 * time.Second, 1}} {
		s := newSample(t, rand.New(rand.NewPCG(20261126, 37)), "phone")
		s.in.Policy.Now = testNow.Add(-time.Minute - tt.ahead) // the data was made a minute before testNow
		report := diagnose.Data(s.input())
		if report.Err != nil || len(report.Notes) != tt.notes {
			t.Errorf("%v ahead: %v, notes %v", tt.ahead, report.Err, report.Notes)
		}
		for _, f := range report.Notes {
			if f.ID != "D37" || !strings.Contains(told(f), tt.ahead.String()+" in the future") {
				t.Errorf("%v ahead: %s", tt.ahead, told(f))
			}
		}
	}
}

// TestCaseOfIV holds that a lower-cased iv is told by what was done to it.
func TestCaseOfIV(t *testing.T) {
	t.Parallel()
	s := newSample(t, rand.New(rand.NewPCG(20261126, 13)), "phone")
	s.iv = strings.ToLower(s.iv)
	findings := diagnose.Data(s.input()).Findings
	if len(findings) == 0 || !strings.HasPrefix(told(findings[0]), "D13 ") || !strings.Contains(told(findings[0]), "iv: 24 characters, all letters of one case") {
		t.Errorf("found %v", findings)
	}
}

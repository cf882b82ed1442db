package diagnose_test

import (
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/wxlogin/wxlogin/internal/diagnose"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// sealedWith is a sample of a kind under an iv that is chosen.
func sealedWith(t *testing.T, kind string, iv []byte) *sample {
	t.Helper()
	s := newSample(t, rand.New(rand.NewPCG(20261126, 10)), kind)
	envelope, err := opendata.Seal(wechat.NewSessionKey(s.key), iv, []byte(s.plain))
	if err != nil {
		t.Fatal(err)
	}
	s.iv, s.data = envelope.IV, envelope.EncryptedData
	return s
}

// ivWith is an iv with no byte that passes for another, but the one that is put at its place.
func ivWith(at int, c byte) []byte {
	iv := []byte{0x81, 0xc3, 0x9f, 0xf1, 0x88, 0x07, 0xee, 0xd2, 0x93, 0xfa, 0x16, 0xb4, 0xc8, 0x99, 0xe5, 0x8d}
	iv[at] = c
	return iv
}

// TestDoubtfulIV spoils an iv so that there is more than one way back. It is repaired to the text that was encrypted where what is known
// of the first 16 bytes tells the ways apart, and else not at all.
func TestDoubtfulIV(t *testing.T) {
	t.Parallel()
	raw := func(s *sample) string { return string(decode(t, s.iv)) }
	form := func(s *sample) { s.iv = url.QueryEscape(raw(s)) }
	blank := func(s *sample) { s.iv = strings.ReplaceAll(raw(s), "+", " ") }
	urlSafe := func(s *sample) { s.iv = strings.NewReplacer("+", "-", "/", "_").Replace(raw(s)) }
	for _, tt := range []struct {
		name, kind string
		iv         []byte
		spoil      func(s *sample)
		repaired   bool
		finding    string
	}{
		{"a form made a plus of a blank", "group", ivWith(15, ' '), form, false, "D10"},
		{"a form, and the byte is known", "phone", ivWith(15, ' '), form, true, "D10"},
		{"a form, and the byte is at the front", "group", ivWith(3, ' '), form, true, "D10"},
		{"a blank that was a plus", "share", ivWith(13, '+'), blank, false, "D10"},
		{"a blank that was a plus, and is known", "phone", ivWith(13, '+'), blank, true, "D10"},
		{"URL-safe bytes", "share", ivWith(14, '/'), urlSafe, false, "D10"},
		{"bytes with nothing in doubt", "group", ivWith(15, 0x8d), func(s *sample) { s.iv = raw(s) }, true, "D10"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := sealedWith(t, tt.kind, tt.iv)
			tt.spoil(s)
			report := diagnose.Data(s.input())
			s.checkRepair(t, report, tt.finding)
			if !slices.Contains(ids(report.Findings), tt.finding) || (report.Repaired != nil) != tt.repaired {
				t.Fatalf("found %v, repaired: %t", ids(report.Findings), report.Repaired != nil)
			}
			if text := told(report.Findings[0]); tt.repaired == strings.Contains(text, "the iv can be read in several ways") {
				t.Errorf("told: %s", text)
			}
		})
	}
}

// TestBlankBesideAnExtraCharacter puts a character too many into an iv whose plus sign became a blank, each at every place. To drop the blank
// leaves an iv of the right length, whose first digits are right: the text reads, and was never encrypted.
func TestBlankBesideAnExtraCharacter(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"group", "share", "phone"} {
		repaired := 0
		for plus := range 21 {
			good := strings.Repeat("kT5x", 6)[:21]
			good = good[:plus] + "+" + good[plus:21]
			good = good[:21] + "A=="
			s := sealedWith(t, kind, decode(t, good))
			for at := range 22 {
				iv := strings.ReplaceAll(s.iv, "+", " ")
				with := *s
				with.iv = iv[:at] + "m" + iv[at:]
				report := diagnose.Data(with.input())
				with.checkRepair(t, report, "D01", "D14")
				if report.Repaired != nil {
					repaired++
				}
			}
		}
		if repaired == 0 {
			t.Errorf("%s: none is repaired", kind)
		}
		t.Logf("%s: %d of %d repaired", kind, repaired, 21*22)
	}
}

// TestLostAndAddedInIV takes the plus sign out of an iv and puts another character in, so that its length is right, where another text shows
// that plus signs are lost. Within what is known of the first block nothing wrong passes; behind it nobody could tell.
func TestLostAndAddedInIV(t *testing.T) {
	t.Parallel()
	for _, kind := range payloadKinds {
		for plus := range 14 {
			good := strings.Repeat("kT5x", 6)[:21]
			s := sealedWith(t, kind, decode(t, good[:plus]+"+"+good[plus:20]+"A=="))
			s.data = strings.Replace(s.data, "+", "", 1)
			short := strings.Replace(s.iv, "+", "", 1)
			for at := range 14 {
				with := *s
				with.iv = short[:at] + "m" + short[at:]
				with.checkRepair(t, diagnose.Data(with.input()), "D02", "D14")
			}
		}
	}
}

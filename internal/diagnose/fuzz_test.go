package diagnose_test

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/diagnose"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

func FuzzData(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, d := range allDamages() {
		for _, kind := range payloadKinds[:3] {
			if s := newSample(f, r, kind); d.spoil(f, r, s) {
				f.Add(s.key, s.iv, s.data, string(s.in.ErrMsg), "")
			}
		}
	}
	for _, e := range diagnose.Catalogue() {
		f.Add("", "", "", "", e.Example().Document)
	}
	f.Fuzz(func(t *testing.T, key, iv, data, errMsg, document string) {
		in := diagnose.Input{
			SessionKey: wechat.NewSessionKey(key), Envelope: opendata.Envelope{IV: iv, EncryptedData: data}, ErrMsg: redact.Untrusted(errMsg),
			Document: []byte(document), OpenID: "oGZUI0egBJY1zhBYw2KhdUfwVJJE", Quick: true,
			Policy: opendata.Policy{AppID: testAppID, Now: testNow, MaxAge: 5 * time.Minute},
			Keys:   []diagnose.Key{{SessionKey: wechat.NewSessionKey("tiihtNczf5v6AKRyjwEUhQ=="), Obtained: testNow}},
		}
		report := diagnose.Data(in)
		if report.Err == nil && (len(report.Findings) > 0 || report.Repaired != nil) {
			t.Errorf("nothing is wrong, but %v is found", ids(report.Findings))
		}
		if o := report.Repaired; o != nil {
			payload, err := opendata.Open(o.SessionKey, o.Envelope)
			if err != nil || !bytes.Equal(payload.Plain, o.Payload.Plain) {
				t.Errorf("what is said to be repaired opens to %v, %v", payload, err)
			}
		}
		if len(report.Tests) != len(diagnose.Catalogue()) {
			t.Errorf("%d tests of %d have an outcome", len(report.Tests), len(diagnose.Catalogue()))
		}
		checkTexts(t, report, key)
	})
}

// checkTexts holds that texts are whole and that none has the key in it.
func checkTexts(t *testing.T, report diagnose.Report, key string) {
	t.Helper()
	seen := map[string]bool{}
	for _, f := range append(report.Findings, report.Notes...) {
		if _, known := diagnose.Lookup(f.ID); !known || seen[f.ID] {
			t.Errorf("%s is found twice, or is in no catalogue", f.ID)
		}
		seen[f.ID] = true
		for _, m := range append([]lang.Message{f.Verdict, f.Fix}, f.Evidence...) {
			for _, l := range []lang.Lang{lang.English, lang.Chinese} {
				text := m.In(l)
				if text == "" || strings.Contains(text, "%!") {
					t.Errorf("%s: the text %q is not whole", f.ID, text)
				}
				if len(key) >= 16 && strings.Contains(text, key) && !seen["D20"] && !seen["D21"] { // what stands there may be the iv
					t.Errorf("%s tells the key: %q", f.ID, text)
				}
			}
		}
	}
}

func FuzzExplain(f *testing.F) {
	for _, seed := range []string{
		"40029", "-41003", "pad block corrupted", `{"errcode":40163,"errmsg":"code been used, rid: 6380622c-50076416-224b40b0"}`,
		"Caused by: javax.crypto.BadPaddingException: Given final block not properly padded", "填充无效，无法被移除", "İ pad block corrupted", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e := diagnose.Explain(text)
		if e.Phrase != nil && !strings.Contains(strings.ToLower(text), e.Phrase.Text) {
			t.Errorf("%q does not stand in %q", e.Phrase.Text, text)
		}
		if e.Phrase == nil && len(e.ErrCodes) == 0 && len(e.Likely) > 0 {
			t.Errorf("%q is not known, but has %d causes", text, len(e.Likely))
		}
		if redact.Clean(e.Line) != e.Line {
			t.Errorf("the line %q would steer a terminal", e.Line)
		}
	})
}

func FuzzParseKeys(f *testing.F) {
	for _, seed := range []string{
		"tiihtNczf5v6AKRyjwEUhQ==\n", "tiihtNczf5v6AKRyjwEUhQ== 2026-11-26T12:00:00Z\n# a comment\n\n", "tiihtNczf5v6AKRyjwEUhQ==,1764158340",
		`{"session_key":"tiihtNczf5v6AKRyjwEUhQ==","openid":"oGZUI0egBJY1zhBYw2KhdUfwVJJE","obtained_at":"2026-11-26T12:00:00Z"}`, `{"session_key":1}`, "nonsense",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, err := diagnose.ParseKeys(bytes.NewReader(data))
		if err != nil && len(keys) > 0 {
			t.Errorf("%d keys and %v", len(keys), err)
		}
		for _, k := range keys {
			if _, err := k.SessionKey.Bytes(); err != nil {
				t.Errorf("a key is none: %v", err)
			}
		}
	})
}

// TestHostileInput holds that the work for a large input is so many passes over it and no more. What is allocated is the measure: every
// pass makes a copy of the text, and nothing here waits or loops without one.
func TestHostileInput(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	const size = 256 << 10
	repeat := func(unit string) string { return strings.Repeat(unit, size/len(unit)) }
	good := newSample(t, r, "phone")
	long := newSample(t, r, "userinfo")
	long.plain = strings.Replace(long.plain, `"city":"`, `"city":"`+strings.Repeat("x", size/2), 1)
	if !long.seal(t, r) {
		t.Fatal("the long sample is not sealed")
	}
	raw := decode(t, long.data)
	hole := bytes.Clone(raw)
	hole[len(hole)/2] ^= 0xff
	for name, data := range map[string]string{
		"escapes of escapes": repeat("%25252525"),
		"entities":           repeat("&#38;#43;"),
		"open entities":      repeat("&"),
		"backslashes":        repeat(`\`),
		"quotes":             repeat(`\"`),
		"blanks":             repeat(" "),
		"lines":              repeat("\r\n"),
		"hex":                repeat("ab"),
		"zeros":              repeat("\x00"),
		"pluses lost":        strings.ReplaceAll(long.data, "+", ""),
		"a hole":             encode(hole),
		"cut":                long.data[:len(long.data)/2+1],
		"twice":              long.data + long.data,
		"braces":             repeat("{"),
		"members":            `{"encryptedData":"` + repeat(`\"`) + `"}`,
		"base64 of base64":   encode([]byte(encode([]byte(repeat("x"))))),
	} {
		s := *good
		if len(data) > size/2 && strings.Contains("pluses lost, a hole, cut, twice", name) {
			s = *long
		}
		s.data = data
		in := s.input()
		in.Quick = true
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		diagnose.Data(in)
		runtime.ReadMemStats(&after)
		if passes := (after.TotalAlloc - before.TotalAlloc) / size; passes > 400 {
			t.Errorf("%s: %d times its size were allocated", name, passes)
		} else {
			t.Logf("%s: %d times its size", name, passes)
		}
	}
}

package bulk_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/bulk"
	"github.com/wxlogin/wxlogin/internal/diagnose"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// TestLines decrypts one line in many forms. WeChat's bytes come out as they are.
func TestLines(t *testing.T) {
	t.Parallel()
	k := key(1)
	plain := phone(1)
	whole := line(t, k, plain)
	const group = `{"opengid":"tG","chat_type":3}`
	raw := `{"nickName":"\"Band\"","n":"\n"}`
	signed := `"rawData":"{\"nickName\":\"\\\"Band\\\"\",\"n\":\"\\n\"}","signature":"` + opendata.Sign(raw, k) + `"`
	tests := []struct {
		name, in   string
		kind, data string
		keep       string
	}{
		{"as programs write it", whole, "phone", plain, `{}`},
		{"blanks and a carriage return", " " + strings.ReplaceAll(whole, `":"`, `" : "`) + " \r", "phone", plain, `{}`},
		{"PHP escapes slashes", strings.ReplaceAll(whole, "/", `\/`), "phone", plain, `{}`},
		{"JavaScript", strings.Replace(whole, "session_key", "sessionKey", 1), "phone", plain, `{}`},
		{"C#", strings.NewReplacer("session_key", "SessionKey", "iv", "Iv", "encryptedData", "EncryptedData").Replace(whole), "phone", plain, `{}`},
		{"an event", `{"id":7,"at":{"b":[1, 2]},` + strings.Replace(whole[1:len(whole)-1], `"iv"`, `"detail":{"iv"`, 1) + "}}", "phone", plain, `{"id":7,"at":{"b":[1,2]}}`},
		{"other members", line(t, k, plain, `"id":7`, `"at":{"b":[1, 2]}`, `"openid":"oX"`, `"errMsg":"getPhoneNumber:ok"`), "phone", plain, `{"id":7,"at":{"b":[1, 2]},"openid":"oX","errMsg":"getPhoneNumber:ok"}`},
		{"not UTF-8 in another member", line(t, k, plain, "\"note\":\"<\xff>\""), "phone", plain, `{"note":"<` + "\ufffd" + `>"}`},
		{"signed", line(t, k, plain, signed), "phone", plain, `{}`},
		{"a text", line(t, k, `1_aGVs"bG8-é`[:5]+`é&`), "text", `"1_aGVé&"`, `{}`},
		{"laid out over lines", line(t, k, "{\n \"opengid\": \"tG\"\r\n}"), "group", `{"opengid":"tG"}`, `{}`},
		{"no watermark", line(t, k, group), "group", group, `{}`},
		{"unknown", line(t, k, `{"a":1}`), "unknown", `{"a":1}`, `{}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := options()
			o.Keep = true
			r := runText(t, o, tt.in)[0]
			if !r.OK || r.Kind != tt.kind || string(r.Data) != tt.data || string(r.Keep) != tt.keep {
				t.Errorf("%+v\n%s\n%s", r, r.Data, r.Keep)
			}
			o.Keep = false
			if r := runText(t, o, tt.in)[0]; !r.OK || r.Keep != nil {
				t.Errorf("without --keep: %+v", r)
			}
		})
	}
}

// TestLinesRefused has lines that fail; each alone, which its neighbours show.
func TestLinesRefused(t *testing.T) {
	t.Parallel()
	k := key(1)
	plain := phone(1)
	whole := line(t, k, plain)
	tests := []struct{ name, in, id, diagnosis, says string }{
		{"no JSON", `not json`, "", "malformed-line", `does not start with "{"`},
		{"cut off", whole[:len(whole)-5], "", "malformed-line", "not well-formed JSON"},
		{"an array", `[` + whole + `]`, "", "malformed-line", "does not start with"},
		{"the first line of an object that is laid out", `{`, "", "malformed-line", "not well-formed"},
		{"a number", `{"iv":17}`, "", "malformed-line", `"iv" is a number, not a string`},
		{"two keys", strings.Replace(whole, "{", `{"sessionKey":"x",`, 1), "", "malformed-line", `given more than once`},
		{"a control in a key", strings.Replace(whole, `_key":"`, "_key\":\"\x01", 1), "", "malformed-line", "not well-formed"},
		{"no key", without(whole, "session_key"), "", "no-key", "has no session_key"},
		{"another app", line(t, k, strings.Replace(plain, appID, "wx0000000000000001", 1)), "D36", "wrong-app", "wx0000000000000001"},
		{"plus to blank", strings.ReplaceAll(whole, "+", " "), "D01", "plus-to-space", "blank"},
		{"a signature of something else", line(t, k, plain, `"rawData":"x"`, `"signature":"00"`), "", "unexplained", "signature"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := options()
			list := runText(t, o, whole, tt.in, whole)
			if !list[0].OK || !list[2].OK {
				t.Errorf("the neighbours: %+v, %+v", list[0], list[2])
			}
			d := list[1].Diagnosis
			if list[1].OK || d == nil {
				t.Fatalf("it decrypts: %+v", list[1])
			}
			if d.ID != tt.id || d.Name != tt.diagnosis || !strings.Contains(d.Verdict+strings.Join(d.Evidence, " "), tt.says) || d.Evidence == nil {
				t.Errorf("%+v", d)
			}
		})
	}
}

// TestWrongKey gives a key that is not the line's.
func TestWrongKey(t *testing.T) {
	t.Parallel()
	o := options()
	o.Key = key(2)
	in := without(line(t, key(1), phone(1)), "session_key")
	if d := runText(t, o, in)[0].Diagnosis; d == nil || d.ID != "D30" {
		t.Errorf("%+v", d)
	}
	o.Key = key(1)
	if r := runText(t, o, in)[0]; !r.OK {
		t.Errorf("%+v", r.Diagnosis)
	}
	o.Key = key(2) // a line's own key is the one that counts
	if r := runText(t, o, line(t, key(1), phone(1)))[0]; !r.OK {
		t.Errorf("%+v", r.Diagnosis)
	}
}

// TestRepair undoes what is proven, and says so.
func TestRepair(t *testing.T) {
	t.Parallel()
	var whole string
	for n := 0; !strings.Contains(whole, "+"); n++ {
		whole = line(t, key(n), phone(7), `"id":7`)
	}
	quoted, _ := json.Marshal(whole)
	o := options()
	o.Repair, o.Keep = true, true
	list, sum := run(t, strings.NewReader(strings.ReplaceAll(whole, "+", " ")+"\n"+whole+"\n"+string(quoted)+"\nx"), o)
	for i, want := range []struct {
		ok       bool
		repaired string
		keep     string
	}{{true, "D01", `{"id":7}`}, {true, "", `{"id":7}`}, {true, "D05", `{}`}, {false, "", `{}`}} {
		r := list[i]
		if r.OK != want.ok || strings.Join(r.Repaired, " ") != want.repaired || want.ok && string(r.Data) != phone(7) || string(r.Keep) != want.keep {
			t.Errorf("line %d: %+v %s", i+1, r, r.Keep)
		}
	}
	if sum.OK != 3 || sum.Repaired != 2 || sum.Failed != 1 {
		t.Errorf("%+v", sum)
	}
	o.Repair, o.Keys = false, []diagnose.Key{{SessionKey: key(8)}}
	if d := runText(t, o, strings.Replace(line(t, key(8), phone(1)), key(8).Reveal(), key(9).Reveal(), 1))[0].Diagnosis; d == nil || d.ID != "D31" {
		t.Errorf("another login's key: %+v", d)
	}
}

// TestExamined bounds what failures cost: the first of each form are examined, and then one in 128.
func TestExamined(t *testing.T) {
	t.Parallel()
	o := options()
	one := strings.Replace(line(t, key(1), phone(1)), key(1).Reveal(), key(2).Reveal(), 1)
	list, sum := run(t, strings.NewReader(strings.Repeat(one+"\n", 300)+"x\n"), o)
	want := []bulk.CauseCount{
		{Name: "not-examined", Lines: 278, First: 21, Like: 1}, {ID: "D30", Name: "wrong-session-key", Lines: 22, First: 1}, {Name: "malformed-line", Lines: 1, First: 301},
	}
	if diff := cmp.Diff(want, sum.Diagnoses); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, n := range []int{21, 127, 129} {
		if d := list[n-1].Diagnosis; d.Name != "not-examined" || !strings.Contains(strings.Join(d.Evidence, " "), "line 1 ") {
			t.Errorf("line %d: %+v", n, d)
		}
	}
	for _, n := range []int{1, 20, 128, 256} {
		if d := list[n-1].Diagnosis; d.ID != "D30" {
			t.Errorf("line %d: %+v", n, d)
		}
	}
}

// TestSavedKeys asks for the keys of users.
func TestSavedKeys(t *testing.T) {
	t.Parallel()
	gone := errors.New("the store is gone")
	o := options()
	o.Saved = func(_ context.Context, app wechat.AppID, user wechat.OpenID) (wechat.SessionKey, error) {
		switch {
		case app == "wx1" && user == "oA":
			return key(1), nil
		case user == "oGone":
			return wechat.SessionKey{}, gone
		}
		return wechat.SessionKey{}, &bulk.KeyError{Message: lang.T{En: "nobody knows %s", Zh: "没有人认识 %s"}.With(string(user))}
	}
	user := func(name string) string {
		return without(line(t, key(1), phone(1), `"openid":"`+name+`"`, `"appid":"wx1"`), "session_key")
	}
	list := runText(t, o, user("oA"), user("oB"), user("oA"), strings.Replace(user("oB"), "iv", "IV", 1))
	for i, want := range []bool{true, false, true, false} {
		if list[i].OK != want || !want && (list[i].Diagnosis.Name != "no-key" || list[i].Diagnosis.Verdict != "There is no key: nobody knows oB.") {
			t.Errorf("line %d: %+v", i+1, list[i].Diagnosis)
		}
	}
	for _, end := range []string{user("oGone"), strings.Replace(user("oGone"), "iv", "IV", 1)} {
		var out strings.Builder
		sum, err := bulk.Run(t.Context(), strings.NewReader(user("oA")+"\n"+end+"\n"+user("oA")), &out, o)
		if !errors.Is(err, gone) || sum.Lines != 1 || len(rows(t, []byte(out.String()))) != 1 {
			t.Errorf("%v after %+v", err, sum)
		}
	}
}

// TestLongLines stand at the limit, beyond it and far beyond it, in the middle and at the end.
func TestLongLines(t *testing.T) {
	t.Parallel()
	whole := line(t, key(1), phone(1))
	fits := strings.Replace(whole, "{", `{"x":"`+strings.Repeat("x", bulk.MaxLine-len(whole)-len(`"x":"",`))+`",`, 1)
	if len(fits) != bulk.MaxLine {
		t.Fatal(len(fits))
	}
	over := strings.Replace(fits, "{", "{ ", 1)
	far := strings.Repeat("y", 2*bulk.MaxLine+3)
	for _, in := range [][]string{
		{whole, fits, whole, over, whole, far, whole},
		{over, over, fits, far, far, fits},
		{whole, far},
		{fits},
		{far},
	} {
		for _, end := range []string{"", "\n"} {
			list, sum := run(t, strings.NewReader(strings.Join(in, "\n")+end), options())
			if len(list) != len(in) || sum.Lines != int64(len(in)) {
				t.Fatalf("%d rows, %+v, for %d lines", len(list), sum, len(in))
			}
			for i, text := range in {
				switch r := list[i]; {
				case r.Line != int64(i+1):
					t.Errorf("line %d is in place %d", r.Line, i+1)
				case len(text) <= bulk.MaxLine && !r.OK:
					t.Errorf("%d bytes: %+v", len(text), r.Diagnosis)
				case len(text) > bulk.MaxLine && (r.OK || r.Diagnosis.Name != "line-too-long"):
					t.Errorf("%d bytes: %+v", len(text), r.Diagnosis)
				}
			}
		}
	}
}

// TestSummary counts every line once.
func TestSummary(t *testing.T) {
	t.Parallel()
	whole := line(t, key(1), phone(1))
	group := line(t, key(1), `{"opengid":"tG"}`)
	in := strings.Join([]string{group, whole, "", whole, "x", " \t\r", "y", without(whole, "session_key"), ""}, "\n")
	_, got := run(t, strings.NewReader(in), options())
	want := bulk.Summary{
		Lines: 8, OK: 3, Failed: 3, Blank: 2, Unmarked: 1,
		Kinds:     []bulk.KindCount{{Kind: "group", Lines: 1}, {Kind: "phone", Lines: 2}},
		Diagnoses: []bulk.CauseCount{{Name: "malformed-line", Lines: 2, First: 5}, {Name: "no-key", Lines: 1, First: 8}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, got := run(t, io.LimitReader(nil, 0), options()); got.Lines != 0 {
		t.Errorf("of nothing: %+v", got)
	}
}

// TestLanguage has the words of a diagnosis in Chinese.
func TestLanguage(t *testing.T) {
	t.Parallel()
	o := options()
	o.Lang = lang.Chinese
	if d := runText(t, o, "x")[0].Diagnosis; !strings.Contains(d.Verdict, "该行") {
		t.Errorf("%+v", d)
	}
}

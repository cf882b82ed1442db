package wxapi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// A recorded answer of testdata/answers.json: what WeChat sent, with its source, and what is in it.
type recorded struct {
	Name       string         `json:"name"`
	Source     string         `json:"source"`
	Body       string         `json:"body"`
	OpenID     string         `json:"openid"`
	SessionKey string         `json:"session_key"`
	UnionID    string         `json:"unionid"`
	Notes      []string       `json:"notes"`
	ErrCode    wechat.ErrCode `json:"errcode"`
	RID        string         `json:"rid"`
}

func readRecorded(t testing.TB) []recorded {
	t.Helper()
	file, err := os.Open("testdata/answers.json")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var all []recorded
	decoder := json.NewDecoder(file)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestRecordedAnswers(t *testing.T) {
	t.Parallel()
	for _, want := range readRecorded(t) {
		t.Run(want.Name, func(t *testing.T) {
			t.Parallel()
			session, err := wxapi.ParseAnswer([]byte(want.Body))
			got := recorded{Name: want.Name, Source: want.Source, Body: want.Body}
			if refusal, refused := errors.AsType[*wechat.Error](err); refused {
				got.ErrCode, got.RID = refusal.Code, refusal.RID
			} else if err != nil {
				t.Fatal(err)
			} else {
				got.OpenID, got.UnionID = string(session.OpenID), string(session.UnionID)
				got.SessionKey = session.SessionKey.Reveal()
				got.Notes = []string{}
				for _, note := range session.Notes {
					got.Notes = append(got.Notes, string(note))
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("answer (-recorded +parsed):\n%s", diff)
			}
		})
	}
}

func TestUnusableAnswers(t *testing.T) {
	t.Parallel()
	const key = "bJb7LAI5uK8OoMPUHlYmrA=="
	tests := []struct{ name, body, reason, snippet string }{
		{"empty", "", "is empty", ""},
		{"blanks", " \r\n", "is empty", ""},
		{"only a byte order mark", "\ufeff", "is empty", ""},
		{"HTML", "<html><title>Sign in to WiFi</title>", "is HTML", "<html><title>Sign in to WiFi</title>"},
		{"terminal escapes", "\x1b]0;x\x07 hello", "is not a JSON object", "]0;x hello"},
		{"text", "upstream timed out", "is not a JSON object", "upstream timed out"},
		{"array", `[{"openid":"o"}]`, "is not a JSON object", ""},
		{"quoted JSON", `"{\"session_key\":\"` + key + `\"}"`, "is not a JSON object", ""},
		{"a name with NULs inside", "err {\"s\x00e\x00ssion_key\":\"" + key + "\"}", "is not a JSON object", ""},
		{"a name in capitals", `SESSION_KEY=` + key, "is not a JSON object", ""},
		{"JSON behind a control character", "\x01{\"k\":\"" + key + "\"}", "is not a JSON object", ""},
		{"truncated", `{"session_key":"` + key + `","openid":"okQ`, "breaks off", ""},
		{"two objects", `{"openid":"o"}{}`, "breaks off", ""},
		{"UTF-16", "{\x00\"\x00}\x00", "breaks off", ""},
		{"empty object", `{}`, "neither an errcode nor an openid", ""},
		{"errcode 0 only", `{"errcode":0,"errmsg":"ok"}`, "has errcode 0, which is success, but no openid", ""},
		{"errcode 0 and an empty openid", `{"errcode":0,"openid":""}`, "has an openid that is empty or no text", ""},
		{"openid empty", `{"openid":"","session_key":"` + key + `"}`, "has an openid that is empty or no text", ""},
		{"openid a number", `{"openid":1,"session_key":"` + key + `"}`, "has an openid that is empty or no text", ""},
		{"no session_key", `{"openid":"okQ-s5X1ILvDud0amynR1Psw-URs"}`, "no session_key", ""},
		{"session_key empty", `{"openid":"okQ-s5X1ILvDud0amynR1Psw-URs","session_key":""}`, "a session_key that is empty or no text", ""},
		{"errcode a word", `{"errcode":"bad"}`, "not a number", ""},
		{"errcode a fraction", `{"errcode":40029.5}`, "not a number", ""},
		{"errcode an object", `{"errcode":{}}`, "not a number", ""},
		{"errcode beyond all", `{"errcode":99999999999}`, "not a number", ""},
		{"longer than 1 MiB", `{"x":"` + strings.Repeat("x", 1<<20) + `"}`, "longer than 1 MiB", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := wxapi.ParseAnswer([]byte(tt.body))
			fault, isAnswer := errors.AsType[*wxapi.AnswerError](err)
			if !isAnswer || !strings.Contains(fault.Reason.In(lang.English), tt.reason) || fault.Reason.In(lang.Chinese) == fault.Reason.In(lang.English) {
				t.Fatalf("error %v, want an AnswerError with %q and its Chinese", err, tt.reason)
			}
			if got := fault.Snippet.String(); got != tt.snippet {
				t.Errorf("snippet %q, want %q", got, tt.snippet)
			}
			if strings.Contains(fmt.Sprintf("%v %+v %#v", err, fault, fault), key) {
				t.Errorf("the error holds the session_key: %+v", fault)
			}
		})
	}
}

func TestNotesSpeakBothLanguages(t *testing.T) {
	t.Parallel()
	for _, note := range []wxapi.Note{wxapi.NoteOpenID, wxapi.NoteUnionID, wxapi.NoteSessionKey} {
		if text := note.Text(); text.En == string(note) || text.Zh == text.En || text.Zh == "" {
			t.Errorf("%s: %+v", note, text)
		}
	}
}

// Whatever comes, it is a session with openid and key, or a typed error that shows no session_key.
func FuzzParseAnswer(f *testing.F) {
	for _, r := range readRecorded(f) {
		f.Add([]byte(r.Body))
	}
	f.Add([]byte(`{"errcode":1e1}`))
	f.Add([]byte("\ufeff<"))
	f.Add([]byte("\x00sess\x00ion_key"))
	f.Fuzz(func(t *testing.T, body []byte) {
		session, err := wxapi.ParseAnswer(body)
		if err == nil {
			if session.OpenID == "" || session.SessionKey.IsZero() {
				t.Errorf("a session without openid or key from %q", body)
			}
			return
		}
		if refusal, refused := errors.AsType[*wechat.Error](err); refused {
			if refusal.Code == 0 || refusal.RID != "" && len(refusal.RID) != 26 {
				t.Errorf("refusal %+v from %q", refusal, body)
			}
			return
		}
		fault, isAnswer := errors.AsType[*wxapi.AnswerError](err)
		if !isAnswer || fault.Reason.IsZero() {
			t.Fatalf("error %v from %q", err, body)
		}
		if strings.Contains(fault.Snippet.Raw(), "session_key") {
			t.Errorf("snippet %q", fault.Snippet)
		}
	})
}

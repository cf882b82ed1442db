package wechat_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A fact is what testdata/errcodes.json holds of a code; it was collected by hand before the catalogue was written.
type fact struct {
	Code      wechat.ErrCode `json:"code"`
	ErrMsg    string         `json:"errmsg"`
	Retryable bool           `json:"retryable"`
	Endpoints []string       `json:"endpoints"`
}

func readFacts(t *testing.T) []fact {
	t.Helper()
	text, err := os.ReadFile("testdata/errcodes.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Source string `json:"source"`
		Facts  []fact `json:"facts"`
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		t.Fatal(err)
	}
	return file.Facts
}

func TestCatalogueHoldsEveryFact(t *testing.T) {
	t.Parallel()
	want := readFacts(t)
	if len(want) != 73 {
		t.Fatalf("%d facts, want 73", len(want))
	}
	var got []fact
	for e := range wechat.Catalogue() {
		got = append(got, fact{e.Code, e.ErrMsg, e.Retryable, e.Endpoints})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("catalogue (-facts +catalogue):\n%s", diff)
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	for _, f := range readFacts(t) {
		if e, found := wechat.Lookup(f.Code); !found || e.Code != f.Code {
			t.Errorf("Lookup(%d) = %d, %v", f.Code, e.Code, found)
		}
	}
	for _, code := range []wechat.ErrCode{-1 << 31, -41017, -41007, -2, 2, 39999, 40030, 41000, 46000, 70000, 9410010, 1<<31 - 1} {
		if e, found := wechat.Lookup(code); found {
			t.Errorf("Lookup(%d) = %+v, want none", code, e)
		}
	}
}

func TestCatalogueStopsWhenAsked(t *testing.T) {
	t.Parallel()
	count := 0
	for range wechat.Catalogue() {
		if count++; count == 20 {
			break
		}
	}
	if count != 20 {
		t.Errorf("%d entries", count)
	}
}

func TestCatalogueTexts(t *testing.T) {
	t.Parallel()
	for e := range wechat.Catalogue() {
		for name, text := range map[string]lang.T{
			"meaning": e.Meaning, "cause": e.Cause, "fix": e.Fix, "family": e.Family.Title(), "evidence": e.Evidence.Text(),
		} {
			checkText(t, e.Code, name, text)
		}
		if e.Note != (lang.T{}) {
			checkText(t, e.Code, "note", e.Note)
		}
		if e.Family.Title().En == "Unknown" {
			t.Errorf("%d: family %d has no title", e.Code, e.Family)
		}
	}
}

func checkText(t *testing.T, code wechat.ErrCode, name string, text lang.T) {
	t.Helper()
	switch {
	case text.En == "" || text.Zh == "":
		t.Errorf("%d: %s lacks a language: %+v", code, name, text)
	case strings.ContainsAny(text.En+text.Zh, "%—\n`"):
		t.Errorf("%d: %s holds a verb, a dash, a line end or a back quote: %+v", code, name, text)
	case !strings.ContainsFunc(text.Zh, func(r rune) bool { return unicode.Is(unicode.Han, r) }) && strings.ContainsAny(text.Zh, " "):
		t.Errorf("%d: the Chinese %s is not Chinese: %q", code, name, text.Zh)
	case strings.ContainsFunc(text.En, func(r rune) bool { return unicode.Is(unicode.Han, r) }):
		t.Errorf("%d: the English %s is not English: %q", code, name, text.En)
	case name != "family" && name != "evidence" && !strings.HasSuffix(text.En, ".") && !strings.HasSuffix(text.En, "…"):
		t.Errorf("%d: the English %s is no sentence: %q", code, name, text.En)
	}
}

// The codes that login and exchange branch on: who may try again is part of the contract with mini programs.
func TestRetryableOfLogin(t *testing.T) {
	t.Parallel()
	want := []wechat.ErrCode{wechat.CodeBusy, wechat.CodeMinuteQuota}
	var got []wechat.ErrCode
	for e := range wechat.Catalogue() {
		if e.Retryable && slices.Contains(e.Endpoints, "GET /sns/jscode2session") {
			got = append(got, e.Code)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("retryable codes of code2Session (-want +got):\n%s", diff)
	}
}

func TestErrCodesMarkdown(t *testing.T) {
	t.Parallel()
	page := wechat.ErrCodesMarkdown()
	if again := wechat.ErrCodesMarkdown(); again != page {
		t.Error("two runs differ")
	}
	first, _, _ := strings.Cut(page, "\n")
	if !strings.Contains(first, "Generated") || !strings.HasSuffix(page, "\n") || strings.HasSuffix(page, "\n\n") {
		t.Errorf("starts with %q, ends with %q", first, page[len(page)-10:])
	}
	for _, f := range readFacts(t) {
		number := jsonNumber(f.Code)
		if got := strings.Count(page, "\n### "+number+"\n"); got != 1 {
			t.Errorf("%s has %d headings", number, got)
		}
		if got := strings.Count(page, "["+number+"](#"+number+")"); got != 1 {
			t.Errorf("%s has %d links", number, got)
		}
	}
	for i, line := range strings.Split(page, "\n") {
		if cells := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|"); strings.HasPrefix(line, "|") && cells != 3 && cells != 4 {
			t.Errorf("line %d: a row with %d bars: %s", i+1, cells, line)
		}
	}
}

func jsonNumber(code wechat.ErrCode) string {
	text, _ := json.Marshal(code)
	return string(text)
}

func FuzzLookup(f *testing.F) {
	known := map[int]bool{}
	for e := range wechat.Catalogue() {
		known[int(e.Code)] = true
		f.Add(int(e.Code))
	}
	f.Fuzz(func(t *testing.T, code int) {
		if _, found := wechat.Lookup(wechat.ErrCode(code)); found != known[code] {
			t.Errorf("Lookup(%d) found = %v", code, found)
		}
	})
}

package diagnose

import (
	"strings"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// TestExamples holds that each example of docs/diagnoses.md gets its diagnosis first.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, e := range Catalogue() {
		t.Run(e.ID, func(t *testing.T) {
			t.Parallel()
			example := e.Example()
			pasted, err := opendata.ParsePasted([]byte(example.Document))
			if err != nil {
				t.Fatal(err)
			}
			in := Input{
				SessionKey: pasted.SessionKey, Envelope: pasted.Envelope, ErrMsg: pasted.ErrMsg, Document: []byte(example.Document),
				Policy: opendata.Policy{Now: time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)},
			}
			in.Policy.AppID = exampleApp
			if strings.Contains(example.Flags, "wx00000000000000aa") {
				in.Policy.AppID = wechat.AppID("wx00000000000000aa")
			}
			if strings.Contains(example.Flags, "--max-age") {
				in.Policy.MaxAge = 5 * time.Minute
			}
			if in.Keys, err = ParseKeys(strings.NewReader(example.Keys)); err != nil {
				t.Fatal(err)
			}
			report := Data(in)
			found := append(report.Findings, report.Notes...)
			if len(found) == 0 || found[0].ID != e.ID {
				t.Errorf("found %v", found)
			}
		})
	}
}

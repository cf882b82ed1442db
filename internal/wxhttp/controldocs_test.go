package wxhttp_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/wxhttp"
)

// TestControlMarkdown: every route is documented, in both languages, and its examples are answered; secrets are not in them, except the
// public one of the demo app. The page itself is compared with docs/ by the test of generated files.
func TestControlMarkdown(t *testing.T) {
	t.Parallel()
	for _, l := range []lang.Lang{lang.English, lang.Chinese} {
		synctest.Test(t, func(t *testing.T) {
			page, err := wxhttp.ControlMarkdown(l)
			if err != nil {
				t.Fatal(err)
			}
			again, err := wxhttp.ControlMarkdown(l)
			if err != nil || again != page {
				t.Error("two runs differ:", err)
			}
			for _, want := range []string{
				"\n## POST /_mock/login\n", "\n## GET /_mock/journal/stream\n", `"errcode":40029`, `"ok": false`,
				"curl -d '{\"move\":\"+6m\"}' http://127.0.0.1:8420/_mock/clock\n", "| `since` | number |",
			} {
				if !strings.Contains(page, want) {
					t.Errorf("%v: the page lacks %q", l, want)
				}
			}
			if strings.Contains(page, "091nEh0w3hQn") {
				t.Error("a code shows")
			}
		})
	}
}

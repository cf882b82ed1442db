package problem_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/problem"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   problem.Problem
		want string
	}{
		{
			"all members",
			problem.Problem{Type: "urn:x", Title: "t", Status: 401, Detail: "微信 <says> no", Reason: "login_again", ErrCode: 40163, RID: "6380622c-50076416-224b40b0"},
			`{"type":"urn:x","title":"t","status":401,"detail":"微信 \u003csays\u003e no","reason":"login_again","errcode":40163,"rid":"6380622c-50076416-224b40b0"}`,
		},
		{"defaults", problem.Problem{Status: 409, Reason: "not_logged_in"}, `{"type":"urn:wxlogin:problem:not_logged_in","title":"Conflict","status":409,"reason":"not_logged_in"}`},
		{"busy", problem.Problem{Status: 503, Reason: "try_later", ErrCode: -1}, `{"type":"urn:wxlogin:problem:try_later","title":"Service Unavailable","status":503,"reason":"try_later","errcode":-1}`},
		{"status alone", problem.Problem{Status: 404}, `{"type":"about:blank","title":"Not Found","status":404}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rec := httptest.NewRecorder()
			rec.Header().Set("X-Wxlogin-Mock", "1")
			problem.Write(rec, tt.in)
			if diff := cmp.Diff(tt.want+"\n", rec.Body.String()); diff != "" {
				t.Error(diff)
			}
			if rec.Code != tt.in.Status {
				t.Errorf("status %d", rec.Code)
			}
			for name, want := range map[string]string{"Content-Type": "application/problem+json", "Cache-Control": "no-store", "X-Wxlogin-Mock": "1"} {
				if got := rec.Header().Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			got, err := problem.Decode(rec.Body.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			got.Type, got.Title = tt.in.Type, tt.in.Title
			if diff := cmp.Diff(&tt.in, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "<html>", "[]", "{}", `{"status":500}`, `{"title":"x"}`, `{"status":"500","title":"x"}`} {
		if p, err := problem.Decode([]byte(body)); err == nil {
			t.Errorf("Decode(%q) = %+v", body, p)
		}
	}
}

func TestError(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]problem.Problem{
		"[31muser \"bob\"":               {Title: "t", Status: http.StatusConflict, Detail: "\x1b[31muser \"bob\""},
		"Conflict (HTTP status 409)":     {Title: "Conflict", Status: http.StatusConflict},
		strings.Repeat("x", 400) + "...": {Detail: strings.Repeat("x", 500)},
	} {
		if got := p.Error(); got != want {
			t.Errorf("Error() = %q, want %q", got, want)
		}
	}
}

package wxhttp_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/wxlogin/wxlogin/internal/world"
	"github.com/wxlogin/wxlogin/internal/wxhttp"
)

// TestFaultControl holds the answers of /_mock/faults and /_mock/scenarios byte for byte.
func TestFaultControl(t *testing.T) {
	t.Parallel()
	const faults, scenarios = "/_mock/faults", "/_mock/scenarios"
	tests := []struct {
		name, method, path, body string
		before                   func(bed)
		status                   int
		reason                   string
	}{
		{name: "add", path: faults, body: `{"on":"jscode2session","effect":"errcode:45011"}`, status: 200},
		{name: "add all", path: faults, body: `{"on":"token","appid":"wxbbbbbbbbbbbbbbbb","user":"bob","code":"x","every":3,"percent":50,"times":2,"after":1,"for":"1m30s","effect":"delay:1500ms"}`, status: 200},
		{name: "list none", method: http.MethodGet, path: faults, status: 200},
		{name: "list", method: http.MethodGet, path: faults, before: twoFaults, status: 200},
		{name: "remove", method: http.MethodDelete, path: faults, body: `{"id":"f2"}`, before: twoFaults, status: 200},
		{name: "clear", method: http.MethodDelete, path: faults, before: twoFaults, status: 200},
		{name: "clear an app", method: http.MethodDelete, path: faults, body: `{"appid":"wxbbbbbbbbbbbbbbbb"}`, before: twoFaults, status: 200},
		{name: "scenarios", method: http.MethodGet, path: scenarios, status: 200},
		{name: "start", path: scenarios, body: `{"name":"busy-minute","appid":"wxbbbbbbbbbbbbbbbb"}`, status: 200},

		{name: "unknown effect", path: faults, body: `{"effect":"explode"}`, status: 400, reason: `there is no effect "explode"`},
		{name: "no effect", path: faults, body: `{"on":"token"}`, status: 400, reason: `there is no effect ""`},
		{name: "unknown API", path: faults, body: `{"on":"/sns/jscode2session","effect":"hang"}`, status: 400, reason: `there is no API "/sns/jscode2session"; there are jscode2session, token, `},
		{name: "unknown app", path: faults, body: `{"appid":"wxcccccccccccccccc","effect":"hang"}`, status: 404, reason: `the simulation knows no app "wxcccccccccccccccc"`},
		{name: "percent", path: faults, body: `{"percent":101,"effect":"hang"}`, status: 400, reason: "percent is a number from 1 to 100"},
		{name: "for", path: faults, body: `{"for":"soon","effect":"hang"}`, status: 400, reason: `"soon" is not a duration such as 90s or 1h`},
		{name: "remove unknown", method: http.MethodDelete, path: faults, body: `{"id":"f9"}`, before: twoFaults, status: 404, reason: `there is no fault "f9"`},
		{name: "remove both", method: http.MethodDelete, path: faults, body: `{"id":"f1","appid":"x"}`, status: 400, reason: `give either "id" or "appid"`},
		{name: "unknown scenario", path: scenarios, body: `{"name":"nope"}`, status: 400, reason: `there is no scenario "nope"; there are login-after-tap, `},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBed(t, wxhttp.Options{})
				if tt.before != nil {
					tt.before(b)
				}
				method := tt.method
				if method == "" {
					method = http.MethodPost
				}
				answer, record := b.do(method, tt.path, tt.body)
				if answer.StatusCode != tt.status || !strings.HasPrefix(record.Reason, tt.reason) || tt.reason == "" && record.Reason != "" {
					t.Errorf("status %d, reason %q", answer.StatusCode, record.Reason)
				}
				golden(t, sourceControl, answer)
			})
		})
	}
}

func twoFaults(b bed) {
	b.do(http.MethodPost, "/_mock/faults", `{"on":"jscode2session","every":2,"effect":"errcode:45011"}`)
	b.do(http.MethodPost, "/_mock/faults", `{"appid":"wxbbbbbbbbbbbbbbbb","effect":"hang"}`)
	for range 4 {
		b.do(http.MethodGet, demoURL("user-alice"), "")
	}
}

// TestScenarioNames: the faults of scenarios are on APIs that there are.
func TestScenarioNames(t *testing.T) {
	t.Parallel()
	for _, s := range world.Scenarios() {
		for _, f := range s.Faults {
			if f.On != "" && !slices.Contains(wxhttp.APIs(), f.On) {
				t.Errorf("%s is on %q", s.Name, f.On)
			}
		}
	}
}

package wxhttp_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wxlogin/wxlogin/internal/wxhttp"
)

const sourceControl = "ours: docs of the control API; the object inside is that of wx.* in WeChat's client documentation"

// TestControl holds the answers of the control API byte for byte: field names and order are what scripts depend on.
func TestControl(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		method, path string
		body         string
		before       func(bed)
		status       int
		reason       string // in the journal; empty for a success
	}{
		{name: "login", path: "/_mock/login", status: 200},
		{name: "login as bob", path: "/_mock/login", body: ` {"user":"bob","appid":"wxbbbbbbbbbbbbbbbb"} `, status: 200},
		{name: "userinfo", path: "/_mock/userinfo", before: aliceLogsIn, status: 200},
		{name: "phone", path: "/_mock/phone", body: `{"user":"alice"}`, before: aliceLogsIn, status: 200},
		{name: "werun", path: "/_mock/werun", before: aliceLogsIn, status: 200},
		{name: "group", path: "/_mock/group", before: aliceLogsIn, status: 200},
		{name: "clock", method: "GET", path: "/_mock/clock", status: 200},
		{name: "clock forward", path: "/_mock/clock", body: `{"move":"+6m"}`, status: 200},
		{name: "clock back", path: "/_mock/clock", body: `{"move":"-1h30m"}`, status: 200},
		{name: "clock reset", path: "/_mock/clock", body: `{"reset":true}`, before: func(b bed) { b.world.Clock().Move(time.Hour) }, status: 200},
		{name: "clock set", path: "/_mock/clock", body: `{"set":"2026-11-23T18:00:00+08:00"}`, status: 200},
		{name: "clock freeze", path: "/_mock/clock", body: `{"freeze":true}`, status: 200},
		{name: "clock set to garbage", path: "/_mock/clock", body: `{"set":"noon"}`, status: 400, reason: `"noon" is not a time such as 2026-11-23T10:00:00Z`},
		{name: "clock set too far", path: "/_mock/clock", body: `{"set":"2226-11-23T10:00:00Z"}`, status: 400, reason: "the clock cannot be moved more than 100 years"},
		{name: "reset", path: "/_mock/reset", status: 200},
		{name: "reset of one app", path: "/_mock/reset", body: `{"appid":"wxbbbbbbbbbbbbbbbb"}`, status: 200},
		{name: "env", method: "GET", path: "/_mock/env", status: 200},

		{name: "not logged in", path: "/_mock/userinfo", body: `{"user":"bob"}`, status: 409, reason: `user "bob" has not logged in to wx0123456789abcdef`},
		{name: "unknown app", path: "/_mock/login", body: `{"appid":"wxcccccccccccccccc"}`, status: 404, reason: `the simulation knows no app "wxcccccccccccccccc"`},
		{name: "reset of unknown app", path: "/_mock/reset", body: `{"appid":"nope"}`, status: 404, reason: `the simulation knows no app "nope"`},
		{name: "broken user", path: "/_mock/login", body: `{"user":"\u202ex"}`, status: 400, reason: `user "x" contains invisible characters or outer blanks`},
		{name: "unknown field", path: "/_mock/login", body: `{"usr":"bob"}`, status: 400, reason: `the body does not fit: unknown field "usr"`},
		{name: "wrong type", path: "/_mock/login", body: `{"user":7}`, status: 400, reason: `field "user" is not a string`},
		{name: "no object", path: "/_mock/login", body: `"bob"`, status: 400, reason: "the body is not a JSON object"},
		{name: "form", path: "/_mock/login", body: `user=bob`, status: 400, reason: "the body is not a JSON object"},
		{name: "two objects", path: "/_mock/login", body: `{}{}`, status: 400, reason: "the body holds more than one JSON object"},
		{name: "cut short", path: "/_mock/login", body: `{"user":`, status: 400, reason: "the body does not fit: unexpected EOF"},
		{name: "large body", path: "/_mock/login", body: `{"user":"` + strings.Repeat("x", 70_000) + `"}`, status: 413, reason: "the body is larger than 65536 bytes"},
		{name: "clock nothing", path: "/_mock/clock", status: 400, reason: `give one of "move", such as "+6m", "set", such as "2026-11-23T10:00:00Z", "freeze": true and "reset": true`},
		{name: "clock both", path: "/_mock/clock", body: `{"move":"1m","reset":true}`, status: 400, reason: `give one of "move", such as "+6m", "set", such as "2026-11-23T10:00:00Z", "freeze": true and "reset": true`},
		{name: "clock garbage", path: "/_mock/clock", body: `{"move":"soon"}`, status: 400, reason: `"soon" is not a duration such as +6m, -1h30m or 72h`},
		{name: "clock too far", path: "/_mock/clock", body: `{"move":"2000000h"}`, status: 400, reason: "the clock cannot be moved more than 100 years"},
		{
			name: "clock too far in steps", path: "/_mock/clock", body: `{"move":"800000h"}`,
			before: func(b bed) { b.world.Clock().Move(800_000 * time.Hour) },
			status: 400, reason: "the clock cannot be moved more than 100 years",
		},
		{name: "get of login", method: "GET", path: "/_mock/login", status: 405},
		{name: "delete of the clock", method: "DELETE", path: "/_mock/clock", status: 405},
		{name: "no such route", path: "/_mock/nope", status: 404},
		{name: "outside", method: "GET", path: "/elsewhere", status: 404},
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
				if answer.StatusCode != tt.status || record.Reason != tt.reason {
					t.Errorf("status %d, reason %q; want %d, %q", answer.StatusCode, record.Reason, tt.status, tt.reason)
				}
				golden(t, sourceControl, answer)
			})
		})
	}
}

func aliceLogsIn(b bed) { b.login("", "alice") }

// TestEnv: a configured secret may be real and stays inside; the URL is the server's own when it knows it.
func TestEnv(t *testing.T) {
	t.Parallel()
	b := newBed(t, wxhttp.Options{URL: "http://[::1]:9"})
	answer, _ := b.do(http.MethodGet, "/_mock/env", "")
	golden(t, sourceControl, answer)
}

// TestControlJournal: the journal names user and app also where the call left them to the simulation.
func TestControlJournal(t *testing.T) {
	t.Parallel()
	b := newBed(t, wxhttp.Options{})
	for _, path := range []string{"/_mock/login", "/_mock/userinfo"} {
		_, record := b.do(http.MethodPost, path, "")
		if record.User != "alice" || record.AppID != "wx0123456789abcdef" {
			t.Errorf("%s: %+v", path, record)
		}
	}
	_, record := b.do(http.MethodPost, "/_mock/phone", `{"user":"`+strings.Repeat(`\u001b[31mx`, 1000)+`"}`)
	if record.User == "" || len(record.User) > 100 || strings.Contains(record.User, "\x1b") {
		t.Errorf("the journal has the user %q", record.User)
	}
}

func TestHead(t *testing.T) {
	t.Parallel()
	answer, _ := newBed(t, wxhttp.Options{}).do(http.MethodHead, "/_mock/clock", "")
	if answer.StatusCode != http.StatusOK {
		t.Errorf("status %d", answer.StatusCode)
	}
}

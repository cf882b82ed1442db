package stack

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/clock"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
	"github.com/wxlogin/wxlogin/internal/world/worldfile"
)

const otherApp wechat.AppID = "wxffffffffffffffff"

// TestNewWorld: what is configured goes before what the file says, and comes first.
func TestNewWorld(t *testing.T) {
	t.Parallel()
	configured := world.App{ID: "wx4f4bc4dec97d474b", Secret: wechat.NewAppSecret(strings.Repeat("c", 32)), OpenPlatform: "own"}
	const file = "version: 1\nseed: 5\nplus_share: 7\napps:\n  - appid: wxffffffffffffffff\n    secret: ffffffffffffffffffffffffffffffff\n    population: 2\n"
	const alsoConfigured = file + "  - appid: wx4f4bc4dec97d474b\n    open_platform: shop\n"
	for name, tt := range map[string]struct {
		mock Mock
		file string
		apps string // appid, first character of the secret, open platform and population of each
		seed uint64
		plus int
	}{
		"nothing":        {Mock{Seed: 1}, "", "wx0123456789abcdef 0 demo 0", 1, 50},
		"file":           {Mock{}, file, "wxffffffffffffffff f  2", 5, 7},
		"flags":          {Mock{Seed: 6, Population: 9, PlusSlashPercent: -1}, file, "wxffffffffffffffff f  9", 6, 0},
		"configured":     {Mock{Seed: 1, App: configured}, "", "wx4f4bc4dec97d474b c own 0", 1, 50},
		"beside it":      {Mock{App: configured}, file, "wx4f4bc4dec97d474b c own 0, wxffffffffffffffff f  2", 5, 7},
		"without secret": {Mock{App: configured}, alsoConfigured, "wx4f4bc4dec97d474b c shop 0, wxffffffffffffffff f  2", 5, 7},
		"with secret":    {Mock{App: configured}, alsoConfigured + "    secret: eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee\n", "wx4f4bc4dec97d474b e shop 0, wxffffffffffffffff f  2", 5, 7},
	} {
		if tt.file != "" {
			var err error
			if tt.mock.World, err = worldfile.Parse([]byte(tt.file)); err != nil {
				t.Fatal(err)
			}
		}
		w, err := newWorld(&tt.mock, new(clock.Movable))
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, a := range w.Apps() {
			list = append(list, fmt.Sprint(a.ID, " ", a.Secret.Reveal()[:1], " ", a.OpenPlatform, " ", a.Population))
		}
		if diff := cmp.Diff(tt.apps, strings.Join(list, ", ")); diff != "" || w.Seed() != tt.seed || w.PlusSlashPercent() != tt.plus {
			t.Errorf("%s: seed %d, plus share %d\n%s", name, w.Seed(), w.PlusSlashPercent(), diff)
		}
		if strings.Contains(fmt.Sprint(worldfile.Of(w, true)), strings.Repeat("c", 32)) {
			t.Errorf("%s: the configured secret would be written", name)
		}
	}
}

// withSessions is a simulation whose login server has n sessions of its app.
func withSessions(t testing.TB, n int) *simulation {
	t.Helper()
	s, err := newSimulation(Options{
		Logger: slog.New(slog.DiscardHandler),
		Mock:   &Mock{World: &worldfile.File{Version: 1, Apps: []worldfile.App{{ID: world.DemoAppID, Population: n}, {ID: otherApp, Population: n}}}},
	}, "http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	for i := range n {
		name := world.PopulationName(i + 1)
		for _, app := range []wechat.AppID{world.DemoAppID, otherApp} {
			if _, err := s.world.Login(app, name); err != nil {
				t.Fatal(err)
			}
		}
		p, err := s.world.User("", name)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.store.Save(context.Background(), session.Login{
			ID:  session.ID{Origin: s.client.Origin(), AppID: p.App, OpenID: p.OpenID},
			Key: wechat.NewSessionKey("o0q0otL8aEzpcZL/FT9WsQ=="), At: s.clock.Now(),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *simulation) control(t testing.TB, method, path, body string) {
	t.Helper()
	r, w := httptest.NewRequest(method, path, strings.NewReader(body)), httptest.NewRecorder()
	s.api.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
}

// TestSessionsFollow: the login server forgets whom the world forgets, and nobody else.
func TestSessionsFollow(t *testing.T) {
	t.Parallel()
	s := withSessions(t, 10)
	for _, step := range []struct {
		method, path, body string
		left               int
	}{
		{"DELETE", "/_mock/users", `{"user":"u000001"}`, 9},
		{"DELETE", "/_mock/users", `{"user":"u000002","appid":"wxffffffffffffffff"}`, 9},
		{"POST", "/_mock/users", `{"user":"zoe"}`, 9},
		{"DELETE", "/_mock/users", `{"user":"zoe"}`, 9},
		{"POST", "/_mock/reset", `{"appid":"wxffffffffffffffff"}`, 9},
		{"DELETE", "/_mock/apps", `{"appid":"wxffffffffffffffff"}`, 9},
		{"POST", "/_mock/clock", `{"move":"1h"}`, 9},
		{"POST", "/_mock/reset", `{"appid":"wx0123456789abcdef"}`, 0},
	} {
		s.control(t, step.method, step.path, step.body)
		left, err := s.store.List(t.Context(), session.Filter{})
		if err != nil || len(left) != step.left {
			t.Errorf("%s %s %s: %d sessions, want %d (%v)", step.method, step.path, step.body, len(left), step.left, err)
		}
	}
}

// BenchmarkResetCall is the whole call between two tests, with 100 000 users logged in to this app and to another.
func BenchmarkResetCall(b *testing.B) {
	for _, body := range []string{`{"appid":"wxffffffffffffffff"}`, `{"appid":"wx0123456789abcdef"}`, `{}`} {
		b.Run(body, func(b *testing.B) {
			s := withSessions(b, 100_000)
			start := time.Now()
			s.control(b, http.MethodPost, "/_mock/reset", body)
			first := time.Since(start)
			for b.Loop() {
				s.control(b, http.MethodPost, "/_mock/reset", body)
			}
			b.ReportMetric(float64(first.Microseconds()), "first-us")
		})
	}
}

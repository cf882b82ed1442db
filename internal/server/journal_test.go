package server_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/server"
)

// TestRecordIn: calls to an API are kept, as the caller and the handler know them, also when they end with a cut or a panic; what no
// handler named is not.
func TestRecordIn(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	named := func(next http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			record := journal.From(r.Context())
			record.API, record.AppID, record.ErrCode, record.Mock = "jscode2session", "wx0123456789abcdef", 40163, true
			next(w, r)
		}
	}
	tests := []struct {
		name    string
		handler http.HandlerFunc
		status  int
		kept    int
	}{
		{name: "api", handler: named(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }), status: http.StatusTeapot, kept: 1},
		{name: "nothing written", handler: named(func(http.ResponseWriter, *http.Request) {}), status: http.StatusOK, kept: 1},
		{name: "cut", handler: named(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), status: 0, kept: 1},
		{name: "panic", handler: named(func(http.ResponseWriter, *http.Request) { panic("a bug") }), status: http.StatusInternalServerError, kept: 1},
		{name: "no api", handler: func(http.ResponseWriter, *http.Request) {}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			kept := journal.New(10)
			handler := server.RecordIn(kept, tt.handler, slog.New(slog.DiscardHandler), func() time.Time { return now })
			func() {
				defer func() { _ = recover() }()
				handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/sns/jscode2session?js_code=091nEh0w3hQnpZ2mRR1w3RMPYk0nEh0S&secret=s", nil))
			}()
			got := kept.Since(0).Records
			if len(got) != tt.kept {
				t.Fatalf("%d records", len(got))
			}
			if tt.kept == 0 {
				return
			}
			got[0].Duration = 0
			want := journal.Record{
				Seq: 1, Time: now, Method: "GET", Path: "/sns/jscode2session", API: "jscode2session", Peer: "192.0.2.1:1234", Status: tt.status,
				ErrCode: 40163, AppID: "wx0123456789abcdef", Mock: true, Masked: "js_code=091nEh***",
			}
			if diff := cmp.Diff(want, got[0]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

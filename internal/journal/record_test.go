package journal_test

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/journal"
)

func TestFrom(t *testing.T) {
	t.Parallel()
	record := &journal.Record{Method: "GET"}
	ctx := journal.With(t.Context(), record)
	journal.From(ctx).Reason = "code used"
	if record.Reason != "code used" || journal.From(ctx) != record {
		t.Errorf("the call's record was not reached: %+v", record)
	}
	inner := &journal.Record{}
	if journal.From(journal.With(ctx, inner)) != inner {
		t.Error("a call within a call has the outer one's record")
	}
}

// Whoever has no record writes to one that nobody reads, and that nobody else is handed.
func TestFromNothing(t *testing.T) {
	t.Parallel()
	journal.From(t.Context()).User = "alice"
	if got := journal.From(t.Context()); got == nil || *got != (journal.Record{}) {
		t.Errorf("From = %+v", got)
	}
}

// A record has no place for a query, a body or a header. Whoever adds a field decides here that it may be logged.
func TestFields(t *testing.T) {
	t.Parallel()
	var got []string
	for field := range reflect.TypeFor[journal.Record]().Fields() {
		got = append(got, field.Name)
	}
	want := []string{"Seq", "Time", "Method", "Path", "API", "Peer", "Host", "Status", "Duration", "ID", "Client", "Outcome", "Verdict", "ErrCode", "AppID", "User", "Reason", "Mock", "Masked"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTarget(t *testing.T) {
	t.Parallel()
	for want, record := range map[string]journal.Record{
		"/onLogin":                             {Path: "/onLogin"},
		"/sns/jscode2session":                  {Path: "/sns/jscode2session", Host: "api.weixin.qq.com"},
		"sh.api.weixin.qq.com/cgi-bin/token":   {Path: "/cgi-bin/token", Host: "sh.api.weixin.qq.com"},
		"api.weixin.qq.com":                    {Host: "api.weixin.qq.com"}, // a connection without a request
		"packages.example:443":                 {Host: "packages.example:443"},
		"qyapi.weixin.qq.com/cgi-bin/gettoken": {Path: "/cgi-bin/gettoken", Host: "qyapi.weixin.qq.com"},
	} {
		if got := record.Target(); got != want {
			t.Errorf("%+v is called %q, not %q", record, got, want)
		}
	}
}

package stack_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/stack"
)

func TestDemo(t *testing.T) {
	t.Parallel()
	var steps []stack.Step
	if err := stack.Demo(t.Context(), func(s stack.Step) { steps = append(steps, s) }); err != nil {
		t.Fatal(err)
	}
	type line struct {
		OK     bool
		Status []int // of each call
		Shows  string
	}
	want := []line{
		{true, []int{0}, `"errMsg":"login:ok"`},
		{true, []int{200, 200}, `"session_key":"[redacted]"`},
		{true, []int{0, 200}, `"kind":"phone"`},
		{true, nil, ""},
		{false, []int{200, 401}, "40163"},
		{false, []int{0, 200, 401}, "40029"},
		{false, []int{0, 422}, `"reason":"login_again"`},
	}
	var got []line
	for i, s := range steps {
		l := line{OK: s.OK}
		var seen strings.Builder
		for _, c := range s.Calls {
			l.Status = append(l.Status, c.Status)
			seen.WriteString(c.Request + "\n" + c.Answer + "\n")
		}
		if i < len(want) && strings.Contains(seen.String(), want[i].Shows) {
			l.Shows = want[i].Shows
		}
		got = append(got, l)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	checkMasked(t, steps)
}

// checkMasked searches everything that the demonstration shows for what must not be shown.
func checkMasked(t *testing.T, steps []stack.Step) {
	t.Helper()
	secrets := map[string]*regexp.Regexp{
		"a session key or an iv": regexp.MustCompile(`[0-9A-Za-z+/\\]{22,24}==`),
		"a login token":          regexp.MustCompile(`eyJ[0-9A-Za-z_-]{10}`),
		"the AppSecret":          regexp.MustCompile(demoSecret),
		"a secret":               regexp.MustCompile(`secret=[^[]`),
		"a token":                regexp.MustCompile(`"(token|session_key)":"[^[]`),
		"open data":              regexp.MustCompile(`"(encryptedData|cloudID)":"[^"]{16}`),
	}
	for _, s := range steps {
		if s.Title.En == "" || s.Title.Zh == "" || s.Outcome.IsZero() {
			t.Errorf("step %q says nothing", s.Title.En)
		}
		shown := s.Command + s.Outcome.In(lang.English) + s.Outcome.In(lang.Chinese)
		for _, c := range s.Calls {
			shown += c.From.En + c.To.En + c.Request + c.Answer
		}
		for name, secret := range secrets {
			if found := secret.FindString(shown); found != "" {
				t.Errorf("step %q shows %s: %s", s.Title.En, name, found)
			}
		}
	}
}

func TestDemoStopped(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	steps := 0
	err := stack.Demo(ctx, func(stack.Step) {
		if steps++; steps == 2 {
			stop()
		}
	})
	if !errors.Is(err, context.Canceled) || steps != 2 {
		t.Errorf("%d steps, %v", steps, err)
	}
}

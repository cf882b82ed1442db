package login_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/opendata"
)

// ask is a diagnoser that names what it was asked.
type ask func(login.Refused) []login.Cause

func (f ask) Diagnose(r login.Refused) []login.Cause { return f(r) }

// TestRefusalIsDiagnosedBehindTheAnswer: Decrypt does not wait for the diagnosis, whatever is wrong, and the diagnosis gets the user's keys.
func TestRefusalIsDiagnosedBehindTheAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, always(band()))
		release := make(chan struct{})
		b.Diagnoser = ask(func(r login.Refused) []login.Cause {
			<-release
			if r.Session.Key.Reveal() != keyText || r.Policy.AppID != appID {
				return nil
			}
			return []login.Cause{{ID: "D" + r.Envelope.IV}}
		})
		bearer := b.login(t)
		ctx, stop := context.WithCancel(t.Context())
		var told []login.Diagnosis
		done := make(chan struct{})
		go func() {
			defer close(done)
			b.Service.Diagnose(ctx, func(d login.Diagnosis) { told = append(told, d) })
		}()
		for _, iv := range []string{"1", "2", "1"} {
			_, err := b.Decrypt(t.Context(), bearer, opendata.Envelope{EncryptedData: "AAAA", IV: iv})
			if _, refused := errors.AsType[*login.DataError](err); !refused {
				t.Fatalf("Decrypt = %v", err) // while the diagnosis still waits
			}
		}
		close(release)
		stop() // what waits is still told
		<-done
		var got []string
		for _, d := range told {
			got = append(got, fmt.Sprint(d.Causes[0].ID, " ", d.Count))
		}
		if diff := cmp.Diff([]string{"D1 1", "D2 1", "D1 2"}, got); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(map[string]uint64{"D1": 2, "D2": 1}, b.Diagnoses()); diff != "" {
			t.Errorf("counted (-want +got):\n%s", diff)
		}
	})
}

// TestRefusalsNeverWait: when too many are refused at a time, those that are not looked at are counted.
func TestRefusalsNeverWait(t *testing.T) {
	t.Parallel()
	b := newBench(t, always(band()))
	b.Diagnoser = ask(func(login.Refused) []login.Cause { return nil })
	bearer := b.login(t)
	const refusals = 100
	for range refusals {
		_, _ = b.Decrypt(t.Context(), bearer, opendata.Envelope{EncryptedData: "AAAA", IV: "1"}) // nobody looks at them
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	b.Service.Diagnose(ctx, func(login.Diagnosis) {})
	counts := b.Diagnoses()
	if counts[login.NotLookedAt] == 0 || counts[login.NotLookedAt]+counts[login.Unexplained] != refusals {
		t.Errorf("counted %v of %d", counts, refusals)
	}
}

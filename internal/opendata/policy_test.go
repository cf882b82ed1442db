package opendata_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

const markedApp = wechat.AppID("wx4f4bc4dec97d474b")

var madeAt = time.Unix(1477314187, 0)

func TestPolicy(t *testing.T) {
	t.Parallel()
	sig := loadVector(t, "official-signature")
	const otherApp = wechat.AppID("wx1f0e2d3c4b5a6978")
	payload := func(kind opendata.Kind, marked bool) opendata.Payload {
		p := opendata.Payload{Kind: kind}
		if marked {
			p.Watermark = opendata.Watermark{Present: true, AppID: markedApp, Timestamp: madeAt}
		}
		return p
	}
	after := func(d time.Duration) time.Time { return madeAt.Add(d) }
	known := func(n int64) opendata.Age { return opendata.Age{Seconds: n, Known: true} }
	signed := opendata.Envelope{RawData: sig.Message, Signature: sig.Signature}
	const ok, absent, skipped, mismatch = opendata.OutcomeOK, opendata.OutcomeAbsent, opendata.OutcomeSkipped, opendata.OutcomeMismatch
	tests := []struct {
		name     string
		policy   opendata.Policy
		payload  opendata.Payload
		envelope opendata.Envelope
		want     opendata.Checks
		failures []error
	}{
		{"all well", opendata.Policy{AppID: markedApp, Now: after(time.Minute), MaxAge: 5 * time.Minute}, payload(opendata.KindUserInfo, true), signed, opendata.Checks{ok, known(60), ok}, nil},
		{"no appid configured", opendata.Policy{Now: after(0)}, payload(opendata.KindPhone, true), opendata.Envelope{}, opendata.Checks{skipped, known(0), absent}, nil},
		{"another app", opendata.Policy{AppID: otherApp, Now: after(0)}, payload(opendata.KindPhone, true), opendata.Envelope{}, opendata.Checks{mismatch, known(0), absent}, []error{&opendata.AppIDError{Want: otherApp, Got: markedApp}}},
		{"another app, for a kind that may lack the watermark", opendata.Policy{AppID: otherApp, Now: after(0)}, payload(opendata.KindWeRun, true), opendata.Envelope{}, opendata.Checks{mismatch, known(0), absent}, []error{&opendata.AppIDError{Want: otherApp, Got: markedApp}}},
		{"another app, skipped", opendata.Policy{AppID: otherApp, Now: after(0), SkipWatermark: true}, payload(opendata.KindPhone, true), opendata.Envelope{}, opendata.Checks{skipped, known(0), absent}, nil},
		{"no watermark, user info", opendata.Policy{AppID: markedApp}, payload(opendata.KindUserInfo, false), opendata.Envelope{}, opendata.Checks{absent, opendata.Age{}, absent}, []error{opendata.ErrNoWatermark}},
		{"no watermark, phone, no appid configured", opendata.Policy{}, payload(opendata.KindPhone, false), opendata.Envelope{}, opendata.Checks{absent, opendata.Age{}, absent}, []error{opendata.ErrNoWatermark}},
		{"no watermark, phone, skipped", opendata.Policy{SkipWatermark: true}, payload(opendata.KindPhone, false), opendata.Envelope{}, opendata.Checks{skipped, opendata.Age{}, absent}, nil},
		{"no watermark, group", opendata.Policy{AppID: markedApp}, payload(opendata.KindGroup, false), opendata.Envelope{}, opendata.Checks{absent, opendata.Age{}, absent}, nil},
		{"no watermark, text", opendata.Policy{AppID: markedApp}, payload(opendata.KindText, false), opendata.Envelope{}, opendata.Checks{absent, opendata.Age{}, absent}, nil},
		{"no watermark, unknown", opendata.Policy{AppID: markedApp}, payload(opendata.KindUnknown, false), opendata.Envelope{}, opendata.Checks{absent, opendata.Age{}, absent}, nil},
		{"no watermark, age demanded", opendata.Policy{MaxAge: time.Hour}, payload(opendata.KindGroup, false), opendata.Envelope{}, opendata.Checks{absent, opendata.Age{}, absent}, []error{opendata.ErrNoWatermark}},
		{"no watermark, skipped, age demanded", opendata.Policy{MaxAge: time.Hour, SkipWatermark: true}, payload(opendata.KindPhone, false), opendata.Envelope{}, opendata.Checks{skipped, opendata.Age{}, absent}, []error{opendata.ErrNoWatermark}},
		{"no watermark is told once", opendata.Policy{MaxAge: time.Hour}, payload(opendata.KindPhone, false), opendata.Envelope{}, opendata.Checks{absent, opendata.Age{}, absent}, []error{opendata.ErrNoWatermark}},
		{"as old as allowed", opendata.Policy{Now: after(time.Hour), MaxAge: time.Hour}, payload(opendata.KindPhone, true), opendata.Envelope{}, opendata.Checks{skipped, known(3600), absent}, nil},
		{"older", opendata.Policy{Now: after(time.Hour + 1), MaxAge: time.Hour}, payload(opendata.KindPhone, true), opendata.Envelope{}, opendata.Checks{skipped, known(3600), absent}, []error{&opendata.AgeError{Age: time.Hour + 1, Max: time.Hour}}},
		{"older, but the watermark skipped", opendata.Policy{Now: after(2 * time.Hour), MaxAge: time.Hour, SkipWatermark: true}, payload(opendata.KindPhone, true), opendata.Envelope{}, opendata.Checks{skipped, known(7200), absent}, []error{&opendata.AgeError{Age: 2 * time.Hour, Max: time.Hour}}},
		{"a minute ahead", opendata.Policy{Now: after(-time.Minute), MaxAge: time.Hour}, payload(opendata.KindPhone, true), opendata.Envelope{}, opendata.Checks{skipped, known(-60), absent}, nil},
		{"further ahead", opendata.Policy{Now: after(-61 * time.Second), MaxAge: time.Hour}, payload(opendata.KindPhone, true), opendata.Envelope{}, opendata.Checks{skipped, known(-61), absent}, []error{&opendata.AgeError{Age: -61 * time.Second, Max: time.Hour}}},
		{"further ahead, any age allowed", opendata.Policy{Now: after(-time.Hour)}, payload(opendata.KindPhone, true), opendata.Envelope{}, opendata.Checks{skipped, known(-3600), absent}, nil},
		{"signature without rawData", opendata.Policy{Now: after(0)}, payload(opendata.KindPhone, true), opendata.Envelope{Signature: sig.Signature}, opendata.Checks{skipped, known(0), mismatch}, []error{&opendata.IncompleteError{Missing: "rawData"}}},
		{"rawData without signature", opendata.Policy{Now: after(0)}, payload(opendata.KindPhone, true), opendata.Envelope{RawData: sig.Message}, opendata.Checks{skipped, known(0), mismatch}, []error{&opendata.IncompleteError{Missing: "signature"}}},
		{"all at once", opendata.Policy{AppID: otherApp, Now: after(time.Hour), MaxAge: time.Minute}, payload(opendata.KindUserInfo, true), opendata.Envelope{RawData: "{}", Signature: sig.Signature}, opendata.Checks{mismatch, known(3600), mismatch}, []error{&opendata.AppIDError{Want: otherApp, Got: markedApp}, &opendata.AgeError{Age: time.Hour, Max: time.Minute}, opendata.ErrSignature}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.policy.Check(tt.payload, tt.envelope, sig.key())
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("checks (-want +got):\n%s", diff)
			}
			if tt.failures == nil {
				if err != nil {
					t.Errorf("error = %v", err)
				}
				return
			}
			failed, ok := errors.AsType[*opendata.CheckError](err)
			if !ok {
				t.Fatalf("error = %v", err)
			}
			if diff := cmp.Diff(tt.want, failed.Checks); diff != "" {
				t.Errorf("checks in the error (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.failures, failed.Failures, cmp.Comparer(sameFailure)); diff != "" {
				t.Errorf("failures (-want +got):\n%s", diff)
			}
			for _, failure := range tt.failures {
				if !strings.Contains(err.Error(), failure.Error()) {
					t.Errorf("error text %q does not tell %q", err, failure)
				}
			}
		})
	}
}

// sameFailure compares sentinels by identity and typed failures by their fields, which their texts tell.
func sameFailure(a, b error) bool {
	return errors.Is(a, b) || fmt.Sprintf("%T %v", a, a) == fmt.Sprintf("%T %v", b, b)
}

func TestPolicyWithoutClock(t *testing.T) {
	t.Parallel()
	p := opendata.Payload{Kind: opendata.KindPhone, Watermark: opendata.Watermark{Present: true, AppID: markedApp, Timestamp: time.Now().Add(-time.Hour)}}
	checks, err := opendata.Policy{MaxAge: 2 * time.Hour}.Check(p, opendata.Envelope{}, wechat.NewSessionKey(testKey))
	if err != nil || checks.AgeSeconds.Seconds < 3600 || checks.AgeSeconds.Seconds > 3700 {
		t.Errorf("checks = %+v, %v", checks, err)
	}
}

func TestCheckErrorTexts(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		`the data was made for appid "wx1f0e2d3c4b5a6978", not for "wx4f4bc4dec97d474b"`: &opendata.AppIDError{Want: markedApp, Got: "wx1f0e2d3c4b5a6978"},
		`the data was made 1h2m3s ago, more than 5m0s`:                                   &opendata.AgeError{Age: time.Hour + 2*time.Minute + 3*time.Second + 4, Max: 5 * time.Minute},
		`the data was made 2m0s in the future: one of the clocks is wrong`:               &opendata.AgeError{Age: -2 * time.Minute, Max: 5 * time.Minute},
	} {
		if got := err.Error(); got != want {
			t.Errorf("Error() = %q, want %q", got, want)
		}
	}
}

func TestChecksJSON(t *testing.T) {
	t.Parallel()
	for want, checks := range map[string]opendata.Checks{
		`{"watermark_appid":"ok","age_seconds":-3,"signature":"absent"}`:         {opendata.OutcomeOK, opendata.Age{Seconds: -3, Known: true}, opendata.OutcomeAbsent},
		`{"watermark_appid":"absent","age_seconds":null,"signature":"mismatch"}`: {opendata.OutcomeAbsent, opendata.Age{}, opendata.OutcomeMismatch},
		`{"watermark_appid":"skipped","age_seconds":0,"signature":"ok"}`:         {opendata.OutcomeSkipped, opendata.Age{Known: true}, opendata.OutcomeOK},
	} {
		text, err := json.Marshal(checks)
		if err != nil || string(text) != want {
			t.Errorf("JSON = %s, %v, want %s", text, err, want)
		}
		var back opendata.Checks
		if err := json.Unmarshal(text, &back); err != nil || back != checks {
			t.Errorf("read back: %+v, %v", back, err)
		}
	}
	if err := json.Unmarshal([]byte(`{"age_seconds":"1"}`), new(opendata.Checks)); err == nil {
		t.Error("an age in quotes was read")
	}
}

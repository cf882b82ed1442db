package opendata

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// futureTolerance is how far a watermark may be ahead of our clock before [Policy.MaxAge] refuses it: more than a machine that
// keeps its time with NTP is ever off.
const futureTolerance = time.Minute

// A Policy is what is demanded of a payload beyond that it decrypts.
type Policy struct {
	AppID wechat.AppID // the watermark's appid has to be this one; "" leaves it unchecked

	// Now is the time to reckon the age with; the zero time stands for the system's.
	Now time.Time

	// MaxAge refuses data older than this, data from more than a minute in the future, and, since its age is unknown, data without
	// a watermark. 0 takes data of any age.
	MaxAge time.Duration

	// SkipWatermark leaves the appid unchecked and lets any kind lack its watermark. It does not switch MaxAge off.
	SkipWatermark bool
}

// An Outcome is the result of one check.
type Outcome string

// The outcomes. A missing watermark ([OutcomeAbsent]) is a failure for user info and phone numbers and worth a warning for the
// other kinds.
const (
	OutcomeOK       Outcome = "ok"
	OutcomeAbsent   Outcome = "absent"  // there was nothing to check
	OutcomeSkipped  Outcome = "skipped" // the policy does not ask for the check
	OutcomeMismatch Outcome = "mismatch"
)

// Checks is what [Policy.Check] found. Its JSON is part of the output of wxlogin decrypt.
type Checks struct {
	WatermarkAppID Outcome `json:"watermark_appid"`
	AgeSeconds     Age     `json:"age_seconds"`
	Signature      Outcome `json:"signature"` // never skipped: it is verified whenever it is there
}

// An Age is a number of whole seconds, negative for the future, or unknown. In JSON it is a number or null. It is not a pointer,
// so that a check costs no allocation.
type Age struct {
	Seconds int64
	Known   bool
}

// MarshalJSON writes the number, or null.
func (a Age) MarshalJSON() ([]byte, error) {
	if !a.Known {
		return []byte("null"), nil
	}
	return json.Marshal(a.Seconds)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (a *Age) UnmarshalJSON(text []byte) error {
	var seconds *int64
	if err := json.Unmarshal(text, &seconds); err != nil {
		return err
	}
	*a = Age{}
	if seconds != nil {
		*a = Age{Seconds: *seconds, Known: true}
	}
	return nil
}

// ErrNoWatermark says that the watermark is missing where it is needed.
var ErrNoWatermark = errors.New("the data has no watermark: nothing says which mini program it was made for, and when")

// An AppIDError says that the data was made for another mini program.
type AppIDError struct{ Want, Got wechat.AppID }

func (e *AppIDError) Error() string {
	return fmt.Sprintf("the data was made for appid %q, not for %q", redact.Shorten(string(e.Got), 80), redact.Shorten(string(e.Want), 80))
}

// An AgeError says that the data is too old, or from the future, which a negative Age is.
type AgeError struct{ Age, Max time.Duration }

func (e *AgeError) Error() string {
	if e.Age < 0 {
		return fmt.Sprintf("the data was made %v in the future: one of the clocks is wrong", e.Age.Abs().Round(time.Second))
	}
	return fmt.Sprintf("the data was made %v ago, more than %v", e.Age.Round(time.Second), e.Max)
}

// A CheckError holds everything that failed: [ErrNoWatermark], a [*AppIDError], a [*AgeError], [ErrSignature],
// an [*IncompleteError]. errors.Is and errors.As find them.
type CheckError struct {
	Checks   Checks
	Failures []error
}

func (e *CheckError) Error() string {
	texts := make([]string, len(e.Failures))
	for i, failure := range e.Failures {
		texts[i] = failure.Error()
	}
	return strings.Join(texts, "; ")
}

// Unwrap returns the failures.
func (e *CheckError) Unwrap() []error { return e.Failures }

// Check holds an opened payload against the policy, and e's signature against its rawData. rawData without a signature, or the
// reverse, fails as a mismatch: WeChat gives both or neither, so one was lost. The error is a [*CheckError] with all that failed.
func (p Policy) Check(payload Payload, e Envelope, key wechat.SessionKey) (Checks, error) {
	var failures []error
	var checks Checks
	var err error
	if checks.WatermarkAppID, err = p.checkAppID(payload); err != nil {
		failures = append(failures, err)
	}
	if checks.AgeSeconds, err = p.checkAge(payload.Watermark); err != nil && !(errors.Is(err, ErrNoWatermark) && len(failures) > 0) {
		failures = append(failures, err)
	}
	if checks.Signature, err = checkSignature(e, key); err != nil {
		failures = append(failures, err)
	}
	if len(failures) > 0 {
		return checks, &CheckError{Checks: checks, Failures: failures}
	}
	return checks, nil
}

func (p Policy) checkAppID(payload Payload) (Outcome, error) {
	mark := payload.Watermark
	switch {
	case p.SkipWatermark:
		return OutcomeSkipped, nil
	case !mark.Present && payload.Kind.needsWatermark():
		return OutcomeAbsent, ErrNoWatermark
	case !mark.Present:
		return OutcomeAbsent, nil
	case p.AppID == "":
		return OutcomeSkipped, nil
	case mark.AppID != p.AppID:
		return OutcomeMismatch, &AppIDError{Want: p.AppID, Got: mark.AppID}
	}
	return OutcomeOK, nil
}

func (p Policy) checkAge(mark Watermark) (Age, error) {
	if !mark.Present {
		if p.MaxAge > 0 {
			return Age{}, ErrNoWatermark
		}
		return Age{}, nil
	}
	now := p.now()
	elapsed := now.Sub(mark.Timestamp)
	age := Age{Seconds: now.Unix() - mark.Timestamp.Unix(), Known: true}
	if p.MaxAge > 0 && (elapsed > p.MaxAge || p.Ahead(mark) > 0) {
		return age, &AgeError{Age: elapsed, Max: p.MaxAge}
	}
	return age, nil
}

// Ahead returns how far data is from the future, and 0 where that is no more than clocks are off. It is worth a remark also where
// MaxAge demands nothing: one of two clocks is wrong, or somebody made the data up.
func (p Policy) Ahead(mark Watermark) time.Duration {
	if ahead := mark.Timestamp.Sub(p.now()); mark.Present && ahead > futureTolerance {
		return ahead
	}
	return 0
}

func (p Policy) now() time.Time {
	if p.Now.IsZero() {
		return time.Now()
	}
	return p.Now
}

func checkSignature(e Envelope, key wechat.SessionKey) (Outcome, error) {
	if e.RawData == "" && e.Signature == "" {
		return OutcomeAbsent, nil
	}
	if err := VerifySignature(e.RawData, e.Signature, key); err != nil {
		return OutcomeMismatch, err
	}
	return OutcomeOK, nil
}

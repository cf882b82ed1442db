package session

import (
	"errors"
	"time"
)

// A Cutoff ends the login tokens of a user that were issued before a moment; without an OpenID, those of everybody at the mini program.
type Cutoff struct {
	ID
	Before time.Time
	Except string // the jti of one token that stays all the same; "" for none
	At     time.Time
	Until  time.Time // by then every token that it ends has expired
	Reason string    // for people
}

// Check returns an error that names what is missing.
func (c Cutoff) Check() error {
	id := c.ID
	id.OpenID = "everybody's" // may be empty
	if c.Before.IsZero() || c.At.IsZero() || c.Until.IsZero() {
		return errors.New("cutoff has no time")
	}
	return id.Check()
}

// Ends reports whether the cutoff ends a token.
func (c Cutoff) Ends(tokenID string, issued time.Time) bool {
	return issued.Before(c.Before) && (c.Except == "" || c.Except != tokenID)
}

// After returns what holds of a user once c follows earlier: c, whose moment and end are never before those that were.
func (c Cutoff) After(earlier Cutoff) Cutoff {
	c.Before, c.At, c.Until = Instant(c.Before), Instant(c.At), Instant(c.Until)
	c.Before, c.Until = later(c.Before, earlier.Before), later(c.Until, earlier.Until)
	return c
}

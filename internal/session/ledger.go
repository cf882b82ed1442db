package session

import (
	"crypto/sha256"
	"errors"
	"slices"
	"time"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// LedgerLife is how long the ledger remembers a code. A code itself lives five minutes; a week lets somebody ask on Monday what a
// test of last Tuesday did.
const LedgerLife = 7 * 24 * time.Hour

// An Exchange is an entry of the ledger, which tells what became of codes that were sent to WeChat: codes of wx.login and of the
// phone button, by their hash alone. An exchange has an entry before anything is sent and one when its outcome is known; the first
// without the second is what a process leaves that was killed between the two.
type Exchange struct {
	Origin   wechat.Origin
	AppID    wechat.AppID
	CodeHash [sha256.Size]byte // [HashCode]
	At       time.Time
	Outcome  Outcome
	ErrCode  wechat.ErrCode // of [OutcomeRefused], else 0
}

// An Outcome says how far an exchange came. The texts are what stores keep.
type Outcome string

// The outcomes.
const (
	OutcomeSending   Outcome = "sending"   // about to be sent
	OutcomeUnsent    Outcome = "unsent"    // nothing left this machine
	OutcomeExchanged Outcome = "exchanged" // WeChat gave what the code was for
	OutcomeRefused   Outcome = "refused"   // with an errcode
	OutcomeLost      Outcome = "lost"      // sent, and no usable answer came
)

// HashCode returns what stores know a code by.
func HashCode(code wechat.Code) [sha256.Size]byte { return sha256.Sum256([]byte(code)) }

// Claim returns what [Store.Claim] knows the code of the exchange by: a code belongs to a mini program, and to the WeChat that gave it.
func (e Exchange) Claim() [sha256.Size]byte {
	return sha256.Sum256([]byte(string(e.Origin) + "\x00" + string(e.AppID) + "\x00" + string(e.CodeHash[:])))
}

// CheckEnd returns an error that names what is missing in what [Store.End] is given.
func (e Exchange) CheckEnd(l *Login) error {
	if err := e.Check(); err != nil || l == nil {
		return err
	}
	return l.Check()
}

// Check returns an error that names what is missing.
func (e Exchange) Check() error {
	switch {
	case e.Origin == "":
		return errors.New("exchange has no origin")
	case e.AppID == "":
		return errors.New("exchange has no appid")
	case e.CodeHash == [sha256.Size]byte{}:
		return errors.New("exchange has no code")
	case e.At.IsZero():
		return errors.New("exchange has no time")
	case e.Outcome == "":
		return errors.New("exchange has no outcome")
	}
	return nil
}

// Spent reports whether WeChat will not accept the code again after this: it was exchanged, refused for what it is, or may be
// either. What blames the app or the moment leaves a code as it was.
func (e Exchange) Spent() bool {
	switch e.Outcome {
	case OutcomeExchanged, OutcomeLost, OutcomeSending:
		return true
	case OutcomeRefused:
		return e.ErrCode == wechat.CodeInvalidCode || e.ErrCode == wechat.CodeUsed || e.ErrCode == wechat.CodeBlocked
	case OutcomeUnsent:
	}
	return false
}

// Spending returns the entry of a code's history that tells most about why the code is spent: its exchange, else its first refusal,
// else that an answer never came. It reports false when the code is still good as far as the history knows.
func Spending(history []Exchange) (Exchange, bool) {
	settled := settle(history)
	for _, outcome := range []Outcome{OutcomeExchanged, OutcomeRefused, OutcomeLost, OutcomeSending} {
		i := slices.IndexFunc(settled, func(e Exchange) bool { return e.Outcome == outcome && e.Spent() })
		if i >= 0 {
			return settled[i], true
		}
	}
	return Exchange{}, false
}

// settle leaves out what a later entry has completed: a sending is undone by the next outcome of any kind.
func settle(history []Exchange) []Exchange {
	var settled []Exchange
	for _, e := range history {
		if e.Outcome != OutcomeSending {
			open := slices.IndexFunc(settled, func(s Exchange) bool { return s.Outcome == OutcomeSending && s.AppID == e.AppID })
			if open >= 0 {
				settled = slices.Delete(settled, open, open+1)
			}
		}
		settled = append(settled, e)
	}
	return settled
}

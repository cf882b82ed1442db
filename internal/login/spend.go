package login

import (
	"context"
	"errors"
	"time"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// A Ledger remembers what became of codes.
type Ledger interface {
	Record(ctx context.Context, e session.Exchange) error
}

// A Spender sends codes for a command, and keeps a ledger of it as [Service] does: an entry before, and one with the outcome. Whoever
// kills the process in between finds out from the ledger that the code may be consumed.
type Spender struct {
	Ledger Ledger // nil: nobody wants to know
	Origin wechat.Origin
	AppID  wechat.AppID
	Now    func() time.Time
}

// Spend calls send, which sends the code and keeps what it was for. When the first entry cannot be written nothing is sent, and the
// error is a [*StoreError]; else it is that of send. A second entry that cannot be written is left out: what the first one says,
// that the code may be consumed, stays true.
func (s Spender) Spend(ctx context.Context, code wechat.Code, send func(ctx context.Context) error) error {
	if s.Ledger == nil {
		return send(ctx)
	}
	entry := sending(s.Origin, s.AppID, code, s.Now())
	if err := s.Ledger.Record(ctx, entry); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &StoreError{err}
	}
	err := send(ctx)
	_ = s.Ledger.Record(context.WithoutCancel(ctx), ended(entry, err, s.Now()))
	return err
}

// sending is the entry of the ledger for a code that is about to be sent.
func sending(origin wechat.Origin, app wechat.AppID, code wechat.Code, now time.Time) session.Exchange {
	return session.Exchange{Origin: origin, AppID: app, CodeHash: session.HashCode(code), At: now, Outcome: session.OutcomeSending}
}

// ended is the entry that follows it once sending the code has given err.
func ended(e session.Exchange, err error, now time.Time) session.Exchange {
	e.At = now
	e.Outcome, e.ErrCode = outcomeOf(err)
	return e
}

// outcomeOf reads what became of a code from the error of sending it. Errors of our own, after the answer, change nothing about that.
func outcomeOf(err error) (session.Outcome, wechat.ErrCode) {
	if refusal, ok := errors.AsType[*wechat.Error](err); ok {
		return session.OutcomeRefused, refusal.Code
	}
	if failed, ok := errors.AsType[*wxapi.TransportError](err); ok {
		if !failed.Sent {
			return session.OutcomeUnsent, 0
		}
		return session.OutcomeLost, 0
	}
	if _, ok := errors.AsType[*wxapi.AnswerError](err); ok {
		return session.OutcomeLost, 0
	}
	return session.OutcomeExchanged, 0
}

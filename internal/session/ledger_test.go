package session_test

import (
	"testing"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

func TestSpending(t *testing.T) {
	t.Parallel()
	entry := func(second int, outcome session.Outcome, code wechat.ErrCode) session.Exchange {
		return session.Exchange{Origin: id.Origin, AppID: id.AppID, CodeHash: session.HashCode("c"), At: at(second), Outcome: outcome, ErrCode: code}
	}
	sending := func(second int) session.Exchange { return entry(second, session.OutcomeSending, 0) }
	exchanged, lost := entry(2, session.OutcomeExchanged, 0), entry(2, session.OutcomeLost, 0)
	unsent := entry(2, session.OutcomeUnsent, 0)
	refused := func(second int, code wechat.ErrCode) session.Exchange {
		return entry(second, session.OutcomeRefused, code)
	}
	for _, tt := range []struct {
		name    string
		history []session.Exchange
		want    *session.Exchange
	}{
		{"nothing", nil, nil},
		{"exchanged", []session.Exchange{sending(1), exchanged}, &exchanged},
		{"exchanged, and used when it was forced", []session.Exchange{sending(1), exchanged, sending(3), refused(4, 40163)}, &exchanged},
		{"lost", []session.Exchange{sending(1), lost}, &lost},
		{"lost, then used", []session.Exchange{sending(1), lost, sending(3), refused(4, 40163)}, new(refused(4, 40163))},
		{"killed", []session.Exchange{sending(1)}, new(sending(1))},
		{"killed, after one that was not sent", []session.Exchange{sending(1), unsent, sending(3)}, new(sending(3))},
		{"not sent", []session.Exchange{sending(1), unsent}, nil},
		{"busy", []session.Exchange{sending(1), refused(2, -1)}, nil},
		{"limited", []session.Exchange{sending(1), refused(2, 45011)}, nil},
		{"wrong secret", []session.Exchange{sending(1), refused(2, 40125)}, nil},
		{"wrong secret, then exchanged", []session.Exchange{sending(0), refused(1, 40125), sending(2), exchanged}, &exchanged},
		{"invalid", []session.Exchange{sending(1), refused(2, 40029)}, new(refused(2, 40029))},
		{"blocked", []session.Exchange{sending(1), refused(2, 40226)}, new(refused(2, 40226))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, spent := session.Spending(tt.history)
			if spent != (tt.want != nil) || tt.want != nil && got != *tt.want {
				t.Errorf("Spending = %+v, %v, want %+v", got, spent, tt.want)
			}
		})
	}
}

// TestSealTokenIsBound moves a sealed token to another app and unseals it with another key, and mixes it up with session keys.
func TestSealTokenIsBound(t *testing.T) {
	t.Parallel()
	mine := session.AccessToken{Origin: id.Origin, AppID: id.AppID, Value: login("92_token", 1, "").Key.Secret}
	sealed, err := session.SealToken(plainSealer{}, mine)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		token  session.AccessToken
		sealed []byte
		want   bool
	}{
		"as it was":       {mine, sealed, true},
		"another app":     {session.AccessToken{Origin: id.Origin, AppID: "wx0000000000000002"}, sealed, false},
		"another host":    {session.AccessToken{Origin: id.Origin + "x", AppID: id.AppID}, sealed, false},
		"divided anew":    {session.AccessToken{Origin: id.Origin + "w", AppID: id.AppID[1:]}, sealed, false},
		"nothing":         {mine, nil, false},
		"of another kind": {mine, []byte(string(sealed[:len(sealed)-1])), false},
	} {
		got := session.AccessToken{Origin: tt.token.Origin, AppID: tt.token.AppID}
		if ok := session.UnsealToken(plainSealer{}, &got, tt.sealed); ok != tt.want || got.Value.IsZero() == tt.want {
			t.Errorf("%s: %v", name, ok)
		}
	}
}

package config

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/wxlogin/wxlogin/internal/redact"
)

func TestKeyringAnswers(t *testing.T) {
	t.Parallel()
	broken := errors.New("no bus")
	tests := []struct {
		name   string
		secret string
		err    error
		want   error
	}{
		{"entry", "s3cret", nil, nil},
		{"no entry", "", keyring.ErrNotFound, ErrNoEntry},
		{"broken", "", broken, broken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			k := timedKeyring{
				get: func(service, account string) (string, error) {
					if service != "wxlogin" || account != "staging" {
						t.Errorf("asked for %q of %q", account, service)
					}
					return tt.secret, tt.err
				},
				set: func(_, _, secret string) error {
					if secret != "new" {
						t.Errorf("set %q", secret)
					}
					return tt.err
				},
			}
			got, err := k.Get(t.Context(), KeyringAccount("staging"))
			if got.Reveal() != tt.secret || !errors.Is(err, tt.want) {
				t.Errorf("Get = %d bytes, %v", got.Len(), err)
			}
			if err := k.Set(t.Context(), "staging", redact.NewSecret("new")); !errors.Is(err, tt.want) {
				t.Errorf("Set = %v", err)
			}
		})
	}
}

func TestKeyringTimesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		k := timedKeyring{get: func(_, _ string) (string, error) { <-release; return "late", nil }}
		start := time.Now()
		got, err := k.Get(t.Context(), "default")
		if !errors.Is(err, ErrKeyringTimeout) || !got.IsZero() || time.Since(start) != 3*time.Second {
			t.Errorf("Get = %d bytes, %v after %v", got.Len(), err, time.Since(start))
		}
		close(release)
	})
}

func TestNearest(t *testing.T) {
	t.Parallel()
	all := names(func(Key) bool { return true })
	for in, want := range map[string]string{
		"app_id": "appid", "AppID": "appid", "secrt": "secret", "token-ttl": "token_ttl", "outptu": "output", "timeuot": "timeout", "xyzzy": "", "": "",
	} {
		if got := nearest(in, all); got != want {
			t.Errorf("nearest(%q) = %q, want %q", in, got, want)
		}
	}
}

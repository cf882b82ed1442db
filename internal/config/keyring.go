package config

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/wxlogin/wxlogin/internal/redact"
)

// keyringService names the tool in the keyring.
const keyringService = "wxlogin"

// keyringTimeout bounds a keyring that waits for somebody to unlock it, or for a bus that nobody serves.
const keyringTimeout = 3 * time.Second

// The ways in which a keyring has no secret.
var (
	ErrNoEntry        = errors.New("no such entry in the keyring")
	ErrKeyringTimeout = errors.New("the keyring did not answer in time")
)

// Keyring keeps secrets for profiles. Errors are [ErrNoEntry], [ErrKeyringTimeout], or the system's.
type Keyring interface {
	Get(ctx context.Context, account string) (redact.Secret, error)
	Set(ctx context.Context, account string, secret redact.Secret) error
}

// SystemKeyring returns the keyring of the desktop: Keychain, Credential Manager, Secret Service. It answers within three seconds,
// also where there is none.
func SystemKeyring() Keyring { return timedKeyring{keyring.Get, keyring.Set} }

// timedKeyring gives up on a call that takes too long. The call itself cannot be stopped and goes on in the background.
type timedKeyring struct {
	get func(service, account string) (string, error)
	set func(service, account, secret string) error
}

func (k timedKeyring) Get(ctx context.Context, account string) (redact.Secret, error) {
	var secret string
	err := within(ctx, func() (err error) {
		secret, err = k.get(keyringService, account)
		return err
	})
	if err != nil {
		return redact.Secret{}, err // and not secret, which the call may still write
	}
	return redact.NewSecret(secret), nil
}

func (k timedKeyring) Set(ctx context.Context, account string, secret redact.Secret) error {
	return within(ctx, func() error { return k.set(keyringService, account, secret.Reveal()) })
}

func within(ctx context.Context, call func() error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, keyringTimeout, ErrKeyringTimeout)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- call() }()
	select {
	case err := <-done:
		switch {
		case errors.Is(err, keyring.ErrNotFound):
			return ErrNoEntry
		case err != nil:
			return fmt.Errorf("the keyring does not work here: %w", err)
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// KeyringAccount returns the name of a profile's entry in the keyring; "" is the entry of the values outside the profiles.
func KeyringAccount(profile string) string { return keyringAccount(profile) }

package config

import (
	"context"
	"errors"
	"io/fs"
	"os/exec"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/wxlogin/wxlogin/internal/lang"
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

// A KeyringError says that the keyring does not work, or that there is none.
type KeyringError struct {
	Missing bool // there is no keyring on this machine, as on most servers
	Err     error
}

// Error returns the text in English.
func (e *KeyringError) Error() string { return e.Message().In(lang.English) }

// Unwrap returns the system's error.
func (e *KeyringError) Unwrap() error { return e.Err }

// Message returns the text in both languages, with the cause in few words.
func (e *KeyringError) Message() lang.Message {
	if program, ok := errors.AsType[*exec.Error](e.Err); ok && e.Missing { // what D-Bus starts where no desktop runs
		return textNoKeyring.With(textNotInstalled.With(redact.Shorten(program.Name, maxShown)))
	}
	cause := redact.Shorten(e.Err.Error(), maxCause)
	if e.Missing {
		return textNoKeyring.With(cause)
	}
	return textKeyringFails.With(cause)
}

// maxCause is how many characters of the system's reason are shown: a line of a terminal with what stands before it.
const maxCause = 60

// newKeyringError finds out whether there is a keyring at all: without one the program that would start it is not installed, or
// its socket does not exist.
func newKeyringError(err error) *KeyringError {
	missing := errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, keyring.ErrUnsupportedPlatform)
	return &KeyringError{Missing: missing, Err: err}
}

// keyringReason is an error of a [Keyring] in both languages.
func keyringReason(err error) lang.Message {
	if e, ok := errors.AsType[*KeyringError](err); ok {
		return e.Message()
	}
	return textLookedKeyringError.With(err)
}

// Keyring keeps secrets for profiles. Errors are [ErrNoEntry], [ErrKeyringTimeout] or a [*KeyringError].
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
			return newKeyringError(err)
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// KeyringAccount returns the name of a profile's entry in the keyring; "" is the entry of the values outside the profiles.
func KeyringAccount(profile string) string { return keyringAccount(profile) }

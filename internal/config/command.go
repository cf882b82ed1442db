package config

import (
	"context"
	"io"
	"os/exec"
	"time"

	"github.com/wxlogin/wxlogin/internal/redact"
)

// commandTimeout leaves time to unlock a password manager by hand.
const commandTimeout = time.Minute

// limited keeps the first bytes of what a command prints and drops the rest. It does not embed the buffer, whose ReadFrom
// would let all of it in.
type limited struct{ kept []byte }

func (l *limited) Write(p []byte) (int, error) {
	if room := maxSecret + 1 - len(l.kept); room > 0 {
		l.kept = append(l.kept, p[:min(room, len(p))]...)
	}
	return len(p), nil
}

// runCommand runs a line in the system's shell and takes what it prints for the secret. No error holds the line, which may
// carry a secret itself, nor what it printed.
func runCommand(ctx context.Context, line, goos string, stderr io.Writer) (redact.Secret, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	shell := []string{"/bin/sh", "-c", line}
	if goos == "windows" {
		shell = []string{"cmd", "/C", line}
	}
	var out limited
	cmd := exec.CommandContext(ctx, shell[0], shell[1:]...)
	cmd.Stdout, cmd.Stderr = &out, stderr
	cmd.WaitDelay = time.Second // a grandchild that keeps the pipe open must not hold us
	err := cmd.Run()
	secret := trimmed(string(out.kept))
	switch {
	case ctx.Err() != nil:
		return redact.Secret{}, &Error{Reason: textCommandTimeout.With(commandTimeout), Err: ctx.Err()}
	case err != nil:
		return redact.Secret{}, &Error{Reason: textCommandFailed.With(err), Err: err}
	case secret.IsZero():
		return redact.Secret{}, &Error{Reason: textCommandEmpty.With(), Err: ErrNoSecret}
	case len(out.kept) > maxSecret:
		return redact.Secret{}, &Error{Reason: textSecretTooLarge.With(maxSecret)}
	}
	return secret, nil
}

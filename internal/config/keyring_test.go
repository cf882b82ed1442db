package config

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/wxlogin/wxlogin/internal/lang"
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

// TestKeyringErrorSays: whether there is a keyring at all, and why not in a few words.
func TestKeyringErrorSays(t *testing.T) {
	t.Parallel()
	noSocket := &net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", syscall.ENOENT)}
	for _, tt := range []struct {
		name             string
		err              error
		english, chinese string
	}{
		{
			"no D-Bus", &exec.Error{Name: "dbus-launch", Err: exec.ErrNotFound},
			"there is no keyring on this machine (dbus-launch is not installed)", "本机没有系统钥匙串（未安装 dbus-launch）",
		},
		{
			"another system", keyring.ErrUnsupportedPlatform,
			"there is no keyring on this machine (unsupported platform: " + runtime.GOOS + ")", "本机没有系统钥匙串（unsupported platform: " + runtime.GOOS + "）",
		},
		{"no socket", noSocket, "there is no keyring on this machine (" + noSocket.Error() + ")", "本机没有系统钥匙串（" + noSocket.Error() + "）"},
		{
			"long", errors.New(strings.Repeat("no ", 30) + "\x1b[2J"),
			"the keyring does not work here (" + strings.Repeat("no ", 20) + "...)", "系统钥匙串在此处不可用（" + strings.Repeat("no ", 20) + "...）",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			k := timedKeyring{get: func(_, _ string) (string, error) { return "", tt.err }}
			_, err := k.Get(t.Context(), "default")
			e, ok := errors.AsType[*KeyringError](err)
			if !ok || !errors.Is(err, tt.err) {
				t.Fatalf("error %v", err)
			}
			if e.Error() != tt.english || e.Message().In(lang.Chinese) != tt.chinese {
				t.Errorf("%q\n%q", e, e.Message().In(lang.Chinese))
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

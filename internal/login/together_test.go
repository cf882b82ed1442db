package login_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/session/sqlite"
	"github.com/wxlogin/wxlogin/internal/token"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

const (
	togetherVariable = "WXLOGIN_TEST_TOGETHER" // the store of a child that logs users in and decrypts for them
	firstVariable    = "WXLOGIN_TEST_FIRST"
	countVariable    = "WXLOGIN_TEST_COUNT"

	processes = 2
	clients   = 8 // of each process
)

// answerTo is what WeChat answers for a code that is a number.
func answerTo(code wechat.Code) wxapi.Session {
	sum := sha256.Sum256([]byte(code))
	n, _ := strconv.Atoi(string(code))
	return wxapi.Session{
		OpenID: wechat.OpenID(fmt.Sprintf("o%027d", n)), SessionKey: wechat.NewSessionKey(base64.StdEncoding.EncodeToString(sum[:16])),
	}
}

func togetherChild(path string) int {
	first, err1 := strconv.Atoi(os.Getenv(firstVariable))
	count, err2 := strconv.Atoi(os.Getenv(countVariable))
	ring, err3 := token.LoadOrCreate(path + ".keys")
	if err := errors.Join(err1, err2, err3); err != nil {
		fmt.Println(err)
		return 1
	}
	store, err := sqlite.Open(context.Background(), path, ring)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	service := login.New(login.Options{
		WeChat: weChat(func(_ context.Context, code wechat.Code) (wxapi.Session, error) { return answerTo(code), nil }),
		Store:  store, Tokens: ring, Now: newWatch().Now,
		Origin: origin, AppID: appID, Issuer: issuer, TokenTTL: tokenTTL, SessionTTL: sessionTTL,
	})
	var group sync.WaitGroup
	errs := make([]error, clients)
	for c := range clients {
		group.Go(func() {
			for n := first + c; n < first+count; n += clients {
				if errs[c] = loginAndDecrypt(service, n); errs[c] != nil {
					return
				}
			}
		})
	}
	group.Wait()
	if err := errors.Join(errors.Join(errs...), store.Close()); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

func loginAndDecrypt(service *login.Service, n int) error {
	ctx, code := context.Background(), wechat.Code(strconv.Itoa(n))
	issued, err := service.Login(ctx, code)
	if err != nil {
		return fmt.Errorf("login %d: %w", n, err)
	}
	envelope, err := opendata.Seal(answerTo(code).SessionKey, nil, fmt.Appendf(nil, `{"n":%d,"watermark":{"timestamp":1795000000,"appid":"%s"}}`, n, appID))
	if err != nil {
		return err
	}
	data, err := service.Decrypt(ctx, issued.Value.Reveal(), envelope)
	if err != nil || !strings.Contains(string(data.JSON), fmt.Sprintf(`"n":%d,`, n)) {
		return fmt.Errorf("decrypt %d: %s, %w", n, data.JSON, err)
	}
	return nil
}

// TestTogether lets two processes log users in and decrypt for them on one file at once: nobody meets a lock, and everything is there
// afterwards. WXLOGIN_LOAD makes it 10 000 operations.
func TestTogether(t *testing.T) {
	t.Parallel()
	operations := 600
	if os.Getenv("WXLOGIN_LOAD") != "" {
		operations = 10_000
	}
	logins := operations / 2
	path := filepath.Join(t.TempDir(), "wxlogin.db")
	var group sync.WaitGroup
	for p := range processes {
		group.Go(func() {
			var output bytes.Buffer
			child := exec.CommandContext(t.Context(), os.Args[0])
			child.Env = append(os.Environ(), togetherVariable+"="+path,
				fmt.Sprintf("%s=%d", firstVariable, p*logins/processes), fmt.Sprintf("%s=%d", countVariable, logins/processes))
			child.Stdout, child.Stderr = &output, &output
			if err := child.Run(); err != nil {
				t.Errorf("process %d: %v\n%s", p, err, output.String())
			}
		})
	}
	group.Wait()
	if t.Failed() {
		return
	}
	ring, err := token.LoadOrCreate(path + ".keys")
	if err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(t.Context(), path, ring)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	for n := range logins {
		code := wechat.Code(strconv.Itoa(n))
		found, err := store.Get(t.Context(), session.ID{Origin: origin, AppID: appID, OpenID: answerTo(code).OpenID})
		if err != nil || !found.Key.Equal(answerTo(code).SessionKey.Secret) {
			t.Fatalf("session %d: %v", n, err)
		}
		history, err := store.Exchanges(t.Context(), origin, session.HashCode(code))
		if err != nil || len(history) != 2 || history[1].Outcome != session.OutcomeExchanged {
			t.Fatalf("ledger of %d: %v, %v", n, history, err)
		}
	}
	if list, err := store.List(t.Context(), session.Filter{}); err != nil || len(list) != logins {
		t.Errorf("%d sessions, %v, want %d", len(list), err, logins)
	}
}

package stack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/mockclient"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/stack"
)

// TestRefusalIsLogged: the client gets one sentence for every cause, the log says which it was, and neither has the key or the data.
func TestRefusalIsLogged(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var log bytes.Buffer // read when the server has stopped
	running, err := stack.Start(ctx, stack.Options{
		Addr: "127.0.0.1:0", Logger: slog.New(slog.NewTextHandler(&log, nil)), TokenTTL: time.Hour, SessionTTL: time.Hour, Timeout: 5 * time.Second,
		Mock: &stack.Mock{Seed: 3},
	})
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client, err := mockclient.New(running.URL(), transport)
	if err != nil {
		t.Fatal(err)
	}
	web := &http.Client{Transport: transport}
	signedIn, err := client.Login(ctx, mockclient.Who{User: "bob"})
	if err != nil {
		t.Fatal(err)
	}
	var token struct{ Token string }
	answer, err := web.Get(running.URL() + "/onLogin?code=" + string(signedIn.Code))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(answer.Body).Decode(&token); err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	phone, err := client.Phone(ctx, mockclient.Who{User: "bob"})
	if err != nil {
		t.Fatal(err)
	}
	decrypt := func(e opendata.Envelope) string {
		body, _ := json.Marshal(e)
		request, _ := http.NewRequestWithContext(ctx, http.MethodPost, running.URL()+"/decrypt", bytes.NewReader(body))
		request.Header.Set("Authorization", "Bearer "+token.Token)
		answer, err := web.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		text, _ := io.ReadAll(answer.Body)
		return answer.Status + " " + string(text)
	}
	cut := decrypt(opendata.Envelope{EncryptedData: phone.EncryptedData[:len(phone.EncryptedData)-20], IV: phone.IV})
	quoted := decrypt(opendata.Envelope{EncryptedData: `"` + phone.EncryptedData + `"`, IV: phone.IV})
	swapped := decrypt(opendata.Envelope{EncryptedData: phone.IV, IV: phone.EncryptedData})
	if !strings.HasPrefix(cut, "422 ") || cut != quoted || cut != swapped {
		t.Errorf("the answers tell causes apart:\n%s\n%s\n%s", cut, quoted, swapped)
	}
	stop()
	if err := running.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`msg="decrypt refused" diagnosis=D33 name=truncated count=1`,
		`msg="decrypt refused" diagnosis=D05 name=quoted count=1`,
		`msg="decrypt refused" diagnosis=D20 name=iv-and-data-swapped count=1`,
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, log.String())
		}
	}
	for _, secret := range []string{phone.EncryptedData[:30], phone.IV, token.Token} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%q stands in the log:\n%s", secret, log.String())
		}
	}
}

package opendata_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// TestOpenSSL holds Open and Seal against the openssl of this machine, in both directions and over all lengths of padding.
func TestOpenSSL(t *testing.T) {
	t.Parallel()
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		if os.Getenv("WXLOGIN_REQUIRE") == "all" {
			t.Fatal("openssl is not installed, and WXLOGIN_REQUIRE=all demands it")
		}
		t.Skip("openssl is not installed: Open and Seal were checked against the stored vectors only")
	}
	rawKey, rawIV := []byte("sixteen byte key"), []byte("sixteen byte iv.")
	key := wechat.NewSessionKey(base64.StdEncoding.EncodeToString(rawKey))
	run := func(in []byte, args ...string) []byte {
		t.Helper()
		args = append([]string{"enc", "-aes-128-cbc", "-K", hex.EncodeToString(rawKey), "-iv", hex.EncodeToString(rawIV), "-a", "-A"}, args...)
		cmd := exec.CommandContext(t.Context(), openssl, args...)
		cmd.Stdin = bytes.NewReader(in)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for n := range 17 {
		plain := []byte(`{"city":"` + strings.Repeat("x", n) + `"}`)
		e := opendata.Envelope{EncryptedData: string(run(plain)), IV: base64.StdEncoding.EncodeToString(rawIV)}
		p, err := opendata.Open(key, e)
		if err != nil || !bytes.Equal(p.Plain, plain) {
			t.Errorf("Open(openssl(%s)) = %s, %v", plain, p.Plain, err)
		}
		sealed, err := opendata.Seal(key, rawIV, plain)
		if err != nil {
			t.Fatal(err)
		}
		if got := run([]byte(sealed.EncryptedData), "-d"); !bytes.Equal(got, plain) {
			t.Errorf("openssl(Seal(%s)) = %s", plain, got)
		}
	}
}

package token_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/token"
)

// TestOpensTokensOfNode opens what testdata/mint.mjs made.
func TestOpensTokensOfNode(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/node.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Source, Kid, Key string
		Vectors          []struct {
			Name, Token string
			Claims      token.Claims
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		t.Fatal(err)
	}
	key, err := base64.RawURLEncoding.DecodeString(file.Key)
	if err != nil {
		t.Fatal(err)
	}
	ring := ringOf(t, file.Kid, key)
	for _, v := range file.Vectors {
		header, claims, err := ring.Open(v.Token, time.Unix(1770000000, 0))
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
		}
		if diff := cmp.Diff(token.Header{Alg: "dir", Enc: "A256GCM", KeyID: "node-1", Type: "JWT"}, header); diff != "" {
			t.Errorf("%s: header (-want +got):\n%s", v.Name, diff)
		}
		if diff := cmp.Diff(v.Claims, claims); diff != "" {
			t.Errorf("%s: claims (-want +got):\n%s", v.Name, diff)
		}
	}
	if len(file.Vectors) != 2 {
		t.Errorf("%d vectors", len(file.Vectors))
	}
}

func ringOf(t *testing.T, kid string, key []byte) *token.Ring {
	t.Helper()
	text := fmt.Sprintf(`{"version":1,"storage":%s,"tokens":[{"key":%s,"state":"active","created":"2026-01-01T00:00:00Z"}]}`,
		jwk("s", keyStorage), jwk(kid, key))
	ring, err := token.Load(writeRing(t, text, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// TestNodeOpensOurTokens lets node's crypto open a token that was just issued.
func TestNodeOpensOurTokens(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	require(t, err)
	cmd := exec.CommandContext(t.Context(), node, "testdata/open.mjs", b64(keyA))
	cmd.Stdin = strings.NewReader(issue(t, loadTwoKeys(t), sampleClaims()))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	got, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	want := `{"header":{"alg":"dir","enc":"A256GCM","kid":"a","typ":"JWT"},"claims":{"iss":"wxlogin","sub":"oGZUI0egBJY1zhBYw2KhdUfwVJJE",` +
		`"aud":"wx4f4bc4dec97d474b","iat":1770000000,"exp":1770086400,"jti":"j1","unionid":"ocMvos6NjeKLIBqg5Mr9QjxrP1FA"}}` + "\n"
	if string(got) != want {
		t.Errorf("node read\n%swant\n%s", got, want)
	}
}

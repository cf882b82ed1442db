package opendata_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A vector is a file in testdata/vectors. Purpose decides which of the other fields it has.
type vector struct {
	Purpose string `json:"purpose"` // open, damaged, signature, hmac
	Source  string `json:"source"`  // where the vector comes from
	Note    string `json:"note"`

	Kind          opendata.Kind `json:"kind,omitempty"`
	AppID         wechat.AppID  `json:"appid,omitempty"`     // of the watermark
	Timestamp     int64         `json:"timestamp,omitempty"` // of the watermark
	SessionKey    string        `json:"session_key"`
	IV            string        `json:"iv,omitempty"`
	EncryptedData string        `json:"encrypted_data,omitempty"`
	Plaintext     string        `json:"plaintext,omitempty"`
	SHA256        string        `json:"plaintext_sha256,omitempty"`

	Field  string          `json:"bad_field,omitempty"` // of a damaged vector
	Reason opendata.Reason `json:"bad_reason,omitempty"`
	Pos    int             `json:"bad_pos,omitempty"`

	Message   string `json:"message,omitempty"` // what signature and hmac sign
	Signature string `json:"signature,omitempty"`
}

func (v vector) key() wechat.SessionKey { return wechat.NewSessionKey(v.SessionKey) }

func (v vector) envelope() opendata.Envelope {
	return opendata.Envelope{EncryptedData: v.EncryptedData, IV: v.IV}
}

func loadVector(tb testing.TB, name string) vector {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "vectors", name+".json"))
	if err != nil {
		tb.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	var v vector
	if err := dec.Decode(&v); err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	return v
}

// vectorNames lists the vectors, so that one that is lost or added unseen is noticed.
var vectorNames = []string{
	"official-demo-userinfo", "official-demo-userinfo-plus-as-space", "official-signature", "official-user-signature",
	"openssl-full-block-of-padding", "openssl-group", "openssl-phone", "openssl-phone-foreign", "openssl-share", "openssl-storage",
	"openssl-text", "openssl-text-chinese", "openssl-unknown", "openssl-user-signature-empty", "openssl-userinfo-chinese",
	"openssl-werun", "rustport-groupenter-synthetic", "rustport-share-synthetic", "rustport-werun-synthetic",
}

func TestVectors(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir(filepath.Join("testdata", "vectors"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		names = append(names, strings.TrimSuffix(file.Name(), ".json"))
	}
	slices.Sort(names) // the files come sorted with their extension
	if diff := cmp.Diff(vectorNames, names); diff != "" {
		t.Fatalf("the files are not the known vectors (-known +there):\n%s", diff)
	}
	kinds := map[opendata.Kind]int{}
	for _, name := range names {
		v := loadVector(t, name)
		kinds[v.Kind]++
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if v.Source == "" || v.Note == "" {
				t.Error("the vector does not say where it comes from")
			}
			switch v.Purpose {
			case "open":
				v.testOpen(t)
			case "damaged":
				v.testDamaged(t)
			case "signature":
				v.testSignature(t)
			case "hmac":
				if got := opendata.SignSession(v.key(), []byte(v.Message)); got != v.Signature {
					t.Errorf("SignSession = %s, want %s", got, v.Signature)
				}
			default:
				t.Errorf("unknown purpose %q", v.Purpose)
			}
		})
	}
	for _, kind := range opendata.Kinds() {
		if kinds[kind] == 0 {
			t.Errorf("no vector of kind %q", kind)
		}
	}
}

func (v vector) testOpen(t *testing.T) {
	t.Helper()
	if !slices.Contains(opendata.Kinds(), v.Kind) {
		t.Fatalf("unknown kind %q", v.Kind)
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256([]byte(v.Plaintext))); sum != v.SHA256 {
		t.Errorf("the vector's plain text has the sum %s, not %s", sum, v.SHA256)
	}
	want := opendata.Payload{Kind: v.Kind, Plain: []byte(v.Plaintext)}
	if v.AppID != "" {
		want.Watermark = opendata.Watermark{Present: true, AppID: v.AppID, Timestamp: time.Unix(v.Timestamp, 0).UTC()}
	}
	got, err := opendata.Open(v.key(), v.envelope())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Open (-want +got):\n%s", diff)
	}
	iv, err := base64.StdEncoding.DecodeString(v.IV)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := opendata.Seal(v.key(), iv, []byte(v.Plaintext))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(v.envelope(), sealed); diff != "" {
		t.Errorf("Seal (-want +got):\n%s", diff)
	}
}

func (v vector) testDamaged(t *testing.T) {
	t.Helper()
	_, err := opendata.Open(v.key(), v.envelope())
	got, ok := errors.AsType[*opendata.InputError](err)
	if !ok {
		t.Fatalf("error = %v", err)
	}
	want := &opendata.InputError{Field: v.Field, Reason: v.Reason, Pos: v.Pos, Len: len(v.EncryptedData), Size: -1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

func (v vector) testSignature(t *testing.T) {
	t.Helper()
	if got := opendata.Sign(v.Message, v.key()); got != v.Signature {
		t.Errorf("Sign = %s, want %s", got, v.Signature)
	}
	for _, tt := range []struct {
		name, message, signature string
		key                      wechat.SessionKey
		want                     error
	}{
		{"as it came", v.Message, v.Signature, v.key(), nil},
		{"a blank more", v.Message + " ", v.Signature, v.key(), opendata.ErrSignature},
		{"upper case", v.Message, strings.ToUpper(v.Signature), v.key(), opendata.ErrSignature},
		{"cut", v.Message, v.Signature[:39], v.key(), opendata.ErrSignature},
		{"another key", v.Message, v.Signature, wechat.NewSessionKey("tiihtNczf5v6AKRyjwEUhQ=="), opendata.ErrSignature},
		{"no signature", v.Message, "", v.key(), opendata.ErrSignatureIncomplete},
		{"no rawData", "", v.Signature, v.key(), opendata.ErrSignatureIncomplete},
	} {
		if err := opendata.VerifySignature(tt.message, tt.signature, tt.key); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

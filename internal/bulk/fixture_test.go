package bulk_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wxlogin/wxlogin/internal/bulk"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const appID = "wx4f4bc4dec97d474b"

// options are what the tests run with, unless they bend them.
func options() bulk.Options {
	return bulk.Options{
		Policy: opendata.Policy{AppID: appID}, Lang: lang.English, Workers: 2, Examined: 20,
		Now: func() time.Time { return time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC) },
	}
}

// phone is the plain text of a phone number.
func phone(n int) string {
	return fmt.Sprintf(`{"phoneNumber":"138%08d","purePhoneNumber":"138%08d","countryCode":"86","watermark":{"timestamp":1764000000,"appid":"%s"}}`, n, n, appID)
}

// key is the n-th session_key.
func key(n int) wechat.SessionKey {
	sum := sha256.Sum256(fmt.Append(nil, "key", n))
	return wechat.NewSessionKey(base64.StdEncoding.EncodeToString(sum[:16]))
}

// line seals plain and writes it with its key as programs do. Parts of extra stand behind.
func line(tb testing.TB, k wechat.SessionKey, plain string, extra ...string) string {
	tb.Helper()
	iv := sha256.Sum256([]byte(plain))
	e, err := opendata.Seal(k, iv[:16], []byte(plain))
	if err != nil {
		tb.Fatal(err)
	}
	parts := append([]string{fmt.Sprintf(`"session_key":"%s"`, k.Reveal()), fmt.Sprintf(`"iv":"%s"`, e.IV), fmt.Sprintf(`"encryptedData":"%s"`, e.EncryptedData)}, extra...)
	return "{" + strings.Join(parts, ",") + "}"
}

// without takes a member out of a line.
func without(text, name string) string {
	from := strings.Index(text, `"`+name+`":"`)
	size := strings.Index(text[from:], `",`) + len(`",`)
	return text[:from] + text[from+size:]
}

// A row is a line of the output.
type row struct {
	Line int64           `json:"line"`
	OK   bool            `json:"ok"`
	Kind string          `json:"kind"`
	Data json.RawMessage `json:"data"`
	Keep json.RawMessage `json:"keep"`

	Repaired []string `json:"repaired"`

	Diagnosis *struct {
		ID, Name, Verdict, Fix string
		Evidence               []string
		Repairable             bool
	} `json:"diagnosis"`
}

// A fataler is a *testing.T or a *rapid.T.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// rows reads output, which has to be whole lines.
func rows(tb fataler, output []byte) []row {
	tb.Helper()
	if len(output) > 0 && !bytes.HasSuffix(output, []byte("\n")) {
		tb.Fatalf("the output does not end with a line: %q", output[max(0, len(output)-80):])
	}
	var list []row
	for text := range bytes.Lines(output) {
		var r row
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&r); err != nil {
			tb.Fatalf("%v: %q", err, text)
		}
		list = append(list, r)
	}
	return list
}

// run decrypts in and returns the rows.
func run(t *testing.T, in io.Reader, o bulk.Options) ([]row, bulk.Summary) {
	t.Helper()
	var out bytes.Buffer
	sum, err := bulk.Run(context.Background(), in, &out, o)
	if err != nil {
		t.Fatal(err)
	}
	return rows(t, out.Bytes()), sum
}

// runText is run for one text, of which each line has a row.
func runText(t *testing.T, o bulk.Options, lines ...string) []row {
	t.Helper()
	list, _ := run(t, strings.NewReader(strings.Join(lines, "\n")), o)
	if len(list) != len(lines) {
		t.Fatalf("%d rows for %d lines", len(list), len(lines))
	}
	return list
}

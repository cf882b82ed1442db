package wxhttp_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
	"github.com/wxlogin/wxlogin/internal/wxhttp"
)

// Where the forms of the answers under /cgi-bin/ and /wxa/ were taken from. All were read in November 2026.
const (
	familySource = "; Content-Type of a dump of 2017 of cgi-bin/token; rid without a comma as in reports of 2020 to 2025"

	sourceToken     = "documentation of getAccessToken (fields), length and alphabet of five public tokens of 2022 to 2025" + familySource
	sourceStable    = "documentation of getStableAccessToken" + familySource
	sourceTokenErr  = "public reports of 2020 to 2025 of cgi-bin/token (text)" + familySource
	sourceStableErr = "public report of 2023 of stable_token (text)" + familySource
	sourceAnyToken  = "public reports of 2020 to 2025 of calls with an access_token (text)" + familySource
	sourceGeneral   = "WeChat's general table of errcodes (text)" + familySource
	sourceOurChoice = "our choice, see the comment of the endpoint; text of WeChat's general table of errcodes" + familySource
	sourceCheck     = "documentation of checkSessionKey" + familySource
	sourceReset     = "documentation of resetUserSessionKey; bare slashes are our choice" + familySource
	sourcePhone     = "documentation of getPhoneNumber; countryCode as in its table" + familySource
	sourceMessage   = "documentation of checkEncryptedData, its spelling included" + familySource
	sourceRID       = "documentation of getRidInfo; secrets masked and request_body empty by our choice" + familySource
)

// wireTest is a call whose answer a golden file holds.
type wireTest struct {
	name, source string
	method       string // GET when empty
	call         func(b bed) (target, body string)
	noted        noted
}

// noted is what the journal is to know of a call.
type noted struct {
	ErrCode             int
	AppID, User, Reason string
}

func runWire(t *testing.T, tests []wireTest) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBed(t, wxhttp.Options{})
				method := tt.method
				if method == "" {
					method = http.MethodGet
				}
				target, body := tt.call(b)
				answer, record := b.do(method, target, body)
				golden(t, tt.source, answer)
				got := noted{record.ErrCode, string(record.AppID), record.User, record.Reason}
				if diff := cmp.Diff(tt.noted, got); diff != "" {
					t.Error("journal:", diff)
				}
			})
		})
	}
}

const demo = string(world.DemoAppID)

// fields are those of an answer.
type fields map[string]any

// text is "" for a field that is absent or no string.
func (f fields) text(name string) string {
	text, _ := f[name].(string)
	return text
}

// read makes a call that must succeed and returns the fields of the answer.
func (b bed) read(method, target, body string) fields {
	b.t.Helper()
	answer, _ := b.do(method, target, body)
	var fields fields
	if err := json.NewDecoder(answer.Body).Decode(&fields); err != nil {
		b.t.Fatal(err)
	}
	if code, refused := fields["errcode"]; refused && code != 0.0 {
		b.t.Fatalf("%s: %v", target, fields)
	}
	return fields
}

func tokenURL(app wechat.AppID, secret string) string {
	return "/cgi-bin/token?" + url.Values{"grant_type": {"client_credential"}, "appid": {string(app)}, "secret": {secret}}.Encode()
}

// token fetches a token of the demo app.
func (b bed) token() string {
	b.t.Helper()
	return b.read(http.MethodGet, tokenURL(world.DemoAppID, world.DemoSecret), "").text("access_token")
}

func (b bed) otherToken() string {
	b.t.Helper()
	return b.read(http.MethodGet, tokenURL(unboundApp, otherSecret), "").text("access_token")
}

// TestAccessToken holds how the endpoints that take a token refuse one, on one of them. Token checks come before those of method
// and body.
func TestAccessToken(t *testing.T) {
	t.Parallel()
	const path = "/wxa/business/getuserphonenumber"
	runWire(t, []wireTest{
		{
			name: "missing", source: sourceAnyToken, call: func(bed) (string, string) { return path, "" },
			noted: noted{ErrCode: 41001, Reason: "no access_token in the query"},
		},
		{
			name: "malformed", source: sourceGeneral, call: func(bed) (string, string) { return path + "?access_token=ACCESS_TOKEN", "" },
			noted: noted{ErrCode: 40014, Reason: "malformed access_token of 12 characters"},
		},
		{
			name: "of somebody else", source: sourceAnyToken,
			call: func(bed) (string, string) {
				return path + "?access_token=92_" + strings.Repeat("x", 133), ""
			},
			noted: noted{ErrCode: 40001, Reason: "access_token of another simulation, of the real WeChat, or mangled"},
		},
		{
			name: "expired", source: sourceAnyToken,
			call: func(b bed) (string, string) {
				target := path + "?access_token=" + b.token()
				b.world.Clock().Move(2 * time.Hour)
				return target, ""
			},
			noted: noted{ErrCode: 42001, Reason: "access_token is older than two hours"},
		},
		{
			name: "replaced", source: sourceAnyToken,
			call: func(b bed) (string, string) {
				target := path + "?access_token=" + b.token()
				b.token()
				b.world.Clock().Move(6 * time.Minute)
				return target, ""
			},
			noted: noted{ErrCode: 40001, Reason: "access_token was replaced by a newer one of token, and ended 60 s ago"},
		},
		{
			name: "empty", source: sourceAnyToken, call: func(bed) (string, string) { return path + "?access_token=", "" },
			noted: noted{ErrCode: 41001, Reason: "no access_token in the query"},
		},
		{
			name: "get", source: sourceGeneral, call: func(b bed) (string, string) { return path + "?access_token=" + b.token(), "" },
			noted: noted{ErrCode: 43002, AppID: demo, Reason: "called by GET"},
		},
		{
			name: "no body", source: sourceGeneral, method: http.MethodPost,
			call:  func(b bed) (string, string) { return path + "?access_token=" + b.token(), "" },
			noted: noted{ErrCode: 44002, AppID: demo, Reason: "no body"},
		},
		{
			name: "array", source: sourceGeneral, method: http.MethodPost,
			call:  func(b bed) (string, string) { return path + "?access_token=" + b.token(), "[]" },
			noted: noted{ErrCode: 47001, AppID: demo, Reason: "body is JSON and no object"},
		},
	})
}

// TestAccessTokenInTheHeader: WeChat does not read it there, and the journal says so.
func TestAccessTokenInTheHeader(t *testing.T) {
	t.Parallel()
	b := newBed(t, wxhttp.Options{})
	r := httptest.NewRequest(http.MethodGet, "/wxa/checksession", http.NoBody)
	r.Header.Set("Authorization", "Bearer "+b.token())
	var record journal.Record
	b.handler.ServeHTTP(httptest.NewRecorder(), r.WithContext(journal.With(r.Context(), &record)))
	if want := "no access_token in the query; one in the header is not read"; record.ErrCode != 41001 || record.Reason != want {
		t.Errorf("errcode %d, reason %q", record.ErrCode, record.Reason)
	}
}

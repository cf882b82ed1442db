package wxhttp_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wxlogin/wxlogin/internal/world"
	"github.com/wxlogin/wxlogin/internal/wxhttp"
)

// refusedRID makes a call that is refused and returns its rid.
func (b bed) refusedRID(method, target, body string) string {
	b.t.Helper()
	answer, _ := b.do(method, target, body)
	var text bytes.Buffer
	if _, err := text.ReadFrom(answer.Body); err != nil {
		b.t.Fatal(err)
	}
	_, rid, found := strings.Cut(text.String(), "rid: ")
	if !found {
		b.t.Fatal(text.String())
	}
	return strings.TrimSuffix(rid, `"}`)
}

func TestRIDGet(t *testing.T) {
	t.Parallel()
	const path = "/cgi-bin/openapi/rid/get?access_token="
	with := func(rid func(b bed) string) func(bed) (string, string) {
		return func(b bed) (string, string) {
			body := fmt.Sprintf(`{"rid":%q}`, rid(b)) // first: it may move the clock
			return path + b.token(), body
		}
	}
	refused := func(b bed) string {
		return b.refusedRID(http.MethodPost, "/wxa/business/getuserphonenumber?x=1&access_token="+b.token(), `{"code":"x"}`)
	}
	const general = "documentation of getRidInfo (text)" + familySource
	runWire(t, []wireTest{
		{name: "success", source: sourceRID, method: http.MethodPost, call: with(refused), noted: noted{AppID: demo}},
		{
			name: "unknown", source: general, method: http.MethodPost, call: with(func(bed) string { return "386d4380-00000000-00000000" }),
			noted: noted{ErrCode: 76001, AppID: demo, Reason: "not among the last 1024 refusals of calls with a valid appid"},
		},
		{
			name: "of a call without a valid appid", source: "public report (errcode); documentation of getRidInfo (text)" + familySource, method: http.MethodPost,
			call:  with(func(b bed) string { return b.refusedRID(http.MethodGet, tokenURL("wxcccccccccccccccc", "x"), "") }),
			noted: noted{ErrCode: 76001, AppID: demo, Reason: "not among the last 1024 refusals of calls with a valid appid"},
		},
		{
			name: "malformed", source: general, method: http.MethodPost, call: with(func(bed) string { return "386d4380-0" }),
			noted: noted{ErrCode: 76002, AppID: demo, Reason: "no rid in the JSON body, or a malformed one"},
		},
		{
			name: "absent", source: general, method: http.MethodPost, call: func(b bed) (string, string) { return path + b.token(), "{}" },
			noted: noted{ErrCode: 76002, AppID: demo, Reason: "no rid in the JSON body, or a malformed one"},
		},
		{
			name: "of another app", source: general, method: http.MethodPost,
			call: func(b bed) (string, string) {
				return path + b.otherToken(), fmt.Sprintf(`{"rid":%q}`, refused(b))
			},
			noted: noted{ErrCode: 76003, AppID: string(unboundApp), Reason: "rid of a call by wx0123456789abcdef"},
		},
		{
			name: "after seven days", source: general, method: http.MethodPost,
			call: with(func(b bed) string {
				rid := refused(b)
				b.world.Clock().Move(7*24*time.Hour + time.Second)
				return rid
			}),
			noted: noted{ErrCode: 76004, AppID: demo, Reason: "rid is older than seven days"},
		},
		{
			name: "of sns", source: "note of the documentation of getRidInfo (errcode); that of getApiQuota (text)" + familySource, method: http.MethodPost,
			call:  with(func(b bed) string { return b.refusedRID(http.MethodGet, demoURL("x"), "") }),
			noted: noted{ErrCode: 76022, AppID: demo, Reason: "rid of a call under /sns/"},
		},
	})
}

// TestRIDsAreBounded makes more refusals than are remembered, and asks for the newest and for one that is forgotten.
func TestRIDsAreBounded(t *testing.T) {
	t.Parallel()
	b := newBed(t, wxhttp.Options{})
	target := "/cgi-bin/openapi/rid/get?access_token=" + b.token()
	secret := "/cgi-bin/token?grant_type=client_credential&appid=" + demo + "&secret=" + otherSecret
	first := b.refusedRID(http.MethodGet, secret, "")
	var last string
	for range 1500 {
		last = b.refusedRID(http.MethodGet, secret, "")
	}
	if _, record := b.do(http.MethodPost, target, fmt.Sprintf(`{"rid":%q}`, first)); record.ErrCode != 76001 {
		t.Errorf("the first rid: errcode %d", record.ErrCode)
	}
	request, _ := b.read(http.MethodPost, target, fmt.Sprintf(`{"rid":%q}`, last))["request"].(map[string]any)
	if want := "grant_type=client_credential&appid=" + demo + "&secret=xxxx"; request["request_url"] != want {
		t.Errorf("request_url %q, want %q", request["request_url"], want)
	}
}

// TestResetForgetsRIDs of the app that is reset, and of no other.
func TestResetForgetsRIDs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, wxhttp.Options{})
		mine := b.refusedRID(http.MethodGet, tokenURL(world.DemoAppID, "x"), "")
		others := b.refusedRID(http.MethodGet, tokenURL(unboundApp, "x"), "")
		b.read(http.MethodPost, "/_mock/reset", `{"appid":"`+demo+`"}`)
		const path = "/cgi-bin/openapi/rid/get?access_token="
		if _, record := b.do(http.MethodPost, path+b.token(), `{"rid":"`+mine+`"}`); record.ErrCode != 76001 {
			t.Errorf("the app that was reset: errcode %d", record.ErrCode)
		}
		if _, record := b.do(http.MethodPost, path+b.otherToken(), `{"rid":"`+others+`"}`); record.ErrCode != 0 {
			t.Errorf("the other app: errcode %d", record.ErrCode)
		}
	})
}

package wxhttp_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/world"
)

// tap is alice, who logs in and taps the button.
func (b bed) tap() world.Phone {
	b.t.Helper()
	b.login("", "alice")
	p, err := b.world.Phone("", "alice")
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

func TestGetUserPhoneNumber(t *testing.T) {
	t.Parallel()
	const path = "/wxa/business/getuserphonenumber?access_token="
	with := func(code func(b bed) string) func(bed) (string, string) {
		return func(b bed) (string, string) { return path + b.token(), fmt.Sprintf(`{"code":%q}`, code(b)) }
	}
	const source40029 = "public reports of 2023 and 2024 of getuserphonenumber (text)" + familySource
	runWire(t, []wireTest{
		{
			name: "success", source: sourcePhone, method: http.MethodPost, noted: noted{AppID: demo, User: "alice"},
			call: with(func(b bed) string { return string(b.tap().Code) }),
		},
		{
			name: "used", source: source40029, method: http.MethodPost,
			call: with(func(b bed) string {
				code := string(b.tap().Code)
				b.read(http.MethodPost, path+b.token(), fmt.Sprintf(`{"code":%q}`, code))
				time.Sleep(3200 * time.Millisecond)
				return code
			}),
			noted: noted{ErrCode: 40029, AppID: demo, User: "alice", Reason: "phone code used 3.2 s ago by 127.0.0.1:51234"},
		},
		{
			name: "expired", source: source40029, method: http.MethodPost,
			call: with(func(b bed) string {
				code := string(b.tap().Code)
				b.world.Clock().Move(6 * time.Minute)
				return code
			}),
			noted: noted{ErrCode: 40029, AppID: demo, Reason: "phone code expired 60 s ago"},
		},
		{
			name: "login code", source: source40029, method: http.MethodPost,
			call:  with(func(b bed) string { return b.login("", "alice") }),
			noted: noted{ErrCode: 40029, AppID: demo, Reason: "a code of wx.login, not of the getPhoneNumber button"},
		},
		{
			name: "in quotes", source: source40029, method: http.MethodPost,
			call:  with(func(b bed) string { return "'" + string(b.tap().Code) + "'" }),
			noted: noted{ErrCode: 40029, AppID: demo, Reason: "phone code wrapped in quotes"},
		},
		{
			name: "token of another app", source: "documentation of getPhoneNumber, and a report of 2023 (text)" + familySource, method: http.MethodPost,
			call: func(b bed) (string, string) {
				return path + b.otherToken(), fmt.Sprintf(`{"code":%q}`, b.tap().Code)
			},
			noted: noted{ErrCode: 40013, AppID: string(unboundApp), User: "alice", Reason: "phone code belongs to wx0123456789abcdef"},
		},
		{
			name: "openid of another user", source: sourceOurChoice, method: http.MethodPost,
			call: func(b bed) (string, string) {
				return path + b.token(), fmt.Sprintf(`{"code":%q,"openid":"oFviJ5eTtaGJqSSu4_yJsPeMrvKz"}`, b.tap().Code)
			},
			noted: noted{ErrCode: 40029, AppID: demo, User: "alice", Reason: "phone code belongs to alice, who has another openid"},
		},
		{
			name: "form", source: "public report of 2021 of getuserphonenumber (text)" + familySource, method: http.MethodPost,
			call:  func(b bed) (string, string) { return path + b.token(), "code=" + string(b.tap().Code) },
			noted: noted{ErrCode: 47001, AppID: demo, Reason: "body is not JSON"},
		},
		{
			name: "no code", source: sourceGeneral, method: http.MethodPost,
			call:  func(b bed) (string, string) { return path + b.token(), `{"js_code":"x"}` },
			noted: noted{ErrCode: 47001, AppID: demo, Reason: "no code in the JSON body"},
		},
	})
}

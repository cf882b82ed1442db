package wxhttp_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

const stableBody = `{"grant_type":"client_credential","appid":"wx0123456789abcdef","secret":"0123456789abcdef0123456789abcdef"}`

func TestToken(t *testing.T) {
	t.Parallel()
	get := func(query string) func(bed) (string, string) {
		return func(bed) (string, string) { return "/cgi-bin/token" + query, "" }
	}
	runWire(t, []wireTest{
		{
			name: "success", source: sourceToken, noted: noted{AppID: demo},
			call: func(bed) (string, string) { return tokenURL(world.DemoAppID, world.DemoSecret), "" },
		},
		{
			name: "nothing", source: sourceTokenErr, call: get(""),
			noted: noted{ErrCode: 40002, Reason: "no grant_type"},
		},
		{
			name: "parameters in a body", source: sourceTokenErr, method: http.MethodPost,
			call:  func(bed) (string, string) { return "/cgi-bin/token", stableBody },
			noted: noted{ErrCode: 40002, Reason: "no grant_type; parameters in a body are not read"},
		},
		{
			name: "grant_type of code2Session", source: sourceTokenErr, call: get("?grant_type=authorization_code&appid=" + demo),
			noted: noted{ErrCode: 40002, AppID: demo, Reason: "grant_type is not client_credential"},
		},
		{
			name: "no appid", source: sourceGeneral, call: get("?grant_type=client_credential"),
			noted: noted{ErrCode: 41002, Reason: "no appid in the query"},
		},
		{
			name: "unknown appid", source: sourceTokenErr, call: get("?grant_type=client_credential&appid=wxcccccccccccccccc&secret=x"),
			noted: noted{ErrCode: 40013, AppID: "wxcccccccccccccccc", Reason: "unknown appid; --adopt would admit it"},
		},
		{
			name: "no secret", source: sourceGeneral, call: get("?grant_type=client_credential&appid=" + demo),
			noted: noted{ErrCode: 41004, AppID: demo, Reason: "no secret in the query"},
		},
		{
			name: "wrong secret", source: sourceTokenErr, call: get("?grant_type=client_credential&secret=x&appid=" + demo),
			noted: noted{ErrCode: 40125, AppID: demo, Reason: "not the secret of this appid"},
		},
		{
			name: "quota of the day", source: sourceTokenErr,
			call: func(b bed) (string, string) {
				for range 2000 {
					b.token()
				}
				return tokenURL(world.DemoAppID, world.DemoSecret), ""
			},
			noted: noted{ErrCode: 45009, AppID: demo, Reason: "more than 2000 calls of token today"},
		},
	})
}

func TestStableToken(t *testing.T) {
	t.Parallel()
	const path = "/cgi-bin/stable_token"
	post := func(target, body string) func(bed) (string, string) {
		return func(bed) (string, string) { return target, body }
	}
	const query = "?grant_type=client_credential&appid=wx0123456789abcdef&secret=0123456789abcdef0123456789abcdef"
	forced := strings.Replace(stableBody, "}", `,"force_refresh":true}`, 1)
	runWire(t, []wireTest{
		{name: "success", source: sourceStable, method: http.MethodPost, call: post(path, stableBody), noted: noted{AppID: demo}},
		{
			name: "remaining seconds", source: sourceStable, method: http.MethodPost, noted: noted{AppID: demo},
			call: func(b bed) (string, string) {
				b.read(http.MethodPost, path, stableBody)
				b.world.Clock().Move(2*time.Hour - 345*time.Second) // as in the example of the documentation
				return path, stableBody
			},
		},
		{
			name: "forced too soon", source: sourceStable + "; that the present token is the answer is our choice", method: http.MethodPost,
			call: func(b bed) (string, string) {
				b.read(http.MethodPost, path, forced)
				time.Sleep(10 * time.Second)
				return path, forced
			},
			noted: noted{AppID: demo, Reason: "force_refresh ignored: the last one was 10 s ago, and 30 s must lie between two"},
		},
		{
			name: "parameters in the query", source: sourceStableErr, method: http.MethodPost, call: post(path+query, ""),
			noted: noted{ErrCode: 41002, Reason: "no appid in the JSON body; parameters in the query or a form are not read"},
		},
		{
			name: "parameters in a form", source: sourceStableErr, method: http.MethodPost, call: post(path, query[1:]),
			noted: noted{ErrCode: 41002, Reason: "no appid in the JSON body; parameters in the query or a form are not read"},
		},
		{
			name: "get", source: sourceGeneral, call: post(path+query, ""),
			noted: noted{ErrCode: 43002, Reason: "called by GET"},
		},
		{
			name: "no body", source: sourceOurChoice, method: http.MethodPost, call: post(path, ""),
			noted: noted{ErrCode: 44002, Reason: "no body"},
		},
		{
			name: "cut body", source: sourceOurChoice, method: http.MethodPost, call: post(path, stableBody[:40]),
			noted: noted{ErrCode: 47001, Reason: "body is not JSON"},
		},
		{
			name: "large body", source: sourceOurChoice, method: http.MethodPost, call: post(path, `{"appid":"`+strings.Repeat("x", 70_000)+`"}`),
			noted: noted{ErrCode: 47001, Reason: "body longer than 65536 bytes, or cut"},
		},
		{
			name: "number for an appid", source: sourceOurChoice, method: http.MethodPost, call: post(path, `{"appid":1}`),
			noted: noted{ErrCode: 47001, Reason: "appid is not a string"},
		},
		{
			name: "field in another case", source: sourceStableErr, method: http.MethodPost, call: post(path, `{"AppID":"wx0123456789abcdef"}`),
			noted: noted{ErrCode: 41002, Reason: "no appid in the JSON body"},
		},
		{
			name: "no secret", source: sourceGeneral, method: http.MethodPost, call: post(path, `{"appid":"wx0123456789abcdef"}`),
			noted: noted{ErrCode: 41004, AppID: demo, Reason: "no secret in the JSON body"},
		},
		{
			name: "no grant_type", source: sourceTokenErr, method: http.MethodPost,
			call:  post(path, `{"appid":"wx0123456789abcdef","secret":"0123456789abcdef0123456789abcdef"}`),
			noted: noted{ErrCode: 40002, AppID: demo, Reason: "no grant_type"},
		},
		{
			name: "quota of the minute", source: sourceGeneral, method: http.MethodPost,
			call: func(b bed) (string, string) {
				request := world.TokenRequest{AppID: world.DemoAppID, Secret: wechat.NewAppSecret(world.DemoSecret), GrantType: "client_credential"}
				for range 10_000 {
					if _, refusal := b.world.StableToken(request); refusal != nil {
						b.t.Fatal(refusal)
					}
				}
				return path, stableBody
			},
			noted: noted{ErrCode: 45011, AppID: demo, Reason: "more than 10000 calls of stable_token in this minute"},
		},
	})
}

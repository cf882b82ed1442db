package wxhttp_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wxlogin/wxlogin/internal/wxhttp"
)

// sign is the rule of WeChat's documentation: HMAC-SHA256 of "", keyed with the base64 text.
func sign(key string) string {
	mac := hmac.New(sha256.New, []byte(key))
	return hex.EncodeToString(mac.Sum(nil))
}

// session logs alice in and returns her openid and session key.
func (b bed) session() (openID, key string) {
	b.t.Helper()
	fields := b.read(http.MethodGet, demoURL(b.login("", "alice")), "")
	return fields.text("openid"), fields.text("session_key")
}

// checkURL is a call of checksession or resetusersessionkey.
func (b bed) checkURL(path, openID, signature, method string) string {
	return path + "?" + url.Values{
		"access_token": {b.token()}, "openid": {openID}, "signature": {signature}, "sig_method": {method},
	}.Encode()
}

func TestCheckSession(t *testing.T) {
	t.Parallel()
	testSigned(t, "/wxa/checksession", sourceCheck)
}

func TestResetUserSessionKey(t *testing.T) {
	t.Parallel()
	testSigned(t, "/wxa/resetusersessionkey", sourceReset)
}

// testSigned holds an endpoint that takes the signature of a user.
func testSigned(t *testing.T, path, sourceSuccess string) {
	t.Helper()
	const siblings = "documentation of resetUserSessionKey (text), its spelling included" + familySource
	const signature = "documentation of checkSessionKey and a report (text)" + familySource
	signed := func(wrong func(b bed, key string) string) func(bed) (string, string) {
		return func(b bed) (string, string) {
			openID, key := b.session()
			return b.checkURL(path, openID, wrong(b, key), "hmac_sha256"), ""
		}
	}
	runWire(t, []wireTest{
		{
			name: "success", source: sourceSuccess, noted: noted{AppID: demo, User: "alice"},
			call: signed(func(_ bed, key string) string { return sign(key) }),
		},
		{
			name: "no parameters", source: sourceOurChoice, call: func(b bed) (string, string) { return path + "?access_token=" + b.token(), "" },
			noted: noted{ErrCode: 40097, AppID: demo, Reason: "no openid, no signature, no sig_method in the query"},
		},
		{
			name: "wrong sig_method", source: siblings,
			call: func(b bed) (string, string) {
				openID, key := b.session()
				return b.checkURL(path, openID, sign(key), "HMAC-SHA256"), ""
			},
			noted: noted{ErrCode: 87008, AppID: demo, Reason: "sig_method is not hmac_sha256"},
		},
		{
			name: "unknown openid", source: sourceOurChoice,
			call: func(b bed) (string, string) {
				return b.checkURL(path, "oFviJ5eTtaGJqSSu4_yJsPeMrvKz", sign(""), "hmac_sha256"), ""
			},
			noted: noted{ErrCode: 40003, AppID: demo, Reason: "nobody with this openid logged in since the start or the last reset"},
		},
		{
			name: "openid of another app", source: sourceOurChoice,
			call: func(b bed) (string, string) {
				return b.checkURL(path, "oP0W8ctA9HgS4tKLsXFEIVvFuyt2", sign(""), "hmac_sha256"), ""
			},
			noted: noted{ErrCode: 40003, AppID: demo, Reason: "openid of another app: those of wx0123456789abcdef start with oFviJ5"},
		},
		{
			name: "expired key", source: siblings,
			call: signed(func(b bed, key string) string {
				b.world.Clock().Move(3*24*time.Hour + time.Minute)
				return sign(key)
			}),
			noted: noted{ErrCode: 87007, AppID: demo, User: "alice", Reason: "session_key expired 60 s ago"},
		},
		{
			name: "decoded key", source: signature,
			call: signed(func(_ bed, key string) string {
				raw, _ := base64.StdEncoding.DecodeString(key)
				return sign(string(raw))
			}),
			noted: noted{ErrCode: 87009, AppID: demo, User: "alice", Reason: "signature made with the key base64-decoded, whose text is the key"},
		},
		{
			name: "former key", source: signature,
			call: signed(func(b bed, key string) string {
				b.world.Clock().Move(6 * time.Minute)
				b.login("", "alice")
				b.world.Clock().Move(12 * time.Second)
				return sign(key)
			}),
			noted: noted{ErrCode: 87009, AppID: demo, User: "alice", Reason: "signature made with the session_key that was replaced 12 s ago"},
		},
	})
}

// TestResetChangesTheKey: the old key is dead, the new one works, and dies when the old one would have.
func TestResetChangesTheKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, wxhttp.Options{})
		openID, key := b.session()
		b.world.Clock().Move(2 * 24 * time.Hour)
		fields := b.read(http.MethodGet, b.checkURL("/wxa/resetusersessionkey", openID, sign(key), "hmac_sha256"), "")
		fresh := fields.text("session_key")
		if fresh == key || fields["openid"] != openID {
			t.Errorf("%v after the key %s", fields, key)
		}
		check := func(key string) int {
			_, record := b.do(http.MethodGet, b.checkURL("/wxa/checksession", openID, sign(key), "hmac_sha256"), "")
			return record.ErrCode
		}
		if old, now := check(key), check(fresh); old != 87009 || now != 0 {
			t.Errorf("old key: %d, new key: %d", old, now)
		}
		b.world.Clock().Move(24 * time.Hour)
		if now := check(fresh); now != 87007 {
			t.Errorf("the new key after the life of the old one: %d", now)
		}
	})
}

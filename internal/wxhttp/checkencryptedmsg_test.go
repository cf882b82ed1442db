package wxhttp_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestCheckEncryptedMsg(t *testing.T) {
	t.Parallel()
	const path = "/wxa/business/checkencryptedmsg?access_token="
	sha := func(text []byte) string { sum := sha256.Sum256(text); return hex.EncodeToString(sum[:]) }
	with := func(hash func(b bed) string) func(bed) (string, string) {
		return func(b bed) (string, string) {
			body := fmt.Sprintf(`{"encrypted_msg_hash":%q}`, hash(b)) // first: it may move the clock
			return path + b.token(), body
		}
	}
	ofText := func(b bed) string { return sha([]byte(b.tap().EncryptedData)) }
	runWire(t, []wireTest{
		{
			name: "hash of the text", source: sourceMessage, method: http.MethodPost, call: with(ofText),
			noted: noted{AppID: demo, Reason: "hash of the base64 text"},
		},
		{
			name: "hash of the bytes", source: sourceMessage, method: http.MethodPost,
			call: with(func(b bed) string {
				raw, _ := base64.StdEncoding.DecodeString(b.tap().EncryptedData)
				return sha(raw)
			}),
			noted: noted{AppID: demo, Reason: "hash of the decoded bytes"},
		},
		{
			name: "unknown", source: sourceMessage, method: http.MethodPost, call: with(func(bed) string { return sha(nil) }),
			noted: noted{ErrCode: 1, AppID: demo, Reason: "no phone number of the last three days has this hash"},
		},
		{
			name: "after three days", source: sourceMessage, method: http.MethodPost,
			call: with(func(b bed) string {
				hash := ofText(b)
				b.world.Clock().Move(3 * 24 * time.Hour)
				return hash
			}),
			noted: noted{ErrCode: 1, AppID: demo, Reason: "no phone number of the last three days has this hash"},
		},
		{
			name: "upper case", source: sourceOurChoice, method: http.MethodPost,
			call:  with(func(b bed) string { return strings.ToUpper(ofText(b)) }),
			noted: noted{ErrCode: 40097, AppID: demo, Reason: "encrypted_msg_hash is in upper case"},
		},
		{
			name: "sha1", source: sourceOurChoice, method: http.MethodPost,
			call:  with(func(bed) string { return strings.Repeat("0a", 20) }),
			noted: noted{ErrCode: 40097, AppID: demo, Reason: "encrypted_msg_hash has 40 characters, not the 64 of SHA-256 in hexadecimal"},
		},
		{
			name: "no hash", source: sourceGeneral, method: http.MethodPost,
			call:  func(b bed) (string, string) { return path + b.token(), `{}` },
			noted: noted{ErrCode: 47001, AppID: demo, Reason: "no encrypted_msg_hash in the JSON body"},
		},
	})
}

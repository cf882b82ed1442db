package login_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

const mark = `"watermark":{"timestamp":1477314187,"appid":"wx4f4bc4dec97d474b"}`

func TestDecryptSample(t *testing.T) {
	t.Parallel()
	b := newBench(t, always(band()))
	got, err := b.Decrypt(t.Context(), b.login(t), sample(t, "official-demo-userinfo"))
	if err != nil {
		t.Fatal(err)
	}
	// WeChat's published plaintext without openId and unionId.
	want := `{"nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN",` +
		`"avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/aSKcBBPpibyKNicHNTMM0qJVh8Kjgiak2AHWr8MHM4WgMEm7GFhsf8OYrySdbvAMvTsw3mo8ibKicsnfN5pRjl1p8HQ/0",` +
		mark + `}`
	if diff := cmp.Diff(want, string(got.JSON)); diff != "" || got.Kind != opendata.KindUserInfo {
		t.Errorf("kind %s (-want +got):\n%s", got.Kind, diff)
	}
}

func TestDecryptKinds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, plain string
		kind        opendata.Kind
		want        string
	}{
		{"userinfo", `{"openId":"` + string(openID) + `","nickName":"微信用户","unionId":"` + string(unionID) + `",` + mark + `}`, "userinfo", `{"nickName":"微信用户",` + mark + `}`},
		{
			"phone", `{"phoneNumber":"13800000000","purePhoneNumber":"13800000000","countryCode":"86",` + mark + `}`, "phone",
			`{"phoneNumber":"13800000000","purePhoneNumber":"13800000000","countryCode":"86",` + mark + `}`,
		},
		{"werun", `{"stepInfoList":[{"timestamp":1445866601,"step":100}],` + mark + `}`, "werun", `{"stepInfoList":[{"timestamp":1445866601,"step":100}],` + mark + `}`},
		{"werun without watermark", `{"stepInfoList":[]}`, "werun", `{"stepInfoList":[]}`},
		{"share", `{"openGId":"tGSHRE5Z8kTiKZJaL3CcEnnkKBn0",` + mark + `}`, "share", `{"openGId":"tGSHRE5Z8kTiKZJaL3CcEnnkKBn0",` + mark + `}`},
		{"group", `{"opengid":"tG1","open_single_roomid":"","group_openid":"o_another","chat_type":3}`, "group", `{"opengid":"tG1","open_single_roomid":"","group_openid":"o_another","chat_type":3}`},
		{"group with the openid itself", `{"opengid":"tG1","group_openid":"` + string(openID) + `"}`, "group", `{"opengid":"tG1"}`},
		{"text", `activity_id-1`, "text", `"activity_id-1"`},
		{"storage", `{"kv_list":[{"key":"score","value":"7"}]}`, "storage", `{"kv_list":[{"key":"score","value":"7"}]}`},
		{"storage with the openid as key", `{"kv_list":[{"key":"` + string(openID) + `","value":"7"}]}`, "storage", `{"kv_list":[{"value":"7"}]}`},
		{"unknown", `{"a":1}`, "unknown", `{"a":1}`},
		{"nested ids", `{"a":{"b":[{"openId":"` + string(openID) + `","c":{"unionId":"` + string(unionID) + `","d":2}}]}}`, "unknown", `{"a":{"b":[{"c":{"d":2}}]}}`},
		{"escaped name", `{"\u006fpenId":"` + string(openID) + `","a":1,` + mark + `}`, "userinfo", `{"a":1,` + mark + `}`},
		{"escaped value", `{"who":"\u006f` + string(openID[1:]) + `","a":1}`, "unknown", `{"a":1}`},
		{"elsewhere in a value", `{"link":"https://x.example/?u=` + string(openID) + `","a":1}`, "unknown", `{"a":1}`},
		{"unionid elsewhere", `{"account":"` + string(unionID) + `","a":1}`, "unknown", `{"a":1}`},
		{"as a name", `{"` + string(openID) + `":true,"a":1}`, "unknown", `{"a":1}`},
	}
	b := newBench(t, always(band()))
	text := b.login(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := b.Decrypt(t.Context(), text, seal(t, keyText, tt.plain))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got.JSON)); diff != "" || got.Kind != tt.kind {
				t.Errorf("kind %s (-want +got):\n%s", got.Kind, diff)
			}
			for _, id := range []string{string(openID), string(unionID)} {
				if strings.Contains(string(got.JSON), id) {
					t.Errorf("%s stands in %s", id, got.JSON)
				}
			}
		})
	}
}

func TestDecryptRefuses(t *testing.T) {
	t.Parallel()
	signed := func(t *testing.T, raw, signature string) opendata.Envelope {
		t.Helper()
		e := sample(t, "official-demo-userinfo")
		e.RawData, e.Signature = raw, signature
		return e
	}
	tests := []struct {
		name string
		make func(t *testing.T) opendata.Envelope
		want error // nil: any
	}{
		{"foreign key", func(t *testing.T) opendata.Envelope { return seal(t, otherKey, `{"nickName":"Band",`+mark+`}`) }, nil},
		{"another app", func(t *testing.T) opendata.Envelope {
			return seal(t, keyText, `{"nickName":"Band","watermark":{"timestamp":1477314187,"appid":"wx0000000000000000"}}`)
		}, nil},
		{"user info without watermark", func(t *testing.T) opendata.Envelope { return seal(t, keyText, `{"nickName":"Band"}`) }, opendata.ErrNoWatermark},
		{"phone without watermark", func(t *testing.T) opendata.Envelope { return seal(t, keyText, `{"phoneNumber":"13800000000"}`) }, opendata.ErrNoWatermark},
		{"bad signature", func(t *testing.T) opendata.Envelope {
			return signed(t, "{}", strings.Repeat("0", 40))
		}, opendata.ErrSignature},
		{"no signature", func(t *testing.T) opendata.Envelope { return signed(t, "{}", "") }, opendata.ErrSignatureIncomplete},
		{"no rawData", func(t *testing.T) opendata.Envelope { return signed(t, "", strings.Repeat("0", 40)) }, opendata.ErrSignatureIncomplete},
		{"not base64", func(*testing.T) opendata.Envelope { return opendata.Envelope{EncryptedData: "%", IV: "%"} }, nil},
		{"openid in an array", func(t *testing.T) opendata.Envelope { return seal(t, keyText, `{"a":["`+string(openID)+`"]}`) }, opendata.ErrIdentity},
		{"unionid in an array", func(t *testing.T) opendata.Envelope { return seal(t, keyText, `["`+string(unionID)+`"]`) }, opendata.ErrIdentity},
		{"openid in a text", func(t *testing.T) opendata.Envelope { return seal(t, keyText, "for "+string(openID)) }, opendata.ErrIdentity},
	}
	b := newBench(t, always(band()))
	text := b.login(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := b.Decrypt(t.Context(), text, tt.make(t))
			if _, isData := errors.AsType[*login.DataError](err); !isData || got.JSON != nil {
				t.Fatalf("%s, %v", got.JSON, err)
			}
			if tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
			if strings.Contains(err.Error(), keyText) || strings.Contains(err.Error(), string(openID)) {
				t.Errorf("the error tells a secret: %v", err)
			}
		})
	}
}

// The signature is that of WeChat's documentation: rawData and session_key of its worked example.
func TestDecryptSigned(t *testing.T) {
	t.Parallel()
	answer := band()
	answer.SessionKey = wechat.NewSessionKey(otherKey)
	b := newBench(t, always(answer))
	e := seal(t, otherKey, `{"nickName":"Band",`+mark+`}`)
	e.RawData = `{"nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN",` +
		`"avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/1vZvI39NWFQ9XM4LtQpFrQJ1xlgZxx3w7bQxKARol6503Iuswjjn6nIGBiaycAjAtpujxyzYsrztuuICqIM5ibXQ/0"}`
	e.Signature = "75e81ceda165f4ffa64f4068af58c64b8f54b88c"
	if _, err := b.Decrypt(t.Context(), b.login(t), e); err != nil {
		t.Error(err)
	}
}

func TestSessionTTL(t *testing.T) {
	t.Parallel()
	b := newBench(t, always(band()))
	b.TokenTTL = 10 * sessionTTL
	text := b.login(t)
	use := func() error {
		_, status := b.Status(t.Context(), text)
		_, decrypt := b.Decrypt(t.Context(), text, seal(t, keyText, `{"a":1}`))
		if errors.Is(status, login.ErrNoSession) != errors.Is(decrypt, login.ErrNoSession) {
			t.Errorf("Status: %v, Decrypt: %v", status, decrypt)
		}
		return errors.Join(status, decrypt)
	}
	b.watch.Move(sessionTTL - time.Microsecond)
	if err := use(); err != nil {
		t.Errorf("in its last moment: %v", err)
	}
	b.watch.Move(time.Microsecond)
	if err := use(); !errors.Is(err, login.ErrNoSession) {
		t.Errorf("after its life: %v", err)
	}
	b.login(t) // the same key, seen again
	if err := use(); err != nil {
		t.Errorf("after another login: %v", err)
	}
	if err := b.store.Delete(t.Context(), b.id()); err != nil {
		t.Fatal(err)
	}
	if err := use(); !errors.Is(err, login.ErrNoSession) {
		t.Errorf("deleted: %v", err)
	}
}

// A session that the key ring cannot unseal is cured by another login, so that is what the user has to be told.
func TestSessionOfAnotherRing(t *testing.T) {
	t.Parallel()
	b := newBench(t, always(band()))
	text := b.login(t)
	b.store.broken.Store("unseal")
	_, err := b.Status(t.Context(), text)
	if _, isStore := errors.AsType[*login.StoreError](err); isStore || !errors.Is(err, login.ErrNoSession) {
		t.Errorf("Status = %v", err)
	}
	if strings.Contains(err.Error(), string(openID)) {
		t.Errorf("the error names the user: %v", err)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	answer := band()
	b := newBench(t, func(context.Context, wechat.Code) (wxapi.Session, error) { return answer, nil })
	text := b.login(t)
	b.watch.Move(90 * time.Second)
	b.login(t) // the key stays, and so does its age
	got, err := b.Status(t.Context(), text)
	want := login.Status{ExpiresAt: time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC), KeyAge: 90 * time.Second}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	answer.SessionKey = wechat.NewSessionKey(otherKey)
	b.login(t)
	if got, err = b.Status(t.Context(), text); err != nil || got.KeyAge != 0 {
		t.Errorf("with a new key: %v, %v", got.KeyAge, err)
	}
	b.watch.Move(-time.Second)
	if got, err = b.Status(t.Context(), text); err != nil || got.KeyAge != 0 {
		t.Errorf("after the clock went back: %v, %v", got.KeyAge, err)
	}
}

func TestLogout(t *testing.T) {
	t.Parallel()
	b := newBench(t, always(band()))
	first, second := b.login(t), b.login(t)
	if err := b.Logout(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Status(t.Context(), second); err != nil {
		t.Errorf("the other token: %v", err)
	}
	_, err := b.Status(t.Context(), first)
	if refused, ok := errors.AsType[*login.TokenError](err); !ok || refused.Verdict != login.Revoked {
		t.Errorf("the token: %v", err)
	}
	if _, err := b.store.Get(t.Context(), b.id()); err != nil {
		t.Errorf("the session: %v", err)
	}
	b.watch.Move(tokenTTL - time.Second)
	if err := b.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err = b.Status(t.Context(), first); err == nil {
		t.Error("the revocation was forgotten before the token expired")
	}
}

func TestUserStoreFails(t *testing.T) {
	t.Parallel()
	b := newBench(t, always(band()))
	text := b.login(t)
	for operation, call := range map[string]func() error{
		"get":     func() error { _, err := b.Status(t.Context(), text); return err },
		"revoked": func() error { _, err := b.Decrypt(t.Context(), text, opendata.Envelope{}); return err },
		"revoke":  func() error { return b.Logout(t.Context(), text) },
	} {
		b.store.broken.Store(operation)
		err := call()
		if _, isStore := errors.AsType[*login.StoreError](err); !isStore || !errors.Is(err, errBroken) {
			t.Errorf("%s: %v", operation, err)
		}
	}
	b.store.broken.Store("")
	if _, err := b.Status(t.Context(), text); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

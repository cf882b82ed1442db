package world_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// decrypt is the recipe of WeChat's documentation, written with the standard library alone: AES-128-CBC and PKCS#7.
func decrypt(t *testing.T, key wechat.SessionKey, encryptedData, iv string) string {
	t.Helper()
	var parts [3][]byte
	for i, text := range []string{key.Reveal(), iv, encryptedData} {
		var err error
		if parts[i], err = base64.StdEncoding.DecodeString(text); err != nil {
			t.Fatal(err)
		}
	}
	block, err := aes.NewCipher(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	plain := parts[2]
	cipher.NewCBCDecrypter(block, parts[1]).CryptBlocks(plain, plain)
	pad := int(plain[len(plain)-1])
	if pad < 1 || pad > 16 || !bytes.HasSuffix(plain, bytes.Repeat([]byte{byte(pad)}, pad)) {
		t.Fatal("wrong padding")
	}
	return string(plain[:len(plain)-pad])
}

const (
	avatar     = "https://thirdwx.qlogo.cn/mmopen/vi_32/POgEwh4mIHO4nibH0KlMECNjjGxQUq24ZEaGT4poC6icRiccVGKSyXwibcPq4BWmiaIGuG1icwxaQX6grC9VemZoJ8rg/132"
	rawProfile = `{"nickName":"微信用户","gender":0,"language":"","city":"","province":"","country":"","avatarUrl":"` + avatar + `"}`
	start      = 946684800 // the time in a synctest bubble: 2000-01-01 00:00 UTC, 08:00 in China
)

// phoneTest gives a world in a bubble, with alice logged in.
func phoneTest(t *testing.T, test func(t *testing.T, w *world.World, id world.Identity)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, world.Options{Seed: 5})
		test(t, w, exchange(t, w, demo(login(t, w, "", ""))))
	})
}

func TestUserinfo(t *testing.T) {
	phoneTest(t, func(t *testing.T, w *world.World, id world.Identity) {
		u, err := w.Userinfo("", "")
		if err != nil {
			t.Fatal(err)
		}
		sum := sha1.Sum([]byte(rawProfile + id.SessionKey.Reveal()))
		want := world.Userinfo{
			ErrMsg: "getUserInfo:ok", RawData: rawProfile, UserInfo: world.Profile{NickName: "微信用户", AvatarURL: avatar},
			Signature: hex.EncodeToString(sum[:]), EncryptedData: u.EncryptedData, IV: u.IV, CloudID: u.CloudID,
		}
		if diff := cmp.Diff(want, u); diff != "" {
			t.Error(diff)
		}
		plain := `{"openId":"` + string(id.OpenID) + `",` + rawProfile[1:len(rawProfile)-1] + `,"unionId":"` + string(id.UnionID) +
			`","watermark":{"timestamp":946684800,"appid":"wx0123456789abcdef"}}`
		if diff := cmp.Diff(plain, decrypt(t, id.SessionKey, u.EncryptedData, u.IV)); diff != "" {
			t.Error(diff)
		}
		if !regexp.MustCompile(`^\d+_[0-9A-Za-z_-]{59}$`).MatchString(u.CloudID) {
			t.Errorf("cloudID %q", u.CloudID)
		}
	})
}

func TestUserinfoOfUnboundApp(t *testing.T) {
	phoneTest(t, func(t *testing.T, w *world.World, _ world.Identity) {
		id := exchange(t, w, world.Exchange{AppID: unboundApp, Secret: wechat.NewAppSecret(otherSecret), Code: login(t, w, unboundApp, "")})
		u, err := w.Userinfo(unboundApp, "")
		if err != nil {
			t.Fatal(err)
		}
		if plain := decrypt(t, id.SessionKey, u.EncryptedData, u.IV); strings.Contains(plain, "unionId") {
			t.Errorf("unionId without an Open Platform account: %s", plain)
		}
	})
}

func TestPhone(t *testing.T) {
	phoneTest(t, func(t *testing.T, w *world.World, id world.Identity) {
		w.Clock().Move(time.Minute)
		p, err := w.Phone("", "")
		if err != nil {
			t.Fatal(err)
		}
		plain := decrypt(t, id.SessionKey, p.EncryptedData, p.IV)
		number := regexp.MustCompile(`154\d{8}`).FindString(plain)
		want := fmt.Sprintf(`{"phoneNumber":"%s","purePhoneNumber":"%s","countryCode":"86","watermark":{"timestamp":946684860,"appid":"wx0123456789abcdef"}}`, number, number)
		if diff := cmp.Diff(want, plain); diff != "" {
			t.Error(diff)
		}
		if raw, _ := base64.StdEncoding.DecodeString(p.EncryptedData); len(raw) != 160 { // as in the samples of Chinese numbers
			t.Errorf("%d bytes of ciphertext", len(raw))
		}
		again, err := w.Phone("", "")
		if err != nil {
			t.Fatal(err)
		}
		shape := regexp.MustCompile(`^[0-9a-f]{64}$`)
		if !shape.MatchString(string(p.Code)) || p.ErrMsg != "getPhoneNumber:ok" || p.Code == again.Code || p.IV == again.IV {
			t.Errorf("%+v and then %+v", p, again)
		}
		if diff := cmp.Diff(plain, decrypt(t, id.SessionKey, again.EncryptedData, again.IV)); diff != "" {
			t.Error("a user has two numbers:", diff)
		}
	})
}

func TestWeRun(t *testing.T) {
	phoneTest(t, func(t *testing.T, w *world.World, id world.Identity) {
		read := func() (list []struct{ Timestamp, Step int64 }) {
			s, err := w.WeRun("", "")
			if err != nil {
				t.Fatal(err)
			}
			plain := decrypt(t, id.SessionKey, s.EncryptedData, s.IV)
			var got struct {
				StepInfoList []struct{ Timestamp, Step int64 }
				Watermark    struct{ AppID string }
			}
			if err := json.Unmarshal([]byte(plain), &got); err != nil {
				t.Fatal(err)
			}
			if s.ErrMsg != "getWeRunData:ok" || got.Watermark.AppID != string(world.DemoAppID) || !strings.HasPrefix(plain, `{"stepInfoList":[{"timestamp":`) {
				t.Errorf("%s: %s", s.ErrMsg, plain)
			}
			return got.StepInfoList
		}
		const day = 86400
		today := int64(start - 8*3600) // midnight in China
		first := read()
		for i, d := range first {
			if want := today - int64(30-i)*day; d.Timestamp != want || d.Step < 0 {
				t.Errorf("day %d: %+v, want midnight %d", i, d, want)
			}
		}
		w.Clock().Move(16 * time.Hour) // the next day has begun in China, not in UTC
		second := read()
		if len(first) != 31 || len(second) != 31 {
			t.Fatalf("%d and %d days", len(first), len(second))
		}
		if diff := cmp.Diff(first[1:], second[:30]); diff != "" {
			t.Error("the past changed:", diff)
		}
	})
}

func TestGroup(t *testing.T) {
	phoneTest(t, func(t *testing.T, w *world.World, id world.Identity) {
		s, err := w.Group("", "")
		if err != nil {
			t.Fatal(err)
		}
		shape := regexp.MustCompile(`^{"opengid":"t[0-9A-Za-z_-]{28}","open_single_roomid":"","group_openid":"[0-9A-Za-z_-]{28}","chat_type":3,"watermark":{"timestamp":946684800,"appid":"wx0123456789abcdef"}}$`)
		if plain := decrypt(t, id.SessionKey, s.EncryptedData, s.IV); s.ErrMsg != "getGroupEnterInfo:ok" || !shape.MatchString(plain) {
			t.Errorf("%s: %s", s.ErrMsg, plain)
		}
	})
}

// TestDataUnderNewestKey: the phone encrypts under the key of its newest login, even when no server has asked for it.
func TestDataUnderNewestKey(t *testing.T) {
	phoneTest(t, func(t *testing.T, w *world.World, id world.Identity) {
		w.Clock().Move(world.KeyMinLife)
		code := login(t, w, "", "")
		u, err := w.Userinfo("", "")
		if err != nil {
			t.Fatal(err)
		}
		now := exchange(t, w, demo(code)).SessionKey
		if now.Equal(id.SessionKey.Secret) {
			t.Fatal("the key did not change")
		}
		if plain := decrypt(t, now, u.EncryptedData, u.IV); !strings.HasPrefix(plain, `{"openId":`) {
			t.Error(plain)
		}
	})
}

func TestNotLoggedIn(t *testing.T) {
	phoneTest(t, func(t *testing.T, w *world.World, _ world.Identity) {
		calls := map[string]func(wechat.AppID, string) error{
			"userinfo": func(id wechat.AppID, user string) error { _, err := w.Userinfo(id, user); return err },
			"phone":    func(id wechat.AppID, user string) error { _, err := w.Phone(id, user); return err },
			"werun":    func(id wechat.AppID, user string) error { _, err := w.WeRun(id, user); return err },
			"group":    func(id wechat.AppID, user string) error { _, err := w.Group(id, user); return err },
		}
		for name, call := range calls {
			err := call("", "bob")
			if e, ok := errors.AsType[*world.NotLoggedInError](err); !ok || e.User != "bob" || e.App != world.DemoAppID {
				t.Errorf("%s: %v", name, err)
			}
			if err := call(otherApp, ""); err == nil {
				t.Errorf("%s: a login to one app gives data of another", name)
			}
			if err := call("wxcccccccccccccccc", ""); !isUnknownApp(err) {
				t.Errorf("%s for an unknown app: %v", name, err)
			}
			if err := call("", "\n"); !isShapeError(err) {
				t.Errorf("%s for a broken name: %v", name, err)
			}
		}
	})
}

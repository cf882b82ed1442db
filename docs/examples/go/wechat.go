package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"

	"github.com/silenceper/wechat/v2/cache"
	"github.com/silenceper/wechat/v2/miniprogram"
	"github.com/silenceper/wechat/v2/miniprogram/config"
	"github.com/silenceper/wechat/v2/miniprogram/encryptor"
	"github.com/silenceper/wechat/v2/util"
)

// A weChat asks WeChat by way of silenceper/wechat, which has https://api.weixin.qq.com compiled in.
type weChat struct {
	appid string
	sdk   *miniprogram.MiniProgram
}

func newWeChat(appid, secret string) *weChat {
	return &weChat{appid, miniprogram.NewMiniProgram(&config.Config{
		AppID: appid, AppSecret: secret, Cache: cache.NewMemory(), UseStableAK: true,
	})}
}

// A refusal is WeChat's errcode. A call without an answer is errNoAnswer.
type refusal struct {
	api     string
	errcode int64
}

func (r refusal) Error() string { return fmt.Sprintf("%s: errcode %d", r.api, r.errcode) }

var errNoAnswer = errors.New("no answer")

// session exchanges wx.login's code.
func (w *weChat) session(ctx context.Context, code string) (openID, sessionKey string, err error) {
	// The SDK puts the code into the address as it is.
	got, err := w.sdk.GetAuth().Code2SessionContext(ctx, url.QueryEscape(code))
	if got.ErrCode != 0 {
		return "", "", refusal{"jscode2session", got.ErrCode}
	}
	return got.OpenID, got.SessionKey, plainly("jscode2session", err)
}

// phoneNumber exchanges the code of the phone number button.
func (w *weChat) phoneNumber(ctx context.Context, code string) (string, error) {
	got, err := w.sdk.GetAuth().GetPhoneNumberContext(ctx, code)
	if err != nil {
		return "", plainly("getuserphonenumber", err)
	}
	return got.PhoneInfo.PhoneNumber, nil
}

// A profile is what wx.getUserInfo encrypted. Whose it is stays on the server.
type profile struct {
	OpenID    string `json:"openId"`
	NickName  string `json:"nickName"`
	AvatarURL string `json:"avatarUrl"`
	Watermark struct {
		AppID string `json:"appid"`
	} `json:"watermark"`
}

// open says whether data opens under this key and belongs to this mini program.
func (w *weChat) open(sessionKey, iv, data string) (p profile, ok bool) {
	plain, err := encryptor.GetCipherText(sessionKey, data, iv)
	if err != nil || json.Unmarshal(plain, &p) != nil {
		return profile{}, false
	}
	return p, p.Watermark.AppID == w.appid
}

// inText finds the errcode in an error of the SDK that has none but in its text.
var inText = regexp.MustCompile(`errcode=(-?\d+)`)

// plainly makes one kind of error of the SDK's several. None of their texts is taken over: those of net/http have the address in them, and
// so the AppSecret.
func plainly(api string, err error) error {
	if err == nil {
		return nil
	}
	var common *util.CommonError
	if errors.As(err, &common) {
		return refusal{api, common.ErrCode}
	}
	if found := inText.FindStringSubmatch(err.Error()); found != nil {
		code, _ := strconv.ParseInt(found[1], 10, 64)
		return refusal{api, code}
	}
	return fmt.Errorf("%s: %w", api, errNoAnswer)
}

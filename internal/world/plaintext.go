package world

import (
	"encoding/binary"
	"time"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// Profile is a user's profile in WeChat's order.
type Profile struct {
	NickName  string `json:"nickName"`
	Gender    int    `json:"gender"`
	Language  string `json:"language"`
	City      string `json:"city"`
	Province  string `json:"province"`
	Country   string `json:"country"`
	AvatarURL string `json:"avatarUrl"`
}

// anonymous is the profile that WeChat gives for everybody since 2022-10-25, the grey avatar included. The documentation says
// that language is zh_CN; payloads seen since then have it empty.
func anonymous() Profile {
	return Profile{
		NickName:  "微信用户",
		AvatarURL: "https://thirdwx.qlogo.cn/mmopen/vi_32/POgEwh4mIHO4nibH0KlMECNjjGxQUq24ZEaGT4poC6icRiccVGKSyXwibcPq4BWmiaIGuG1icwxaQX6grC9VemZoJ8rg/132",
	}
}

type watermark struct {
	Timestamp int64        `json:"timestamp"` // seconds
	AppID     wechat.AppID `json:"appid"`
}

// userinfoPlain has the order of WeChat's official sample; openId and unionId are still there today.
type userinfoPlain struct {
	OpenID wechat.OpenID `json:"openId"`
	Profile
	UnionID   wechat.UnionID `json:"unionId,omitempty"`
	Watermark watermark      `json:"watermark"`
}

type phonePlain struct {
	PhoneNumber     string    `json:"phoneNumber"` // with the country code only when that is not China's
	PurePhoneNumber string    `json:"purePhoneNumber"`
	CountryCode     string    `json:"countryCode"`
	Watermark       watermark `json:"watermark"`
}

// werunPlain carries a watermark, which the documentation of the API does not show and that of open data promises for all.
type werunPlain struct {
	StepInfoList []daySteps `json:"stepInfoList"`
	Watermark    watermark  `json:"watermark"`
}

type daySteps struct {
	Timestamp int64 `json:"timestamp"` // midnight in China, in seconds
	Step      int   `json:"step"`
}

// groupPlain is as documented for a group chat, where no single room is. Its watermark is our choice, as for [werunPlain].
type groupPlain struct {
	OpenGID          string    `json:"opengid"`
	OpenSingleRoomID string    `json:"open_single_roomid"`
	GroupOpenID      string    `json:"group_openid"`
	ChatType         int       `json:"chat_type"`
	Watermark        watermark `json:"watermark"`
}

const (
	chatTypeGroup = 3 // an ordinary group chat, in the documentation of wx.getGroupEnterInfo

	werunDays = 31
	maxSteps  = 20_000 // a day's walk; WeChat names no limit
)

// steps are a user's steps of the last days up to now, the oldest first. A day has the same number whenever it is asked for.
func (a *app) steps(name string, now time.Time) []daySteps {
	china := time.FixedZone("CST", 8*60*60) // has no daylight saving time since 1991
	year, month, day := now.In(china).Date()
	list := make([]daySteps, 0, werunDays)
	for back := werunDays - 1; back >= 0; back-- {
		midnight := time.Date(year, month, day-back, 0, 0, 0, 0, china).Unix()
		sum := a.root.derive(labelSteps, name, uint64(midnight))
		list = append(list, daySteps{Timestamp: midnight, Step: int(binary.BigEndian.Uint32(sum[:]) % maxSteps)})
	}
	return list
}

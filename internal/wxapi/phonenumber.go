package wxapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A PhoneNumber is what the code of a phone button stands for.
type PhoneNumber struct {
	Number      redact.Secret // with the country code in front only when that is not China's
	PureNumber  redact.Secret
	CountryCode string       // "86"
	AppID       wechat.AppID // of the watermark; empty without one
	TappedAt    time.Time    // of the watermark; zero without one
}

// PhoneNumber exchanges the code of the getPhoneNumber button, which is no code of wx.login, and works once too. With an openid
// WeChat refuses the code of another user. Errors are those of [Client.Code2Session].
func (c *Client) PhoneNumber(ctx context.Context, token redact.Secret, code wechat.Code, openID wechat.OpenID) (PhoneNumber, error) {
	answer, object, err := c.do(ctx, phoneNumber(token, code, openID))
	if err != nil {
		return PhoneNumber{}, err
	}
	number, reason := parsePhoneNumber(object)
	if !reason.IsZero() {
		return PhoneNumber{}, answer.fault(reason)
	}
	return number, nil
}

// PhoneNumberRequest returns what [Client.PhoneNumber] would send, with a token.
func (c *Client) PhoneNumberRequest(code wechat.Code, openID wechat.OpenID) Request {
	return c.describe(phoneNumber(redact.Secret{}, code, openID))
}

func phoneNumber(token redact.Secret, phone wechat.Code, openID wechat.OpenID) call {
	body := []param{{"code", string(phone), code}}
	if openID != "" {
		body = append(body, param{"openid", string(openID), plain})
	}
	return call{method: http.MethodPost, path: "/wxa/business/getuserphonenumber", query: []param{accessToken(token)}, body: body, code: true}
}

func accessToken(token redact.Secret) param { return param{"access_token", token.Reveal(), secret} }

// parsePhoneNumber takes the country code as a text, which the documentation says, or as a number, which its example shows.
func parsePhoneNumber(object []byte) (number PhoneNumber, reason lang.Message) {
	var fields struct {
		Phone struct {
			Number      json.RawMessage `json:"phoneNumber"`
			PureNumber  json.RawMessage `json:"purePhoneNumber"`
			CountryCode json.RawMessage `json:"countryCode"`
			Watermark   struct {
				Timestamp json.RawMessage `json:"timestamp"`
				AppID     json.RawMessage `json:"appid"`
			} `json:"watermark"`
		} `json:"phone_info"`
	}
	if err := json.Unmarshal(object, &fields); err != nil { // which may quote a number
		return PhoneNumber{}, lang.T{En: "holds a phone_info of another form than WeChat's", Zh: "的 phone_info 与微信的格式不同"}.With()
	}
	phone := fields.Phone
	number = PhoneNumber{
		Number: redact.NewSecret(text(phone.Number)), PureNumber: redact.NewSecret(text(phone.PureNumber)),
		CountryCode: strings.Trim(string(phone.CountryCode), `"`), AppID: wechat.AppID(text(phone.Watermark.AppID)),
	}
	if number.Number.IsZero() {
		return PhoneNumber{}, lang.T{En: "holds neither an errcode nor a phoneNumber", Zh: "既没有 errcode 也没有 phoneNumber"}.With()
	}
	if number.PureNumber.IsZero() {
		number.PureNumber = number.Number
	}
	if _, err := strconv.ParseUint(number.CountryCode, 10, 16); err != nil {
		number.CountryCode = ""
	}
	if seconds, err := strconv.ParseInt(string(phone.Watermark.Timestamp), 10, 64); err == nil && seconds > 0 {
		number.TappedAt = time.Unix(seconds, 0).UTC()
	}
	return number, lang.Message{}
}

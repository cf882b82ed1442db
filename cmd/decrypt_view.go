package cmd

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/term"
)

// A view shows a payload to somebody at a terminal: what the call is made for first and large, then every member that WeChat sent, then
// the watermark. Members that the kind is not known to have are shown under their own names, so that nothing is hidden.
type view struct {
	page    *term.Page
	now     time.Time
	payload opendata.Payload
	checks  opendata.Checks
	members []member
	fields  []term.Field // come below what is drawn, in columns
	note    lang.T       // comes last
}

// A member is one of the plain text's.
type member struct {
	name  string
	value json.RawMessage
}

// showPayload prints a payload on a terminal. What is no object of a known kind is shown as the JSON it is.
func showPayload(a *app.App, payload opendata.Payload, checks opendata.Checks) error {
	members, ok := membersOf(payload.Plain)
	if payload.Kind == opendata.KindText {
		return a.IO.Print(func(p *term.Page) {
			p.Text(string(payload.Plain))
			p.Note(textActivityID)
		})
	}
	if !ok || payload.Kind == opendata.KindUnknown {
		return a.IO.PrintDocument(payload.Plain)
	}
	return a.IO.Print(func(p *term.Page) {
		v := &view{page: p, now: a.Now(), payload: payload, checks: checks, members: members}
		switch payload.Kind {
		case opendata.KindPhone:
			v.phone()
		case opendata.KindUserInfo:
			v.profile()
		case opendata.KindWeRun:
			v.steps()
		case opendata.KindStorage:
			v.storage()
		}
		v.rest()
	})
}

// membersOf returns the members of an object, in its order.
func membersOf(object []byte) ([]member, bool) {
	decoder := json.NewDecoder(bytes.NewReader(object))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil, false
	}
	var list []member
	for decoder.More() {
		name, err := decoder.Token()
		var value json.RawMessage
		if err != nil || decoder.Decode(&value) != nil {
			return nil, false
		}
		text, _ := name.(string)
		list = append(list, member{text, value})
	}
	return list, true
}

// take returns a member that is a text and takes it from those that are left to show. It is "" when there is none, or another type.
func (v *view) take(name string) string {
	for i, m := range v.members {
		var text string
		if m.name == name && json.Unmarshal(m.value, &text) == nil {
			v.members = append(v.members[:i:i], v.members[i+1:]...)
			return text
		}
	}
	return ""
}

// takeList is take for a list of objects.
func takeList[T any](v *view, name string) []T {
	for i, m := range v.members {
		var list []T
		if m.name == name && json.Unmarshal(m.value, &list) == nil && list != nil {
			v.members = append(v.members[:i:i], v.members[i+1:]...)
			return list
		}
	}
	return nil
}

// phone shows the number large, in the groups in which it is read out, and once more to be copied.
func (v *view) phone() {
	pure, country := v.take("purePhoneNumber"), v.take("countryCode")
	number := v.take("phoneNumber")
	if number == "" {
		number = pure
	}
	large := grouped(number)
	if country != "" && country != chinaCode && pure != "" {
		large = "+" + country + " " + pure
	}
	v.page.Large(large)
	v.page.Blank()
	v.fields = []term.Field{
		{Label: labelPhone, Value: number},
		{Label: labelPurePhone, Value: differing(pure, number)},
		{Label: labelCountryCode, Value: country},
	}
}

// chinaCode is the country code of China, which phoneNumber leaves out.
const chinaCode = "86"

// grouped sets a Chinese mobile number in groups of 3, 4 and 4.
func grouped(number string) string {
	const digits = 11
	if len(number) != digits || number[0] != '1' {
		return number
	}
	return number[:3] + " " + number[3:7] + " " + number[7:]
}

func differing(value, from string) string {
	if value == from {
		return ""
	}
	return value
}

// profile puts the name first. Since October 2022 everybody has the same one.
func (v *view) profile() {
	name := v.take("nickName")
	v.fields = []term.Field{{Label: labelNickName, Value: name}}
	if name == anonymousName {
		v.note = textAnonymous
	}
}

// anonymousName is the nickname of everybody who has not given another one to the mini program itself.
const anonymousName = "微信用户"

// steps draws a bar for each day.
func (v *view) steps() {
	days := takeList[struct {
		Timestamp int64 `json:"timestamp"`
		Step      int   `json:"step"`
	}](v, "stepInfoList")
	if len(days) == 0 {
		return
	}
	china := time.FixedZone("CST", 8*60*60) // the days of WeRun begin at midnight there
	bars, sum, best := make([]term.Bar, len(days)), 0, 0
	for i, day := range days {
		bars[i] = term.Bar{Value: max(0, day.Step), Label: time.Unix(day.Timestamp, 0).In(china).Format("02")}
		sum += day.Step
		if day.Step > days[best].Step {
			best = i
		}
	}
	date := func(i int) string { return time.Unix(days[i].Timestamp, 0).In(china).Format(time.DateOnly) }
	drawn := v.page.Chart(bars)
	last := len(days) - 1
	v.page.Note(textStepDays, date(len(days)-drawn), date(last))
	v.page.Blank()
	v.fields = []term.Field{
		{Label: labelStepsLast, Value: v.page.In(textStepsOn, days[last].Step, date(last))},
		{Label: labelStepsBest, Value: v.page.In(textStepsOn, days[best].Step, date(best))},
		{Label: labelStepsMean, Value: v.page.In(textStepsMean, sum/len(days), len(days))},
	}
}

// storage shows the keys of a mini game's interactive storage.
func (v *view) storage() {
	type pair struct{ Key, Value string }
	pairs := takeList[pair](v, "kv_list")
	if pairs == nil {
		pairs = takeList[pair](v, "KVDataList")
	}
	if pairs == nil {
		return
	}
	rows := make([][]term.Cell, len(pairs))
	for i, p := range pairs {
		rows[i] = term.Cells(p.Key, p.Value)
	}
	v.page.Table([]lang.T{labelKeyOf, labelValue}, rows)
}

// rest shows what is left, and the watermark.
func (v *view) rest() {
	for _, m := range v.members {
		if m.name == "watermark" && v.payload.Watermark.Present {
			continue
		}
		label, known := memberLabels[m.name]
		if !known {
			label = lang.T{En: m.name, Zh: m.name}
		}
		v.fields = append(v.fields, term.Field{Label: label, Value: v.value(m)})
	}
	if mark := v.payload.Watermark; mark.Present {
		appID := string(mark.AppID)
		if v.checks.WatermarkAppID == opendata.OutcomeOK {
			appID = v.page.In(textCompared, appID)
		}
		v.fields = append(v.fields,
			term.Field{Label: labelMadeFor, Value: appID},
			term.Field{Label: labelMadeAt, Value: v.page.Time(mark.Timestamp, v.now)})
	}
	if v.checks.Signature == opendata.OutcomeOK {
		v.fields = append(v.fields, term.Field{Label: labelSignature, Value: v.page.In(textSigned)})
	}
	v.page.Fields(v.fields)
	if v.note != (lang.T{}) {
		v.page.Note(v.note)
	}
}

// value is a member as text: what a code means, or JSON as it is. An empty text or list is nothing to show.
func (v *view) value(m member) string {
	var text string
	if json.Unmarshal(m.value, &text) == nil {
		return text
	}
	code, err := strconv.Atoi(string(m.value))
	if meanings := codeMeanings[m.name]; err == nil && code >= 0 && code < len(meanings) && meanings[code] != (lang.T{}) {
		return v.page.In(textCode, code, meanings[code])
	}
	return strings.TrimSpace(string(m.value))
}

// memberLabels are the names of members for people, where they are not the same.
var memberLabels = map[string]lang.T{
	"openId":             {En: "openid", Zh: "openid"},
	"unionId":            {En: "unionid", Zh: "unionid"},
	"gender":             {En: "gender", Zh: "性别"},
	"language":           {En: "language", Zh: "语言"},
	"city":               {En: "city", Zh: "城市"},
	"province":           {En: "province", Zh: "省份"},
	"country":            {En: "country", Zh: "国家"},
	"avatarUrl":          {En: "avatar", Zh: "头像"},
	"openGId":            {En: "group (openGId)", Zh: "群（openGId）"},
	"opengid":            {En: "group (opengid)", Zh: "群（opengid）"},
	"open_single_roomid": {En: "single chat (open_single_roomid)", Zh: "单聊（open_single_roomid）"},
	"group_openid":       {En: "user in it (group_openid)", Zh: "群内用户（group_openid）"},
	"chat_type":          {En: "kind of chat", Zh: "聊天类型"},
}

// codeMeanings are the numbers that WeChat documents, by member.
var codeMeanings = map[string][]lang.T{
	"gender": {{En: "unknown", Zh: "未知"}, {En: "male", Zh: "男"}, {En: "female", Zh: "女"}},
	"chat_type": {
		{},
		{En: "with a WeChat contact", Zh: "微信联系人单聊"},
		{En: "with a WeCom contact", Zh: "企业微信联系人单聊"},
		{En: "WeChat group", Zh: "普通微信群聊"},
		{En: "WeCom group", Zh: "企业微信互通群聊"},
	},
}

var (
	labelPhone       = lang.T{En: "phone number", Zh: "手机号"}
	labelPurePhone   = lang.T{En: "local number", Zh: "不含区号"}
	labelCountryCode = lang.T{En: "country code", Zh: "国家区号"}
	labelNickName    = lang.T{En: "nickname", Zh: "昵称"}
	labelStepsLast   = lang.T{En: "last day", Zh: "最后一天"}
	labelStepsBest   = lang.T{En: "best day", Zh: "最多一天"}
	labelStepsMean   = lang.T{En: "mean", Zh: "日均"}
	labelKeyOf       = lang.T{En: "key", Zh: "键"}
	labelValue       = lang.T{En: "value", Zh: "值"}
	labelMadeFor     = lang.T{En: "made for", Zh: "所属小程序"}
	labelMadeAt      = lang.T{En: "made at", Zh: "生成时间"}
	labelSignature   = lang.T{En: "signature", Zh: "签名"}

	textActivityID = lang.T{En: "the activity_id of a private message (wx.authPrivateMessage)", Zh: "私密消息的 activity_id（wx.authPrivateMessage）"}
	textAnonymous  = lang.T{En: "anonymised, as for everybody since October 2022; take openid and unionid from the login", Zh: "匿名资料：2022 年 10 月起所有用户都是如此；openid 和 unionid 请取自登录"}
	textStepDays   = lang.T{En: "steps a day, %s to %s, days of China", Zh: "每日步数，%s 至 %s（中国时间）"}
	textStepsOn    = lang.T{En: "%d steps on %s", Zh: "%d 步，%s"}
	textStepsMean  = lang.T{En: "%d steps a day over %d days", Zh: "%d 步（共 %d 天）"}
	textCompared   = lang.T{En: "%s (as configured)", Zh: "%s（与配置一致）"}
	textCode       = lang.T{En: "%d (%s)", Zh: "%d（%s）"}
	textSigned     = lang.T{En: "rawData is as WeChat signed it", Zh: "rawData 与签名一致"}
)

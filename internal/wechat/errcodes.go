package wechat

import (
	"cmp"
	"iter"
	"slices"

	"github.com/wxlogin/wxlogin/internal/lang"
)

// An Entry is what is known of one errcode. The catalogue follows the errcode tables of developers.weixin.qq.com (read in
// November 2026) and answers that developers published; [Entry.Evidence] says which.
type Entry struct {
	Code      ErrCode
	Family    Family
	ErrMsg    string   // WeChat's text without the request id at its end; empty where none was seen
	Meaning   lang.T   // what the number says
	Cause     lang.T   // how a caller gets there, likeliest first
	Fix       lang.T   // what to do about it
	Endpoints []string // "GET /sns/jscode2session"; or one of the names that are not a path, such as [AnyEndpoint]
	Retryable bool     // the same call may succeed later or, where an access token is to blame, with a new one
	Evidence  Evidence
	Note      lang.T // a surprise; empty for most
}

// Names in [Entry.Endpoints] that stand for more than one path.
const (
	AllEndpoints    = "all"
	AnyEndpoint     = "any"
	TokenEndpoints  = "any endpoint taking access_token"
	WXAEndpoints    = "/wxa/*"
	SecureEndpoints = "endpoints in secure-API mode"
	ThirdParty      = "third-party calls"
	DataCryptDemo   = "WXBizDataCrypt" // WeChat's sample code for decryption: no server sends its codes
)

// The endpoints that the catalogue names.
const (
	code2Session      = "GET /sns/jscode2session"
	component2Session = "GET /sns/component/jscode2session"
	weCom2Session     = "GET qyapi /cgi-bin/miniprogram/jscode2session"
	plainToken        = "GET /cgi-bin/token"
	stableToken       = "POST /cgi-bin/stable_token"
	clearQuota        = "POST /cgi-bin/clear_quota"
	getRID            = "POST /cgi-bin/openapi/rid/get"
	checkSession      = "GET /wxa/checksession"
	resetSession      = "GET /wxa/resetusersessionkey"
	phoneNumber       = "POST /wxa/business/getuserphonenumber"
	checkEncrypted    = "POST /wxa/business/checkencryptedmsg"
	encryptKey        = "POST /wxa/business/getuserencryptkey"
	paidUnionID       = "GET /wxa/getpaidunionid"
	pluginOpenPID     = "POST /wxa/getpluginopenpid"
	userRiskRank      = "POST /wxa/getuserriskrank"
)

// A Family is a group of errcodes that the reader of a list wants together.
type Family int

// The families, in the order of the generated page.
const (
	FamilyGeneral Family = iota
	FamilyLogin
	FamilyApp
	FamilyToken
	FamilyRequest
	FamilyQuota
	FamilyPermission
	FamilySession
	FamilyUser
	FamilyPlugin
	FamilySecure
	FamilyRID
	FamilyDemo
	familyCount
)

// Title returns the family's name.
func (f Family) Title() lang.T {
	switch f {
	case FamilyGeneral:
		return lang.T{En: "Any call", Zh: "通用"}
	case FamilyLogin:
		return lang.T{En: "Login and phone codes", Zh: "登录与手机号 code"}
	case FamilyApp:
		return lang.T{En: "AppID, AppSecret and account", Zh: "AppID、AppSecret 与帐号"}
	case FamilyToken:
		return lang.T{En: "Access tokens", Zh: "接口调用凭据"}
	case FamilyRequest:
		return lang.T{En: "Form of the request", Zh: "请求格式"}
	case FamilyQuota:
		return lang.T{En: "Quotas", Zh: "频率与额度"}
	case FamilyPermission:
		return lang.T{En: "Permissions", Zh: "权限"}
	case FamilySession:
		return lang.T{En: "Session keys", Zh: "会话密钥"}
	case FamilyUser:
		return lang.T{En: "Users, data and orders", Zh: "用户、数据与订单"}
	case FamilyPlugin:
		return lang.T{En: "Plugins", Zh: "插件"}
	case FamilySecure:
		return lang.T{En: "Signed and encrypted API calls", Zh: "服务端接口加密与签名"}
	case FamilyRID:
		return lang.T{En: "Looking up a rid", Zh: "查询 rid"}
	case FamilyDemo:
		return lang.T{En: "WXBizDataCrypt sample code", Zh: "WXBizDataCrypt 示例代码"}
	}
	return lang.T{En: "Unknown", Zh: "未知"}
}

// Evidence says how an errcode is known.
type Evidence int

// The kinds of evidence.
const (
	Documented        Evidence = iota // in WeChat's tables
	Seen                              // in answers that developers published, in no table
	DocumentedAndSeen                 // both
	Demo                              // a constant or a comment of WeChat's sample code
	Unproven                          // used by programs, but no source was found
)

// Text returns the evidence in words.
func (e Evidence) Text() lang.T {
	switch e {
	case Documented:
		return lang.T{En: "documented", Zh: "见于官方文档"}
	case Seen:
		return lang.T{En: "seen in answers, not documented", Zh: "见于实际返回，官方文档未列"}
	case DocumentedAndSeen:
		return lang.T{En: "documented and seen in answers", Zh: "见于官方文档及实际返回"}
	case Demo:
		return lang.T{En: "from WeChat's sample code", Zh: "出自官方示例代码"}
	}
	return lang.T{En: "no source found", Zh: "未找到出处"}
}

// Lookup returns the entry of code; false when the catalogue does not know it.
func Lookup(code ErrCode) (Entry, bool) {
	for _, shelf := range shelves() {
		if code > shelf[len(shelf)-1].Code {
			continue
		}
		i, found := slices.BinarySearchFunc(shelf, code, func(e Entry, c ErrCode) int { return cmp.Compare(e.Code, c) })
		if !found {
			return Entry{}, false
		}
		return shelf[i], true
	}
	return Entry{}, false
}

// Catalogue yields every entry, in ascending order of code. The entries' slices are shared: read them only.
func Catalogue() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for _, shelf := range shelves() {
			for _, entry := range shelf {
				if !yield(entry) {
					return
				}
			}
		}
	}
}

// shelves returns the parts of the catalogue in ascending order. A function and not a variable, so that the program pays
// nothing at start.
func shelves() [5][]Entry {
	return [...][]Entry{entriesBelow40000, entries40, entries41To45, entries47To61, entriesAbove76000}
}

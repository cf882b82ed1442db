package opendata

// A Kind says which wx.* call made a payload. WeChat does not send it: it is told by the names of the payload's fields.
type Kind string

// The kinds of open data.
const (
	KindUserInfo Kind = "userinfo" // wx.getUserInfo, wx.getUserProfile
	KindPhone    Kind = "phone"    // the getPhoneNumber button
	KindWeRun    Kind = "werun"    // wx.getWeRunData
	KindShare    Kind = "share"    // wx.getShareInfo
	KindGroup    Kind = "group"    // wx.getGroupEnterInfo, wx.getChatToolInfo
	KindText     Kind = "text"     // wx.authPrivateMessage: a bare activity_id, not JSON
	KindStorage  Kind = "storage"  // wx.getUserInteractiveStorage
	KindUnknown  Kind = "unknown"  // JSON, but none of the above
)

// Kinds returns all kinds, in the order of the documentation.
func Kinds() []Kind {
	return []Kind{KindUserInfo, KindPhone, KindWeRun, KindShare, KindGroup, KindText, KindStorage, KindUnknown}
}

// needsWatermark reports whether WeChat has put a watermark into every known sample of the kind. For the other kinds the
// documentation shows none, so that its absence proves nothing.
func (k Kind) needsWatermark() bool { return k == KindUserInfo || k == KindPhone }

// A fieldSet is a set of top-level field names that WeChat is known to send, a bit each.
type fieldSet uint32

const (
	fieldOpenID fieldSet = 1 << iota
	fieldUnionID
	fieldNickName
	fieldGender
	fieldLanguage
	fieldCity
	fieldProvince
	fieldCountry
	fieldAvatarURL
	fieldPhoneNumber
	fieldPurePhoneNumber
	fieldCountryCode
	fieldStepInfoList
	fieldOpenGID      // openGId of wx.getShareInfo
	fieldLowerOpenGID // opengid of wx.getGroupEnterInfo
	fieldRoomID
	fieldGroupOpenID
	fieldChatType
	fieldKVList
	fieldKVDataList
	fieldWatermark
)

// fieldOf returns the bit of a field name, or 0 for a name that is not known.
func fieldOf(name []byte) fieldSet {
	switch string(name) {
	case "openId":
		return fieldOpenID
	case "unionId":
		return fieldUnionID
	case "nickName":
		return fieldNickName
	case "gender":
		return fieldGender
	case "language":
		return fieldLanguage
	case "city":
		return fieldCity
	case "province":
		return fieldProvince
	case "country":
		return fieldCountry
	case "avatarUrl":
		return fieldAvatarURL
	case "phoneNumber":
		return fieldPhoneNumber
	case "purePhoneNumber":
		return fieldPurePhoneNumber
	case "countryCode":
		return fieldCountryCode
	case "stepInfoList":
		return fieldStepInfoList
	case "openGId":
		return fieldOpenGID
	case "opengid":
		return fieldLowerOpenGID
	case "open_single_roomid":
		return fieldRoomID
	case "group_openid":
		return fieldGroupOpenID
	case "chat_type":
		return fieldChatType
	case "kv_list":
		return fieldKVList
	case "KVDataList":
		return fieldKVDataList
	case "watermark":
		return fieldWatermark
	}
	return 0
}

// kind names the payload that has these fields. The kinds that need a watermark come first: a payload that looks like two kinds
// is held to the stricter one.
func (seen fieldSet) kind() Kind {
	has := func(fields fieldSet) bool { return seen&fields != 0 }
	switch {
	case has(fieldPhoneNumber | fieldPurePhoneNumber):
		return KindPhone
	case has(fieldOpenID | fieldNickName | fieldAvatarURL):
		return KindUserInfo
	case has(fieldStepInfoList):
		return KindWeRun
	case has(fieldOpenGID):
		return KindShare
	case has(fieldLowerOpenGID | fieldRoomID | fieldGroupOpenID):
		return KindGroup
	case has(fieldKVList | fieldKVDataList):
		return KindStorage
	}
	return KindUnknown
}

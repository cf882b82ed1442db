package config

import "github.com/wxlogin/wxlogin/internal/lang"

// The texts of [Config.Validate].
var (
	textAppIDOK       = lang.T{En: "%s has the shape of an AppID (%v)", Zh: "%s 符合 AppID 的格式（%v）"}
	textAppIDBlank    = lang.T{En: "%q has blanks around it", Zh: "%q 首尾有空白"}
	textAppIDTourist  = lang.T{En: "%q is the guest id of WeChat DevTools, with which nobody can log in", Zh: "%q 是微信开发者工具的游客 AppID，不能登录"}
	textAppIDOriginal = lang.T{En: "%q is an original id, not an AppID", Zh: "%q 是原始 ID，不是 AppID"}
	textAppIDWeCom    = lang.T{En: "%q is a WeCom CorpID, not an AppID", Zh: "%q 是企业微信的 CorpID，不是 AppID"}
	textAppIDShort    = lang.T{En: "%q was copied short: it has %d characters, an AppID has 18", Zh: "%q 没有复制完整：只有 %d 个字符，AppID 有 18 个"}
	textAppIDLong     = lang.T{En: "%q has %d characters, an AppID has 18", Zh: "%q 有 %d 个字符，AppID 只有 18 个"}
	textAppIDCase     = lang.T{En: "%q holds capital letters, an AppID has none", Zh: "%q 含有大写字母，AppID 没有大写字母"}
	textAppIDShape    = lang.T{En: `%q is not "wx" and 16 lower-case hexadecimal digits`, Zh: `%q 不是 "wx" 加 16 位小写十六进制数字`}

	textProfileHidden = lang.T{
		En: "the profile %s names the appid %s, but another one is in use (%v), maybe with the secret of the profile",
		Zh: "profile %s 的 appid 是 %s，但实际使用的是另一个（%v），可能搭配了该 profile 的 secret",
	}

	textSecretOK      = lang.T{En: "the secret has the shape of an AppSecret (%v)", Zh: "密钥符合 AppSecret 的格式（%v）"}
	textSecretMasked  = lang.T{En: "the secret is a masked copy: it contains *", Zh: "密钥是打码后的副本：含有 *"}
	textSecretBlank   = lang.T{En: "the secret has blanks around it", Zh: "密钥首尾有空白"}
	textSecretIsAppID = lang.T{En: "the secret is an AppID", Zh: "密钥填成了 AppID"}
	textSecretCase    = lang.T{En: "the secret holds capital letters, an AppSecret has none", Zh: "密钥含有大写字母，AppSecret 没有大写字母"}
	textSecretLength  = lang.T{En: "the secret has %d characters, an AppSecret has 32", Zh: "密钥有 %d 个字符，AppSecret 有 32 个"}
	textSecretShape   = lang.T{En: "the secret is not made of lower-case hexadecimal digits", Zh: "密钥不是由小写十六进制数字组成"}
	textSecretShared  = lang.T{En: "the secret equals that of the profile %s, which has another appid", Zh: "密钥与 profile %s 的相同，而两者 appid 不同"}

	textLiteralInFile = lang.T{En: "a secret stands in %s as it is", Zh: "%s 中有明文密钥"}
	textModeOpen      = lang.T{En: "%s is open to other users (mode %v)", Zh: "%s 对其他用户开放（权限 %v）"}
	textModeOK        = lang.T{En: "%s is for its owner only", Zh: "%s 仅所有者可访问"}
	textSetEmpty      = lang.T{En: "%s is set but empty", Zh: "%s 已设置但为空"}
	textBaseOK        = lang.T{En: "%s is WeChat's own address", Zh: "%s 是微信官方地址"}
	textBaseOther     = lang.T{En: "%s is not WeChat's own address (%v)", Zh: "%s 不是微信官方地址（%v）"}
)

package token

import "github.com/wxlogin/wxlogin/internal/lang"

// The reasons of a [FormatError]. Names of members and claims are those of the RFCs in both languages.
var (
	textEmpty    = lang.T{En: "it is empty", Zh: "内容为空"}
	textTooLong  = lang.T{En: "it has %d bytes, more than %d", Zh: "有 %d 字节，超过 %d"}
	textParts    = lang.T{En: "it has %d of the %d parts between dots", Zh: "由点分隔的部分有 %d 个，应有 %d 个"}
	textHasKey   = lang.T{En: "it has an encrypted key, alg dir has none", Zh: "带有加密的密钥，而 alg dir 没有这一部分"}
	textPart     = lang.T{En: "its %s %s", Zh: "它的%s%s"}
	textPartSize = lang.T{En: "its %s has %d bytes, not %d", Zh: "%s有 %d 字节，应为 %d"}
	textNoJWE    = lang.T{En: "it does not parse as a JWE", Zh: "无法解析为 JWE"}
	textIts      = lang.T{En: "its %s", Zh: "它的%s"}

	partHeader     = lang.T{En: "header", Zh: "头部"}
	partKey        = lang.T{En: "encrypted key", Zh: "加密的密钥"}
	partIV         = lang.T{En: "initialization vector", Zh: "初始化向量"}
	partCiphertext = lang.T{En: "ciphertext", Zh: "密文"}
	partTag        = lang.T{En: "authentication tag", Zh: "认证标签"}

	textLineBreak = lang.T{En: "contains a line break", Zh: "含有换行"}
	textBase64URL = lang.T{En: "is not base64url without padding", Zh: "不是无填充的 base64url"}

	textHeaderIs     = lang.T{En: "its header is %s", Zh: "头部%s"}
	textHeaderMember = lang.T{En: "its header has a member %q", Zh: "头部有多余的成员 %q"}
	textHeaderString = lang.T{En: "its header member %s is not a string", Zh: "头部的成员 %s 不是字符串"}
	textHeaderLacks  = lang.T{En: "its header has no member %s", Zh: "头部缺少成员 %s"}
	textHeaderSays   = lang.T{En: "its header says %s %q, not %q", Zh: "头部的 %s 是 %q，应为 %q"}
	textKeyID        = lang.T{En: "its kid is not 1 to %d characters of A-Z a-z 0-9 _ -", Zh: "kid 不是 1 到 %d 个 A-Z a-z 0-9 _ - 字符"}

	textNotObject = lang.T{En: "not a JSON object", Zh: "不是 JSON 对象"}
	textNotJSON   = lang.T{En: "not JSON", Zh: "不是 JSON"}
	textAmbiguous = lang.T{En: "ambiguous: it has the member %q twice", Zh: "有歧义：成员 %q 出现了两次"}
	textFollowed  = lang.T{En: "followed by something else", Zh: "后面还有别的内容"}

	textClaimsAre    = lang.T{En: "claims are %s", Zh: "声明%s"}
	textClaimType    = lang.T{En: "claim %s is not of its registered type", Zh: "声明 %s 的类型不对"}
	textClaimMissing = lang.T{En: "claim %s is missing", Zh: "声明 %s 缺失"}
	textClaimUTF8    = lang.T{En: "claim %s is not UTF-8", Zh: "声明 %s 不是 UTF-8"}
	textClaimTimes   = lang.T{En: "claim iat or exp is not between the years 1970 and 9999", Zh: "声明 iat 或 exp 不在 1970 年到 9999 年之间"}
	textClaimLife    = lang.T{En: "claim exp is more than %d days after iat", Zh: "声明 exp 比 iat 晚超过 %d 天"}
	textClaimOrder   = lang.T{En: "claim exp is not after iat", Zh: "声明 exp 不晚于 iat"}
)

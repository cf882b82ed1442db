package diagnose

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/wxlogin/wxlogin/internal/lang"
)

// Data whose first whole blocks are missing looks like data under a wrong iv: its first block is noise, because the block that it was
// chained to is not there, and the rest reads. What tells them apart is that a wrong iv hides 16 bytes of the text and no more. Where
// members that WeChat always sends are in sight neither in the rest nor fit into 16 bytes, more than that is missing.

// always lists, by a member that stands late in its text, the members that come with it in all data that WeChat sends, the first one first.
var always = []struct {
	sign    string
	members []string
}{
	{`"countryCode":`, []string{"phoneNumber", "purePhoneNumber", "countryCode", "watermark"}},
	{`"step":`, []string{"stepInfoList", "watermark"}},
	{`"avatarUrl":`, []string{"nickName", "gender", "avatarUrl", "watermark"}},
}

// missing returns the members that prove that more than 16 bytes are missing before rest; none where one block may be all.
func missing(rest string) []string {
	for _, kind := range always {
		if !strings.Contains(rest, kind.sign) {
			continue
		}
		var unseen []string
		behind := rest
		for _, name := range kind.members {
			if before, cut := acrossBorder(name, rest); cut {
				behind = rest[len(name)-before:]
			}
		}
		for _, name := range kind.members {
			if strings.Contains(rest, `"`+name+`":`) {
				continue
			}
			if nearly(name, behind) {
				return nil // it is there, and damaged
			}
			unseen = append(unseen, name)
		}
		if slices.Contains(unseen, kind.members[0]) && !fitOneBlock(unseen, rest) {
			return unseen
		}
		return nil // of what stands first nothing is missing: somebody else's data, which has fewer members
	}
	return nil
}

// nearly reports whether name stands at the beginning of rest with as many bytes altered as a block that passes for damaged text has.
// Bytes that change in the block before are mirrored there.
func nearly(name, rest string) bool {
	head := rest[:min(len(rest), 2*blockSize)]
	for from := 0; from+len(name) <= len(head); from++ {
		other := 0
		for i := range len(name) {
			if head[from+i] != name[i] {
				other++
			}
		}
		if other <= maxPartly {
			return true
		}
	}
	return false
}

// fitOneBlock reports whether the names, each with the shortest value, can stand in the 16 bytes before rest. The last of them may
// reach across the border.
func fitOneBlock(names []string, rest string) bool {
	const open, afterName, shortest = len(`{`), len(`"":`), len(`0,`)
	whole := open
	for _, name := range names {
		whole += len(name) + afterName + shortest
	}
	if whole-shortest <= blockSize && (len(names) > 1 || fitsValue(names[0], rest)) {
		return true
	}
	for _, name := range names {
		before, cut := acrossBorder(name, rest)
		if cut && whole-len(name)-afterName-shortest+len(`"`)+before <= blockSize {
			return true
		}
	}
	return false
}

// acrossBorder reports whether rest begins with the end of name, and how many characters of it stand before.
func acrossBorder(name, rest string) (before int, cut bool) {
	end, _, found := strings.Cut(rest, `":`)
	if !found || len(end) > len(name) || !strings.HasSuffix(name, end) {
		return 0, false
	}
	return len(name) - len(end), true
}

// fitsValue reports whether rest completes to JSON behind a first block that has this one member and the beginning of its value.
func fitsValue(name, rest string) bool {
	for _, value := range []string{"", `"`, "0", "{", `{"`, "[", "[{", `[{"`, `0,"`, `"",`, `"","`} {
		if start := `{"` + name + `":` + value; len(start) <= blockSize && json.Valid([]byte(start+rest)) {
			return true
		}
	}
	return false
}

// openIDLength is how many characters every openid has. Behind the first block of a profile that begins with it so many are left.
const (
	openIDLength = 28
	openIDLeft   = openIDLength - (blockSize - len(`{"openId":"`))
)

// leftOfOpenID returns how much of the openid at the beginning of a profile is in rest; false where it does not begin with one.
func leftOfOpenID(rest string) (int, bool) {
	left, _, found := strings.Cut(rest, `","nickName":`)
	return len(left), found && strings.Trim(left, openIDDigits) == ""
}

const openIDDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// mostLost is how many characters of a block may be lost on the way, "+" for example, so that the rest of it still stands there. More than
// that is a beginning that is cut off.
const mostLost = 3

// mayBeLost reports whether what stands before the first whole block is a block that lost a few characters.
func (s skipped) mayBeLost() bool {
	_, last := chars(0, s.bytes-1)
	return s.bytes > 0 && s.chars+last+1 >= digitsOf16-mostLost
}

// beheaded names data whose beginning is missing, where that can be proven.
func (p *proof) beheaded() (Finding, bool) {
	rest := string(p.plain[blockSize:])
	rest = rest[:len(rest)-padding([]byte(rest), blockSize)]
	f := newFinding("D33").saying(textBeheaded)
	f.Fix = textBeheadedFix.With()
	left, profile := leftOfOpenID(rest)
	names := missing(rest)
	switch {
	case p.skipped.mayBeLost():
		return Finding{}, false
	case p.skipped != skipped{}:
		f = f.since(textUneven, len(p.text), p.looksLike(), len(p.looks))
	case len(names) > 0:
		f = f.since(textUnchained, len(p.looks)-1).since(textTooMuch, strings.Join(names, ", "))
	case profile && left < openIDLeft:
		f = f.since(textUnchained, len(p.looks)-1).since(textOpenIDCut, left, openIDLength)
	default:
		return Finding{}, false
	}
	if names := memberNames(p.plain[blockSize:]); names != "" {
		f = f.since(textLeft, names)
	}
	return f, true
}

// looksLike counts the blocks that read.
func (p *proof) looksLike() int { return BlockMap{Blocks: p.looks}.Readable() }

// certainStart reports whether what follows the first block is, for sure, what followed it when the data was made.
func (p *proof) certainStart() bool {
	left, profile := leftOfOpenID(string(p.plain[blockSize:]))
	return profile && left == openIDLeft
}

// skipped is what stands before the first whole block, counted from the end.
type skipped struct{ chars, bytes int }

// lenientEnd decodes a text of data from its end, in whole blocks: what is left where the beginning was cut off.
func lenientEnd(text string) ([]byte, skipped) {
	const most = 2 // of "="
	digits := strings.TrimRight(text, "=")
	if strings.Trim(digits, base64Digits) != "" || len(text)-len(digits) > most {
		return nil, skipped{}
	}
	before := skipped{chars: len(text) % quad}
	if before.chars > len(digits) {
		return nil, skipped{}
	}
	raw, err := base64.RawStdEncoding.DecodeString(digits[before.chars:])
	if err != nil {
		return nil, skipped{}
	}
	before.bytes = len(raw) % blockSize
	return raw[before.bytes:], before
}

var (
	textBeheaded    = lang.T{En: "The beginning of the encryptedData is missing.", Zh: "encryptedData 缺少开头部分。"}
	textBeheadedFix = lang.T{En: "Look for what cuts at the front: a slice or substring, a stream that was read from the middle, a log that keeps the end of a line.", Zh: "查找是谁截掉了开头：slice 或 substring、从中间开始读取的流、只保留行尾的日志。"}
	textUnchained   = lang.T{En: "block 0 is noise, because it is chained to one that is not there; the other %d read", Zh: "第 0 个分组是乱码，因为它所链接的前一个分组不在；其余 %d 个都能读出"}
	textTooMuch     = lang.T{En: "not there: %s, which is more than the 16 bytes that a wrong iv hides", Zh: "缺少 %s，这超过了错误的 iv 所能遮住的 16 字节"}
	textOpenIDCut   = lang.T{En: "the text begins with the last %d characters of the openid, which has %d: a wrong iv hides fewer of them", Zh: "文本以 openid 的末尾 %d 个字符开头，而 openid 共 %d 个字符：错误的 iv 遮不住这么多"}
	textUneven      = lang.T{En: "%d characters are not whole blocks; counted from the end, %d of %d blocks read, the padding included", Zh: "%d 个字符不是整数个分组；从结尾数起，有 %d 个分组（共 %d 个）能读出，包括填充"}
	textMaybeCut    = lang.T{En: "data whose first blocks are missing looks the same: compare its length with what the mini program sent", Zh: "缺少开头若干分组的数据看起来也是这样：请与小程序发出的长度比较"}
)

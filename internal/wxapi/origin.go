package wxapi

import (
	"cmp"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// OriginOf returns the origin that sessions from the API at base have; "" is [wechat.APIBase]. The error is a [*BaseError].
func OriginOf(base string) (wechat.Origin, error) {
	u, err := parseBase(cmp.Or(base, wechat.APIBase))
	if err != nil {
		return "", err
	}
	return originOf(u), nil
}

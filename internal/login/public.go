package login

import (
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/token"
)

// public returns the payload as the mini program may have it: without openid and unionid, wherever they stand. What cannot be
// rid of them is withheld.
func public(payload opendata.Payload, claims token.Claims) (Data, error) {
	value, err := opendata.WithoutIDs(payload, string(claims.OpenID), string(claims.UnionID))
	if err != nil {
		return Data{}, &DataError{err}
	}
	return Data{Kind: payload.Kind, JSON: value}, nil
}

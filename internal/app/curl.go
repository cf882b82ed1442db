package app

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

func (a *App) printCurl(output term.Output, r wxapi.Request) error {
	c, err := a.Config()
	if err != nil {
		return err
	}
	place := c.SecretPlace()
	secretOf := shellSource(place)
	app := " --appid " + quote(string(c.AppID)) + apiBaseFlag(c)
	tokenOf := "wxlogin access-token --reveal -q .access_token" + app
	line := ""
	if openID, signed := signedFor(r); signed {
		line = signedCurl(r, tokenOf, "wxlogin session show "+quote(openID)+" --reveal -q .session_key"+app)
	} else {
		line = curl(r, secretOf, tokenOf)
	}
	if strings.HasPrefix(line, secretOf) && place == (config.SecretPlace{}) {
		a.IO.Note(textPlaceholder.With(secretPlaceholder))
	}
	return output.Print(a.IO, struct {
		Curl string `json:"curl"`
	}{line}, func(p *term.Page) { p.Text(line) })
}

// apiBaseFlag names the API host where it is not the default.
func apiBaseFlag(c *config.Config) string {
	if c.Origin("api_base").Source == config.SourceDefault {
		return ""
	}
	return " --api-base " + quote(c.APIBase)
}

// secretPlaceholder is the file that a curl command reads where the configuration names no place that a shell can read.
const secretPlaceholder = "secret.txt"

// shellSource writes the AppSecret to a pipe, without the line end that would become part of it.
func shellSource(place config.SecretPlace) string {
	switch {
	case place.Env != "":
		return `printf %s "$` + place.Env + `"`
	case place.Command != "":
		return place.Command + ` | tr -d '\r\n'`
	case place.File != "":
		return `tr -d '\r\n' < ` + quote(place.File)
	}
	return `tr -d '\r\n' < ` + secretPlaceholder
}

// curl writes the request as a pipe that ends in curl. Whatever is secret comes through the pipe, so that it stands on no command
// line. secretOf prints the AppSecret, tokenOf an access token.
func curl(r wxapi.Request, secretOf, tokenOf string) string {
	var b strings.Builder
	hidden := slices.IndexFunc(r.Query, func(p wxapi.Param) bool { return p.Secret })
	switch {
	case slices.ContainsFunc(r.Body, func(p wxapi.Param) bool { return p.Secret }):
		b.WriteString(secretOf + ` | sed ` + quote("s/.*/"+string(bodyWith(r.Body, "&"))+"/") + " | ")
	case hidden >= 0 && r.Query[hidden].Name == "access_token":
		b.WriteString(tokenOf + ` | tr -d '\n' | `)
	default:
		b.WriteString(secretOf + " | ")
	}
	b.WriteString("curl " + quote(r.URL))
	flag := " --data-urlencode "
	if r.Method == http.MethodGet {
		b.WriteString(" --get")
	} else {
		flag = " --url-query " // curl 7.87, of 2022
	}
	for _, p := range r.Query {
		if p.Secret {
			b.WriteString(flag + p.Name + "@-")
			continue
		}
		b.WriteString(flag + quote(p.Name+"="+p.Value))
	}
	if r.Body == nil {
		return b.String()
	}
	b.WriteString(" --header 'Content-Type: application/json' --data-binary ")
	if hidden >= 0 {
		b.WriteString(quote(string(bodyWith(r.Body, ""))))
	} else {
		b.WriteString("@-")
	}
	return b.String()
}

// signedFor returns the user whose session_key signs the request; false for a request without a signature.
func signedFor(r wxapi.Request) (openID string, signed bool) {
	for _, p := range r.Query {
		switch p.Name {
		case "openid":
			openID = p.Value
		case "signature":
			signed = p.Secret
		}
	}
	return openID, signed
}

// signedCurl is [curl] for a request with two secrets, an access token and a signature. Both come as lines of a configuration that curl
// reads from the pipe. openssl would take the key of the HMAC on its command line, so that perl makes it; it is where a shell and curl are.
func signedCurl(r wxapi.Request, tokenOf, keyOf string) string {
	const line, end = `printf 'data-urlencode = "%s='; `, `; printf '"\n'; `
	sources := map[string]string{
		"access_token": tokenOf + ` | tr -d '\n'`,
		"signature":    keyOf + ` | perl -MDigest::SHA=hmac_sha256_hex -ne 'chomp; print hmac_sha256_hex("", $_)'`,
	}
	var secrets, plain strings.Builder
	for _, p := range r.Query {
		if source, ok := sources[p.Name]; ok && p.Secret {
			secrets.WriteString(fmt.Sprintf(line, p.Name) + source + end)
			continue
		}
		plain.WriteString(" --data-urlencode " + quote(p.Name+"="+p.Value))
	}
	return "{ " + secrets.String() + "} | curl " + quote(r.URL) + " --get --config -" + plain.String()
}

// bodyWith writes the body with secret in place of what is masked.
func bodyWith(params []wxapi.Param, secret string) []byte {
	filled := slices.Clone(members(params))
	for i, p := range filled {
		if p.Secret {
			filled[i].Value = secret
			filled[i].Literal = false
		}
	}
	body, _ := plainJSON(filled)
	return body
}

// plainJSON leaves & as it is, which sed is to find.
func plainJSON(m members) ([]byte, error) {
	body, err := m.MarshalJSON()
	return []byte(strings.ReplaceAll(string(body), `\u0026`, "&")), err
}

// quote makes one word of a text for a POSIX shell.
func quote(text string) string {
	plain := text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@%+,", r)
	})
	if plain {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

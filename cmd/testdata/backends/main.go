// A back end with WeChat's address compiled in, and nothing else in it.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

const (
	api = "https://api.weixin.qq.com"
	app = "appid=wx0123456789abcdef&secret=0123456789abcdef0123456789abcdef"
)

type answer struct {
	OpenID      string `json:"openid"`
	ErrCode     int    `json:"errcode"`
	AccessToken string `json:"access_token"`
	Phone       struct {
		Number string `json:"purePhoneNumber"`
	} `json:"phone_info"`
}

func read(response *http.Response, err error) (a answer) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	if err := json.Unmarshal(body, &a); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return a
}

func main() {
	login := func() answer {
		return read(http.Get(api + "/sns/jscode2session?" + app + "&js_code=" + os.Args[1] + "&grant_type=authorization_code"))
	}
	first, again := login(), login()
	token := read(http.Get(api + "/cgi-bin/token?grant_type=client_credential&" + app)).AccessToken
	body := strings.NewReader(`{"code":"` + os.Args[2] + `"}`)
	phone := read(http.Post(api+"/wxa/business/getuserphonenumber?access_token="+token, "application/json", body))
	fmt.Printf("{\"openid\":%q,\"again\":%d,\"phone\":%q}\n", first.OpenID, again.ErrCode, phone.Phone.Number)
}

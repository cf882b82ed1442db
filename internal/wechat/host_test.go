package wechat_test

import (
	"testing"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

func TestHostOf(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"api.weixin.qq.com": "api.weixin.qq.com", "api.weixin.qq.com:443": "api.weixin.qq.com", "API.WeiXin.QQ.Com.": "api.weixin.qq.com",
		"api2.weixin.qq.com:80": "api2.weixin.qq.com", "sh.api.weixin.qq.com": "sh.api.weixin.qq.com", "sz.api.weixin.qq.com.:1": "sz.api.weixin.qq.com",
		"hk.api.weixin.qq.com": "hk.api.weixin.qq.com", "qyapi.weixin.qq.com": wechat.WeComHost,

		"": "", ":443": "", "qq.com": "", "weixin.qq.com": "", "mp.weixin.qq.com": "", "x.api.weixin.qq.com": "", "api.weixin.qq.com..": "",
		"api.weixin.qq.com.evil.example": "", "apixweixin.qq.com": "", "127.0.0.1:8420": "", "localhost": "", "[::1]:1": "", "api.weixin.qq.com:443:443": "",
	}
	for given, want := range tests {
		if got, found := wechat.HostOf(given); got != want || found != (want != "") {
			t.Errorf("%q is %q, %v; want %q", given, got, found, want)
		}
	}
	first := wechat.Hosts()
	first[0] = "changed"
	if wechat.Hosts()[0] != "api.weixin.qq.com" {
		t.Error("the list is handed out itself")
	}
}

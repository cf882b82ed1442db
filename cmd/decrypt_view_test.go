package cmd

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// TestViews shows each kind at a terminal, in both languages, wide and narrow.
func TestViews(t *testing.T) {
	t.Parallel()
	const mark = `"watermark":{"timestamp":1764000000,"appid":"wx4f4bc4dec97d474b"}`
	days := make([]string, 31)
	for i := range days {
		at, _ := json.Marshal(1761494400 + 86400*i)
		steps, _ := json.Marshal((i*i*37 + i*411) % 17000)
		days[i] = `{"timestamp":` + string(at) + `,"step":` + string(steps) + `}`
	}
	views := []struct{ name, plain string }{
		{"phone", `{"phoneNumber":"13812345678","purePhoneNumber":"13812345678","countryCode":"86",` + mark + `}`},
		{"phone-foreign", `{"phoneNumber":"+85251234567","purePhoneNumber":"51234567","countryCode":"852",` + mark + `}`},
		{"userinfo", `{"openId":"oGZUI0egBJY1zhBYw2KhdUfwVJJE","nickName":"Band\u001b[2J","gender":1,"language":"zh_CN","city":"Guangzhou","province":"","country":"CN","avatarUrl":"http://x/0","unionId":"ocMvos6NjeKLIBqg5Mr9QjxrP1FA","new":{"a":[1]},` + mark + `}`},
		{"anonymous", `{"nickName":"微信用户","gender":0,"language":"","city":"","avatarUrl":"https://x/132","is_demote":true,` + mark + `}`},
		{"werun", `{"stepInfoList":[` + strings.Join(days, ",") + `],` + mark + `}`},
		{"werun-empty", `{"stepInfoList":[]}`},
		{"share", `{"openGId":"tGXVqG5IZmqkGArWBhZNJwn2NsqaQ"}`},
		{"group", `{"opengid":"tGXVqG5IZmqkGArWBhZNJwn2NsqaQ","open_single_roomid":"","group_openid":"gh0123456789","chat_type":3}`},
		{"single-chat", `{"open_single_roomid":"aB","chat_type":7}`},
		{"storage", `{"kv_list":[{"key":"1","value":"100"},{"key":"50","value":"{\"a\":1}"}]}`},
		{"text", `1_aGVsbG8-d2VjaGF0_0123456789`},
		{"unknown", `{"a":{"b":[1,2]}}`},
		{"wrong-types", `{"phoneNumber":17,"countryCode":null,` + mark + `}`},
	}
	for _, l := range []lang.Lang{lang.English, lang.Chinese} {
		var all strings.Builder
		for _, v := range views {
			for _, width := range []int{80, 40} {
				all.WriteString("-- " + v.name + " --\n" + shown(t, v.plain, l, width))
			}
		}
		compareGolden(t, filepath.Join("testdata", "TestViews-"+l.String()+".golden"), all.String())
	}
}

// shown is a payload as it stands on a terminal of so many columns. Local time is written as that of UTC.
func shown(t *testing.T, plain string, l lang.Lang, width int) string {
	t.Helper()
	key := wechat.NewSessionKey("tiihtNczf5v6AKRyjwEUhQ==")
	e, err := opendata.Seal(key, nil, []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	payload, err := opendata.Open(key, e)
	if err != nil {
		t.Fatalf("%s: %v", plain, err)
	}
	streams, _, out, _ := term.Test()
	streams.OutTTY, streams.Lang, streams.Width = true, l, width
	if err := streams.SetColor("never"); err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1764000000, 0)
	a := &app.App{IO: streams, Env: streams.Env, Now: func() time.Time { return at.Add(3 * time.Minute) }}
	if err := showPayload(a, payload, opendata.Checks{WatermarkAppID: opendata.OutcomeOK, Signature: opendata.OutcomeOK}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\x07") {
		t.Errorf("%s: a control sequence reaches the terminal: %q", plain, out)
	}
	return strings.ReplaceAll(out.String(), at.Local().Format(time.DateTime), at.UTC().Format(time.DateTime))
}

func compareGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		writeGenerated(t, path, got)
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}

// TestViewOfPipe: off a terminal WeChat's bytes come out as they are.
func TestViewOfPipe(t *testing.T) {
	t.Parallel()
	streams, _, out, _ := term.Test()
	a := &app.App{IO: streams, Env: streams.Env, Now: time.Now, Flags: app.Flags{Keys: map[string]string{}}}
	plain := `{"phoneNumber": "13812345678"}`
	if err := printDecrypted(a, decrypted{payload: opendata.Payload{Kind: opendata.KindPhone, Plain: []byte(plain)}}); err != nil || out.String() != plain {
		t.Errorf("%v, %s", err, out)
	}
}

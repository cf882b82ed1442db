package diagnose_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/wxlogin/wxlogin/internal/diagnose"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// Codes that people published, the first of 2017, the second of the 2020s.
const (
	publicCode  = "081HonW91tM3MN1NizW91F0mW91HonWu"
	newerCode   = "0c3QFUkl2dPleh4tZnol2ENl9u1QFUkI"
	phoneButton = "e31968a7f94cc5ee25fafc2aef2773f0bb8c3937b22520eb8ee345274d00c144"
	sampleUser  = "okQ-s5X1ILvDud0amynR1Psw-URs"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// verdicts writes findings as "E04 E07!", with ! for one that stops.
func verdicts(found []diagnose.CodeFinding) string {
	var ids []string
	for _, f := range found {
		id := f.ID
		if f.Stop {
			id += "!"
		}
		ids = append(ids, id)
	}
	return strings.Join(ids, " ")
}

func TestCode(t *testing.T) {
	t.Parallel()
	const login, phone = diagnose.UseLogin, diagnose.UsePhone
	sent := func(outcome session.Outcome, code wechat.ErrCode) []session.Exchange {
		return []session.Exchange{{Origin: "o", AppID: "wx0000000000000001", At: noon.Add(-time.Minute), Outcome: outcome, ErrCode: code}}
	}
	for _, tt := range []struct {
		name string
		in   diagnose.CodeInput
		want string
	}{
		{"a good one", diagnose.CodeInput{Code: publicCode, To: diagnose.SideWeChat}, ""},
		{"a newer one", diagnose.CodeInput{Code: newerCode, To: diagnose.SideWeChat}, ""},
		{"a good one to some host", diagnose.CodeInput{Code: publicCode}, ""},
		{"of the phone button", diagnose.CodeInput{Code: phoneButton, Use: phone, To: diagnose.SideWeChat}, ""},
		{"E01", diagnose.CodeInput{Code: "the code is a mock one"}, "E01!"},
		{"E01 with capitals and blanks", diagnose.CodeInput{Code: " The code is a mock one "}, "E01!"},
		{"E01 at the button", diagnose.CodeInput{Code: "the code is a mock one", Use: phone}, "E01!"},
		{"E02", diagnose.CodeInput{Code: phoneButton, Use: login}, "E02!"},
		{"E02 the other way", diagnose.CodeInput{Code: publicCode, Use: phone}, "E02!"},
		{"E04 short", diagnose.CodeInput{Code: wechat.Code(publicCode[:31])}, "E04"},
		{"E04 long", diagnose.CodeInput{Code: publicCode + "0"}, "E04"},
		{"E04 WeCom", diagnose.CodeInput{Code: "Qj8ih8W1zqh_KGNmrjxkOZISK82WOIJlpKn3t8oJGTQ"}, "E04"},
		{"E04 at the button", diagnose.CodeInput{Code: wechat.Code(phoneButton[:60]), Use: phone}, "E04"},
		{"E04 empty", diagnose.CodeInput{Code: ""}, "E04"},
		{"E05", diagnose.CodeInput{Code: wechat.Code(strings.ToLower(publicCode))}, "E05"},
		{"E05 at a mock", diagnose.CodeInput{Code: wechat.Code(strings.ToLower(publicCode)), To: diagnose.SideSimulation}, "E05"},
		{"E06 start", diagnose.CodeInput{Code: wechat.Code("1" + publicCode[1:])}, "E06"},
		{"E06 second", diagnose.CodeInput{Code: wechat.Code("0z" + publicCode[2:])}, "E06"},
		{"E06 third", diagnose.CodeInput{Code: wechat.Code("08x" + publicCode[3:])}, "E06"},
		{"E06 repeat", diagnose.CodeInput{Code: wechat.Code(publicCode[:28] + "X" + publicCode[29:])}, "E06"},
		{"E06 ninth", diagnose.CodeInput{Code: wechat.Code(publicCode[:8] + "7" + publicCode[9:])}, "E06"},
		{"E06 sign", diagnose.CodeInput{Code: wechat.Code(publicCode[:31] + "-")}, "E06"},
		{"E06 at the button", diagnose.CodeInput{Code: wechat.Code(strings.ToUpper(phoneButton)), Use: phone}, "E06"},
		{"E07 to WeChat", diagnose.CodeInput{Code: publicCode, Minted: true, To: diagnose.SideWeChat}, "E07!"},
		{"E07 to a mock", diagnose.CodeInput{Code: publicCode, To: diagnose.SideSimulation}, "E07!"},
		{"E07 of the button to a mock", diagnose.CodeInput{Code: phoneButton, Use: phone, To: diagnose.SideSimulation}, "E07!"},
		{"a mock's to a mock", diagnose.CodeInput{Code: publicCode, Minted: true, To: diagnose.SideSimulation}, ""},
		{"a mock's to some host", diagnose.CodeInput{Code: publicCode, Minted: true}, ""},
		{"damaged, to a mock", diagnose.CodeInput{Code: wechat.Code(publicCode[:30]), To: diagnose.SideSimulation}, "E04"},
		{"E08 exchanged", diagnose.CodeInput{Code: publicCode, History: sent(session.OutcomeExchanged, 0)}, "E08!"},
		{"E08 refused", diagnose.CodeInput{Code: publicCode, History: sent(session.OutcomeRefused, 40029)}, "E08!"},
		{"E08 lost", diagnose.CodeInput{Code: publicCode, History: sent(session.OutcomeLost, 0)}, "E08!"},
		{"E08 killed", diagnose.CodeInput{Code: publicCode, History: sent(session.OutcomeSending, 0)}, "E08!"},
		{"E08 at a mock", diagnose.CodeInput{Code: publicCode, Minted: true, To: diagnose.SideSimulation, History: sent(session.OutcomeExchanged, 0)}, "E08"},
		{"long ago at a mock", diagnose.CodeInput{Code: publicCode, Minted: true, To: diagnose.SideSimulation, History: []session.Exchange{{At: noon.Add(-6 * time.Minute), Outcome: session.OutcomeExchanged}}}, ""},
		{"busy before", diagnose.CodeInput{Code: publicCode, History: sent(session.OutcomeRefused, -1)}, ""},
		{"wrong secret before", diagnose.CodeInput{Code: publicCode, History: sent(session.OutcomeRefused, 40125)}, ""},
		{"E09", diagnose.CodeInput{Code: publicCode, IssuedAt: noon.Add(-5*time.Minute - time.Second)}, "E09"},
		{"just in time", diagnose.CodeInput{Code: publicCode, IssuedAt: noon.Add(-5 * time.Minute)}, ""},
		{"E10 openid", diagnose.CodeInput{Code: sampleUser}, "E10!"},
		{"E10 appid", diagnose.CodeInput{Code: "wx4f4bc4dec97d474b"}, "E10!"},
		{"E10 secret", diagnose.CodeInput{Code: "0123456789abcdef0123456789abcdef"}, "E10!"},
		{"E10 session_key", diagnose.CodeInput{Code: "tiihtNczf5v6AKRyjwEUhQ=="}, "E10!"},
		{"E10 token", diagnose.CodeInput{Code: "eyJhbGciOiJkaXIifQ..a.b.c"}, "E10!"},
		{"several", diagnose.CodeInput{Code: publicCode, Minted: true, To: diagnose.SideWeChat, History: sent(session.OutcomeExchanged, 0), IssuedAt: noon.Add(-time.Hour)}, "E07! E08! E09"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.in.Now = noon
			found := diagnose.Code(tt.in)
			if got := verdicts(found); got != tt.want {
				t.Errorf("findings %q, want %q", got, tt.want)
			}
			for _, f := range found {
				checkFinding(t, f.Finding, string(tt.in.Code))
			}
		})
	}
}

// checkFinding wants both languages, and nothing of a code or of what stands in its place.
func checkFinding(t *testing.T, f diagnose.Finding, code string) {
	t.Helper()
	for _, l := range []lang.Lang{lang.English, lang.Chinese} {
		all := f.Verdict.In(l) + "\n" + f.Fix.In(l)
		for _, e := range f.Evidence {
			all += "\n" + e.In(l)
		}
		if strings.Contains(all, "%!") || f.Verdict.In(l) == "" || f.Fix.In(l) == "" || f.Name == "" {
			t.Errorf("%s in %s: %s", f.ID, l, all)
		}
		if code != wechat.MockCode && len(code) >= 18 && strings.Contains(all, code) {
			t.Errorf("%s holds the code: %s", f.ID, all)
		}
	}
}

func TestExtractCode(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		publicCode:                                          publicCode + " ",
		"  " + publicCode + "\r\n":                          publicCode + " ",
		`"` + publicCode + `"`:                              publicCode + " quotes",
		`'` + publicCode + `'`:                              publicCode + " quotes",
		"“" + publicCode + "”":                              publicCode + " quotes",
		`\"` + publicCode + `\"`:                            publicCode + " quotes",
		`"\"` + publicCode + `\""`:                          publicCode + " quotes; quotes",
		"code=" + publicCode:                                publicCode + " a URL or query",
		"js_code=" + publicCode:                             publicCode + " a URL or query",
		"?a=b&code=" + publicCode:                           publicCode + " a URL or query",
		"%22" + publicCode + "%22":                          publicCode + " percent-escapes; quotes",
		"code%3D" + publicCode:                              publicCode + " percent-escapes; a URL or query",
		publicCode[:10] + "\n" + publicCode[10:]:            publicCode + " broken lines",
		`{"errMsg":"login:ok","code":"` + publicCode + `"}`: publicCode + " a JSON object",
		`{"detail":{"errMsg":"getPhoneNumber:ok","code":"` + phoneButton + `"}}`:     phoneButton + " a JSON object",
		`{"code":"the code is a mock one"}`:                                          "the code is a mock one a JSON object",
		"the code is a mock one":                                                     "the code is a mock one ",
		"https://h.example/onLogin?code=" + publicCode + "#x":                        publicCode + " a URL or query",
		"https://api.weixin.qq.com/sns/jscode2session?appid=x&js_code=" + publicCode: publicCode + " a URL or query",
		"/onLogin?code=%22" + publicCode + "%22":                                     publicCode + " a URL or query; quotes",
		`{"errMsg":"login:fail"}`:                                                    `{"errMsg":"login:fail"} `,
		`{"code":`:                                                                   `{"code": `,
		"x%26":                                                                       "x%26 ",
		"x&secret=y":                                                                 "x&secret=y ",
		"err-40029-x2.t17":                                                           "err-40029-x2.t17 ",
		"":                                                                           " ",
		"code=":                                                                      "code= ",
	} {
		code, f := diagnose.ExtractCode(text)
		var from []string
		if f.ID != "" {
			from = append(from, strings.TrimPrefix(f.Verdict.In(lang.English), "the code was taken out of "))
			for _, e := range f.Evidence {
				from = append(from, e.In(lang.English))
			}
		}
		if got := string(code) + " " + strings.Join(from, "; "); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzExtractCode(f *testing.F) {
	for _, seed := range []string{publicCode, `{"code":"x"}`, "code=a%20b", `"""`, "?code=", "%22%5C%22x", "“”", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		code, found := diagnose.ExtractCode(text)
		if len(code) > len(text)+utf8.UTFMax*len(text) {
			t.Errorf("%q grew to %q", text, code)
		}
		if found.ID == "" && string(code) != strings.TrimSpace(text) {
			t.Errorf("%q became %q without a word", text, code)
		}
		for _, x := range diagnose.Code(diagnose.CodeInput{Code: code, Now: noon}) {
			checkFinding(t, x.Finding, string(code))
		}
	})
}

// TestNeverIssued makes codes that no test of their shape finds anything about.
func TestNeverIssued(t *testing.T) {
	t.Parallel()
	seen := map[wechat.Code]bool{}
	rapid.Check(t, func(t *rapid.T) {
		code := diagnose.NeverIssued()
		if seen[code] {
			t.Fatalf("%s came twice", code)
		}
		seen[code] = true
		if found := diagnose.Code(diagnose.CodeInput{Code: code, To: diagnose.SideWeChat, Now: noon}); found != nil {
			t.Fatalf("%s: %s", code, verdicts(found))
		}
	})
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	const mine, theirs = "wx4f4bc4dec97d474b", "wx0000000000000002"
	project := func(appID wechat.AppID) []diagnose.Project {
		return []diagnose.Project{{File: "project.config.json", AppID: appID}}
	}
	sent := func(outcome session.Outcome, code wechat.ErrCode) []session.Exchange {
		return []session.Exchange{{AppID: mine, At: noon.Add(-3 * time.Minute), Outcome: outcome, ErrCode: code}}
	}
	for _, tt := range []struct {
		name string
		in   diagnose.RefusalInput
		want string
		says string
	}{
		{"40029, nothing known", diagnose.RefusalInput{ErrCode: 40029}, "E20 E21 E22", ""},
		{"40029, project of another app", diagnose.RefusalInput{ErrCode: 40029, Projects: project(theirs)}, "E20 E21 E22", "project.config.json names appid wx0000000000000002, and wx4f4bc4dec97d474b is configured"},
		{"40029, project of this app", diagnose.RefusalInput{ErrCode: 40029, Projects: project(mine)}, "E20 E21 E22", "project.config.json names the same appid"},
		{"40029, old", diagnose.RefusalInput{ErrCode: 40029, IssuedAt: noon.Add(-7 * time.Minute)}, "E21 E20 E22", "the code is 7 min 0 s old"},
		{"40029, young", diagnose.RefusalInput{ErrCode: 40029, IssuedAt: noon.Add(-time.Minute)}, "E20 E22", ""},
		{"40029, old and of another project", diagnose.RefusalInput{ErrCode: 40029, IssuedAt: noon.Add(-time.Hour), Projects: project(theirs)}, "E20 E21 E22", ""},
		{"40029, altered", diagnose.RefusalInput{ErrCode: 40029, Code: wechat.Code(publicCode[:31])}, "E04", "31"},
		{"40029, exchanged before", diagnose.RefusalInput{ErrCode: 40029, History: sent(session.OutcomeExchanged, 0)}, "E23", "3 min 0 s ago with appid wx4f4bc4dec97d474b, and WeChat accepted it"},
		{"40029, refused before", diagnose.RefusalInput{ErrCode: 40029, History: sent(session.OutcomeRefused, 40029)}, "E20 E21 E22", ""},
		{"40029, then 40163", diagnose.RefusalInput{ErrCode: 40029, Again: 40163}, "E20", "the code is genuine, but of another mini program than wx4f4bc4dec97d474b"},
		{"40029, then 40163, with a project", diagnose.RefusalInput{ErrCode: 40029, Again: 40163, Projects: project(theirs)}, "E20", "project.config.json names"},
		{"40029, then 40029", diagnose.RefusalInput{ErrCode: 40029, Again: 40029, Projects: project(theirs)}, "E21 E22", ""},
		{"40029 of the button, used before", diagnose.RefusalInput{ErrCode: 40029, Use: diagnose.UsePhone, Code: phoneButton, History: sent(session.OutcomeRefused, 40029)}, "E23", "refused it with errcode 40029"},
		{"40029 of the button", diagnose.RefusalInput{ErrCode: 40029, Use: diagnose.UsePhone, Code: phoneButton}, "E24 E21", "no errcode of its own"},
		{"40029 of the button, bound", diagnose.RefusalInput{ErrCode: 40029, Use: diagnose.UsePhone, Code: phoneButton, Bound: true, IssuedAt: noon}, "E38 E24", ""},
		{"40029 of the button, old", diagnose.RefusalInput{ErrCode: 40029, Use: diagnose.UsePhone, Code: phoneButton, IssuedAt: noon.Add(-time.Hour)}, "E21 E24", ""},
		{"40029 of a simulation", diagnose.RefusalInput{ErrCode: 40029, Simulated: true, Projects: project(theirs)}, "E20 E21 E22", "may belong"},
		{"40163, used here", diagnose.RefusalInput{ErrCode: 40163, History: sent(session.OutcomeLost, 0)}, "E23", "no usable answer came"},
		{"40163, used elsewhere", diagnose.RefusalInput{ErrCode: 40163, Ledger: true}, "E24", "wxlogin did not send it within the last seven days"},
		{"40163, busy before", diagnose.RefusalInput{ErrCode: 40163, History: sent(session.OutcomeRefused, -1)}, "E24", ""},
		{"40125", diagnose.RefusalInput{ErrCode: 40125, Projects: project(theirs)}, "E25", "project.config.json names"},
		{"40013", diagnose.RefusalInput{ErrCode: 40013}, "E26", "WeChat knows no app wx4f4bc4dec97d474b"},
		{"40013 of the button", diagnose.RefusalInput{ErrCode: 40013, Use: diagnose.UsePhone}, "E26", "issued to another mini program"},
		{"-1", diagnose.RefusalInput{ErrCode: -1}, "E27", ""},
		{"41002", diagnose.RefusalInput{ErrCode: 41002}, "E28", ""},
		{"41004", diagnose.RefusalInput{ErrCode: 41004}, "E28", ""},
		{"41008", diagnose.RefusalInput{ErrCode: 41008}, "E28", ""},
		{"40002", diagnose.RefusalInput{ErrCode: 40002}, "E28", ""},
		{"45011", diagnose.RefusalInput{ErrCode: 45011}, "E29", "login loop"},
		{"40226", diagnose.RefusalInput{ErrCode: 40226}, "E30", ""},
		{"40243", diagnose.RefusalInput{ErrCode: 40243}, "E31", ""},
		{"40164", diagnose.RefusalInput{ErrCode: 40164}, "E32", "official account"},
		{"40001", diagnose.RefusalInput{ErrCode: 40001, Use: diagnose.UsePhone}, "E33", "stable_token"},
		{"40014", diagnose.RefusalInput{ErrCode: 40014, Use: diagnose.UseSession}, "E33", ""},
		{"42001", diagnose.RefusalInput{ErrCode: 42001, Use: diagnose.UsePhone}, "E33", ""},
		{"40001 of a login", diagnose.RefusalInput{ErrCode: 40001}, "", ""},
		{"40001 of a token", diagnose.RefusalInput{ErrCode: 40001, Use: diagnose.UseToken}, "E25", ""},
		{"40029 without a code", diagnose.RefusalInput{ErrCode: 40029, Use: diagnose.UseSession}, "", ""},
		{"40163 without a code", diagnose.RefusalInput{ErrCode: 40163, Use: diagnose.UseToken}, "", ""},
		{"48001", diagnose.RefusalInput{ErrCode: 48001}, "E34", "privacy"},
		{"61003", diagnose.RefusalInput{ErrCode: 61003}, "E35", "component"},
		{"87009", diagnose.RefusalInput{ErrCode: 87009}, "E36", ""},
		{"87007", diagnose.RefusalInput{ErrCode: 87007}, "E36", ""},
		{"89503", diagnose.RefusalInput{ErrCode: 89503}, "E37", ""},
		{"89506", diagnose.RefusalInput{ErrCode: 89506}, "E37", ""},
		{"89507", diagnose.RefusalInput{ErrCode: 89507}, "E37", ""},
		{"unknown", diagnose.RefusalInput{ErrCode: 99999}, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.in.AppID, tt.in.Now = mine, noon
			if tt.in.Code == "" {
				tt.in.Code = publicCode
			}
			var ids []string
			all := ""
			for _, f := range diagnose.Refusal(tt.in) {
				ids = append(ids, f.ID)
				checkFinding(t, f, string(tt.in.Code))
				all += fmt.Sprintln(f.Verdict.In(lang.English), f.Fix.In(lang.English))
				for _, e := range f.Evidence {
					all += e.In(lang.English) + "\n"
				}
			}
			if got := strings.Join(ids, " "); got != tt.want || !strings.Contains(all, tt.says) {
				t.Errorf("causes %q, want %q with %q:\n%s", got, tt.want, tt.says, all)
			}
		})
	}
}

func TestRIDNote(t *testing.T) {
	t.Parallel()
	const rid = "6380622c-50076416-224b40b0"
	if m := diagnose.RIDNote("", diagnose.UseLogin); !m.IsZero() {
		t.Errorf("no rid: %s", m.In(lang.English))
	}
	if got := diagnose.RIDNote(rid, diagnose.UseLogin).In(lang.English); !strings.Contains(got, rid) || !strings.Contains(got, "cannot be looked up") {
		t.Error(got)
	}
	if got := diagnose.RIDNote(rid, diagnose.UsePhone).In(lang.English); !strings.Contains(got, "/cgi-bin/openapi/rid/get") {
		t.Error(got)
	}
}

func TestSideOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		origin   wechat.Origin
		loopback bool
		want     diagnose.Side
	}{
		{"https://api.weixin.qq.com", false, diagnose.SideWeChat},
		{"https://hk.api.weixin.qq.com:443", false, diagnose.SideWeChat},
		{"https://api.weixin.qq.com.evil.example", false, diagnose.SideUnknown},
		{"https://gateway.example", false, diagnose.SideUnknown},
		{"http://127.0.0.1:8420", true, diagnose.SideSimulation},
	} {
		if got := diagnose.SideOf(tt.origin, tt.loopback); got != tt.want {
			t.Errorf("SideOf(%s) = %v, want %v", tt.origin, got, tt.want)
		}
	}
}

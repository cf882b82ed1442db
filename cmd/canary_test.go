package cmd

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/term"
)

// canaryData is WeChat's published sample (aes-sample.zip), made under the key tiihtNczf5v6AKRyjwEUhQ==.
const canaryData = "CiyLU1Aw2KjvrjMdj8YKliAjtP4gsMZMQmRzooG2xrDcvSnxIMXFufNstNGTyaGS9uT5geRa0W4oTOb1WT7fJlAC+oNPdbB+3hVbJSRgv+4lGOETKUQz6OYStslQ142dNCuabNPGBzlooOmB231qMM85d2/fV6ChevvXvQP8Hkue1poOFtnEtpyxVLW1zAo6/1Xx1COxFvrc2d7UL/lmHInNlxuacJXwu0fjpXfz/YqYzBIBzD6WUfTIF9GRHpOn/Hz7saL8xz+W//FRAUid1OksQaQx4CMs8LOddcQhULW4ucetDf96JcR3g0gfRK4PC7E/r7Z6xNrXd2UIeorGj5Ef7b1pJAYB6Y5anaHqZ9J6nKEBvB4DnNLIVWSgARns/8wR2SiRS7MNACwTyrGvt9ts8p12PKFdlqYTopNHR1Vf7XjfhQlVsAJdNiKdYmYVoKlaRv85IfVunYzO0IKXsyl7JCUjCpoG20f0a04COwfneQAGGwd5oa+T8yO5hzuyDb/XcxxmK01EpqOyuxINew=="

// invocations is the table: every command, and every way in for a secret. Paths are relative to the home, written as HOME/name.
//
// What may show a planted value, and why:
//   - exchange --reveal shows the session_key of WeChat, because that is what it is for;
//   - mock commands print what the mock answers, as it is; the good network plays a mock that answers with a session_key;
//   - mock login prints a code, mock phone and its like open data: these are random here, not planted;
//   - decrypt prints the data that it decrypts: WeChat's sample, not planted;
//   - config get --reveal shows a secret to a person at a terminal.
func invocations(v vault) []invocation {
	online := func(string) bool { return true }
	somewhere := func(network string) bool {
		return slices.Contains([]string{"good", "errmsg cut", "problem", "header", "certificate of a stranger"}, network)
	}
	from := func(in invocation, name, value string) invocation {
		in.env = map[string]string{name: value}
		in.online = somewhere
		return in
	}
	exchange := invocation{leaf: "exchange", args: []string{v.code.value}, online: online}
	table := []invocation{
		exchange,
		from(exchange, "WXLOGIN_SECRET", v.secretEnv.value),
		from(exchange, "WXLOGIN_SECRET_FILE", "HOME/secret.txt"),
		from(exchange, "WXLOGIN_PROFILE", "staging"),
		from(exchange, "WXLOGIN_PROFILE", "commanded"),
		from(exchange, "WXLOGIN_PROFILE", "failing"),
		from(exchange, "WXLOGIN_PROFILE", "filed"),
		from(exchange, "WXLOGIN_PROFILE", "unset"),
		from(exchange, "WXLOGIN_SECRET", v.secretEnv.value+"\n"+v.secretEnv.value),
		from(exchange, "WXLOGIN_SECRET", v.wechatToken()),
		{leaf: "exchange", args: []string{v.code.value, "--secret-file", "-"}, stdin: v.secretStdin.value, online: somewhere},
		{leaf: "exchange", args: []string{v.code.value, "--secret-file", "-"}, stdin: v.secretStdin.value + "\n" + v.secretStdin.value},
		{leaf: "exchange", args: []string{"-", "--secret-file", "-"}, stdin: v.secretStdin.value},
		{leaf: "exchange", args: []string{"-", "--no-save"}, stdin: v.code.value + "\n", online: somewhere},
		{leaf: "exchange", args: []string{v.code.value + "&secret=x+/="}, online: somewhere},
		{leaf: "exchange", args: []string{v.code.value, "--reveal"}, online: somewhere, allow: []string{v.keyWeChat.name}},
		{leaf: "exchange", tty: []string{v.code.value}, online: somewhere},
		{leaf: "exchange", args: []string{v.secretArg.value}},
		{leaf: "exchange", args: []string{v.keyFlag.value}},
		{leaf: "exchange", args: []string{v.phone.value}},
		{leaf: "exchange", args: []string{v.token()}},
		{leaf: "exchange", args: []string{v.code.value, v.token()}},
		{leaf: "exchange", args: []string{v.code.value, "--appid", v.secretArg.value}},
		{leaf: "exchange", args: []string{v.code.value, "--secret=" + v.secretArg.value}},
		{leaf: "exchange", args: []string{v.code.value, "-s" + v.secretArg.value}},
		{leaf: "exchange", args: []string{v.code.value, "--no-save=" + v.secretArg.value}},
		{leaf: "exchange", args: []string{v.code.value, "--timeout", v.secretArg.value}},
		{leaf: "exchange", args: []string{v.code.value, "--secret-file", v.secretArg.value}},
		{leaf: "exchange", args: []string{v.code.value, "--api-base", "https://u:" + v.password.value + "@h.example"}},
		{leaf: "exchange", args: []string{v.code.value, "--api-base", "https://h.example/?secret=" + v.secretArg.value}},
		{leaf: "exchange", args: []string{v.code.value, "--api-base", "https://h.example/\x7f" + v.secretArg.value}},
		from(exchange, "WXLOGIN_APPID", v.secretArg.value),
		from(exchange, "WXLOGIN_STORE", "redis://:"+v.password.value+"@127.0.0.1:6379/0"),
		from(exchange, "WXLOGIN_STORE", v.password.value),
		from(exchange, "WXLOGIN_STORE", "redis://127.0.0.1:1"),
		from(exchange, "WXLOGIN_STORE", "rediss://localhost:1/9"),

		{leaf: "exchange", args: []string{v.code.value, "-v"}, online: somewhere},
		{leaf: "exchange", args: []string{v.code.value, "-vv"}, online: online},
		{leaf: "exchange", args: []string{v.code.value, "--probe", "-vv"}, online: somewhere},
		{leaf: "exchange", args: []string{v.code.value, "--issued-at", v.secretArg.value}},
		{leaf: "exchange", args: []string{v.secretArg.value, "--force", "-vv"}, online: somewhere},
		{leaf: "exchange", args: []string{`{"code":"` + v.code.value + `","session_key":"` + v.keyFlag.value + `"}`}, online: somewhere},
		{leaf: "exchange", args: []string{"https://h.example/?code=" + v.code.value + "&secret=" + v.secretArg.value}, online: somewhere},
		{leaf: "exchange", args: []string{v.code.value, "--dry-run"}, allow: []string{v.code.name}},
		{leaf: "exchange", args: []string{v.code.value, "--print-curl"}, allow: []string{v.code.name}},
		{leaf: "exchange", args: []string{v.code.value, "--print-curl"}, env: map[string]string{"WXLOGIN_SECRET": v.secretEnv.value}, allow: []string{v.code.name}},
		{leaf: "exchange", args: []string{v.code.value, "--print-curl"}, env: map[string]string{"WXLOGIN_PROFILE": "commanded"}, allow: []string{v.code.name}},

		{leaf: "phone", args: []string{v.code.value}, online: somewhere},
		{leaf: "phone", args: []string{v.code.value, "-vv", "--openid", canaryOpenID}, online: online},
		{leaf: "phone", args: []string{v.code.value, "--openid", v.phone.value}},
		{leaf: "phone", args: []string{v.secretArg.value}},
		{leaf: "phone", args: []string{"-"}, stdin: `{"detail":{"code":"` + v.code.value + `","encryptedData":"` + v.keyStdin.value + `"}}`, online: somewhere},
		{leaf: "phone", args: []string{v.code.value, "--dry-run"}, allow: []string{v.code.name}},
		{leaf: "phone", args: []string{v.code.value, "--print-curl"}, allow: []string{v.code.name}},
		{leaf: "access-token", online: somewhere},
		{leaf: "access-token", args: []string{"-vv"}, online: online},
		{leaf: "access-token", args: []string{"--dry-run"}},
		{leaf: "access-token", args: []string{"--print-curl"}},
		{leaf: "access-token", args: []string{v.token()}},

		{leaf: "session list"},
		{leaf: "session list", before: []string{"exchange", v.code.value}},
		{leaf: "session show", before: []string{"exchange", v.code.value}},
		{leaf: "session show", args: []string{"--reveal"}, before: []string{"exchange", v.code.value}, allow: []string{v.keyWeChat.name}},
		{leaf: "session show", args: []string{v.secretArg.value}},
		{leaf: "session show", args: []string{v.token()}},
		{leaf: "session check", before: []string{"exchange", v.code.value}, online: somewhere},
		{leaf: "session check", args: []string{"-vv"}, before: []string{"exchange", v.code.value}, online: somewhere},
		{leaf: "session check", args: []string{"--dry-run"}, before: []string{"exchange", v.code.value}},
		{leaf: "session check", args: []string{"--print-curl"}, before: []string{"exchange", v.code.value}},
		{leaf: "session reset", args: []string{"--print-curl"}, before: []string{"exchange", v.code.value}},
		{leaf: "session reset", args: []string{"--yes", "-vv"}, before: []string{"exchange", v.code.value}, online: somewhere},
		{leaf: "session reset", args: []string{"--yes", "--reveal"}, before: []string{"exchange", v.code.value}, online: somewhere, allow: []string{v.keyWeChat.name}},
		{leaf: "session rm", args: []string{canaryOpenID, "--yes"}, before: []string{"exchange", v.code.value}},
		{leaf: "session rm", args: []string{v.secretArg.value, "--yes"}},

		{leaf: "doctor", args: []string{"-vv"}, online: somewhere},
		{leaf: "doctor", args: []string{"--offline"}},
		{leaf: "doctor", args: []string{"--offline"}, env: map[string]string{"WXLOGIN_SECRET": v.secretEnv.value + "*"}},
		{leaf: "doctor", args: []string{"--offline"}, env: map[string]string{"WXLOGIN_APPID": v.secretArg.value, "WXLOGIN_PROFILE": "failing"}},
		{leaf: "doctor", args: []string{"--offline"}, env: map[string]string{"WXLOGIN_STORE": "redis://:" + v.password.value + "@127.0.0.1:6379/0"}},
		{leaf: "doctor", args: []string{v.secretArg.value}},
		{leaf: "doctor", args: []string{"--url", "http://user:" + v.secretArg.value + "@127.0.0.1:1"}},

		{leaf: "decrypt", args: []string{"HOME/payload.json"}},
		{leaf: "decrypt", args: []string{"HOME/payload.json"}, before: []string{"exchange", v.code.value}},
		{leaf: "decrypt", args: []string{"HOME/payload.json", "--openid", canaryOpenID}, before: []string{"exchange", v.code.value}},
		{leaf: "decrypt", args: []string{"HOME/withkey.json"}},
		{leaf: "decrypt", args: []string{"HOME/badkey.json"}},
		{leaf: "decrypt", args: []string{"HOME/wrongkey.json"}},
		{leaf: "decrypt", args: []string{"HOME/" + v.secretArg.value}, allow: []string{v.secretArg.name}}, // the name of a file
		{leaf: "decrypt", args: []string{"-"}, stdin: `{"encryptedData":"` + v.phone.value + `","iv":"` + v.wechatToken() + `","session_key":["` + v.keyStdin.value + `"]}`},
		{leaf: "decrypt", args: []string{"-"}, stdin: `{"session_key":"` + v.keyStdin.value + `","sessionKey":"` + v.keyJSON.value + `"}`},
		{leaf: "decrypt", args: []string{"-"}, stdin: v.keyStdin.value},
		{leaf: "decrypt", args: []string{"-"}, stdin: `{encryptedData: '` + v.phone.value + `', session_key: '` + v.keyStdin.value + `'}`},
		{leaf: "decrypt", args: []string{"-"}, stdin: `[{"session_key":"` + v.keyStdin.value + `"}]`},
		{leaf: "decrypt", args: []string{"-"}, stdin: `{"encrypted_data":"` + v.phone.value + `","iv":"` + v.keyStdin.value + `","session_key":""}`},
		{leaf: "decrypt", args: []string{"HOME/payload.json", "--session-key", "tiihtNczf5v6AKRyjwEUhQ=="}},
		{leaf: "decrypt", args: []string{"HOME/payload.json", "--session-key", "tiihtNczf5v6AKRyjwEUhQ==", "--appid", v.secretArg.value}},
		{leaf: "decrypt", args: []string{"HOME/payload.json", "--session-key", v.token()}},
		{leaf: "decrypt", args: []string{"HOME/wrongkey.json", "--explain", "--repair"}},
		{leaf: "decrypt", args: []string{"HOME/wrongkey.json", "--explain", "--keys", "-"}, stdin: v.keyStdin.value + " 2026-11-26\n"},
		{leaf: "decrypt", args: []string{"HOME/wrongkey.json", "--keys", "-"}, stdin: v.keyStdin.value + " " + v.secretStdin.value},
		{leaf: "decrypt", args: []string{"-", "--explain"}, stdin: `"{\"session_key\":\"` + v.keyStdin.value + `\",\"iv\":\"` + v.keyJSON.value + `\",\"encryptedData\":\"` + v.token() + `\"}"`},
		{leaf: "decrypt", args: []string{"--data", v.keyFlag.value, "--iv", v.keyFlag.value, "--session-key", v.keyFlag.value, "--explain"}},

		{leaf: "explain", args: []string{"40029"}},
		{leaf: "explain", args: []string{v.secretArg.value}},
		{leaf: "explain", args: []string{"--rate", v.secretArg.value}},
		{leaf: "explain", args: []string{"-"}, stdin: "session_key=" + v.keyStdin.value + " " + v.token() + ": pad block corrupted, secret " + v.secretStdin.value + " phone " + v.phone.value},
		{leaf: "explain", args: []string{"-"}, stdin: `{"errcode":40163,"errmsg":"code been used","session_key":"` + v.keyStdin.value + `"}`},
		{leaf: "decrypt", args: []string{"HOME/payload.json", "--session-key", "env:" + v.secretArg.value}},
		{leaf: "decrypt", args: []string{"--data", v.token(), "--iv", v.wechatToken(), "--session-key", v.keyFlag.value}},
		{leaf: "decrypt", args: []string{"HOME/payload.json", "--signature", v.keyFlag.value, "--raw-data", "env:PHONE", "--session-key", "tiihtNczf5v6AKRyjwEUhQ=="}},
		{leaf: "decrypt", args: []string{"HOME/payload.json", "--max-age", v.keyFlag.value}},
		{leaf: "decrypt", args: []string{"HOME/payload.json", v.keyFlag.value}},
		{leaf: "decrypt", args: []string{"--bulk", "HOME/lines.ndjson", "--keep"}},
		{leaf: "decrypt", args: []string{"--bulk", "HOME/lines.ndjson", "--json", "--session-key", v.keyFlag.value}},
		{leaf: "decrypt", args: []string{"--bulk", "HOME/lines.ndjson", "--repair", "-q", "."}, before: []string{"exchange", v.code.value}},
		{leaf: "decrypt", args: []string{"--bulk", "-"}, stdin: v.token() + "\n" + v.keyStdin.value},
		{leaf: "decrypt", args: []string{"--bulk", "HOME/" + v.secretArg.value}, allow: []string{v.secretArg.name}}, // the name of a file

		{leaf: "inspect", args: []string{"env:" + v.secretArg.value}},
		{leaf: "inspect", args: []string{"@HOME/token.txt"}},
		{leaf: "inspect", args: []string{"-"}, stdin: v.token()},
		{leaf: "inspect", args: []string{v.token()}, before: []string{"key", "list"}},
		{leaf: "inspect", args: []string{v.token(), "--unverified"}},
		{leaf: "inspect", args: []string{"Bearer " + v.token()[:200]}},
		{leaf: "inspect", args: []string{strings.Replace(v.token(), tokenHeader, mockHeaderPart, 1)}, online: somewhere},
		{leaf: "inspect", args: []string{strings.Replace(v.token(), "..", "..!", 1)}},

		{leaf: "serve", args: []string{"--addr", v.secretArg.value}},
		{leaf: "serve", args: []string{"--addr", "203.0.113.1:1"}},
		{leaf: "serve", args: []string{"--addr", "203.0.113.1:1", "--ready-file", "HOME/no/such"}, env: map[string]string{"WXLOGIN_SECRET": v.secretEnv.value}},
		{leaf: "serve", args: []string{"--mock", "--addr", "203.0.113.1:1", "--allow-remote"}},
		{leaf: "serve", args: []string{"--mock", "--addr", "203.0.113.1:1"}},
		{leaf: "serve", args: []string{"--mock", "--addr", "127.0.0.1:0", "--appid", v.secretArg.value}},
		{leaf: "serve", args: []string{"--mock", "--seed", v.secretArg.value}},
		{leaf: "serve", env: map[string]string{"WXLOGIN_PROFILE": "failing"}},
		// The appid and the secret of the configuration are what the simulation knows; the program must not be told the secret, in its
		// environment or in a file that this names.
		{leaf: "serve", args: []string{"--mock", "--journal", "HOME/journal.ndjson", "--", "sh", "-c", `env; cd "${SSL_CERT_FILE%/*}" && cat *.pem *.cjs *.php *.ini; exit 3`}},
		{leaf: "serve", args: []string{"--mock", "-v", "--", "sh", "-c", "exit 3", v.secretArg.value}, env: map[string]string{"WXLOGIN_SECRET": v.secretEnv.value}},
		{leaf: "serve", args: []string{"--mock", "--json", "--", "sh", "-c", "exit 3", v.secretArg.value}},
		{leaf: "serve", args: []string{"--mock", "--", "HOME/no/such", v.secretArg.value}},
		{leaf: "serve", args: []string{"--mock", "--journal", "HOME/no/such/file", "--", "true"}},
		{leaf: "demo"},
		{leaf: "key list"},
		{leaf: "key list", env: map[string]string{"WXLOGIN_KEYS": `{"version":1,"storage":{"kty":"oct","kid":"s","k":"` + v.secretArg.value + `"}}`}},
		{leaf: "key list", env: map[string]string{"WXLOGIN_KEYS": v.secretArg.value}},
		{leaf: "key list", env: map[string]string{"WXLOGIN_KEYS_FILE": "HOME/secret.txt"}},
		{leaf: "key rotate"},
		{leaf: "key rotate", args: []string{"--prepare"}},
		{leaf: "key rotate", env: map[string]string{"WXLOGIN_KEYS": v.secretArg.value}},
		{leaf: "key retire", args: []string{v.secretArg.value}},
		{leaf: "key retire", args: []string{v.tokenTail.value, "--yes"}, before: []string{"key", "rotate"}},
		{leaf: "key import", args: []string{"HOME/secret.txt"}},
		{leaf: "key import", args: []string{"-"}, stdin: `{"kty":"oct","kid":"` + v.secretArg.value + v.secretArg.value + v.secretArg.value + `","k":"` + v.secretArg.value + `"}`},
		{leaf: "key import", args: []string{"-"}, stdin: `{"kty":"oct","kid":"x","alg":"` + v.secretStdin.value + `","k":"` + v.secretStdin.value + `"}`},
		{leaf: "key import", args: []string{"-"}, stdin: v.wechatToken()},
		{leaf: "key export"},
		{leaf: "key export", args: []string{v.secretArg.value, "--reveal"}, before: []string{"key", "rotate"}},

		{leaf: "revoke", args: []string{"@HOME/token.txt"}},
		{leaf: "revoke", args: []string{v.token()}, before: []string{"key", "rotate"}},
		{leaf: "revoke", args: []string{"-"}, stdin: v.keyStdin.value},
		{leaf: "revoke", args: []string{strings.Replace(v.token(), tokenHeader, mockHeaderPart, 1)}, online: somewhere},
		{leaf: "revoke", args: []string{"--before", v.secretArg.value, "--yes"}},
		{leaf: "revoke", args: []string{"--openid", canaryOpenID}},
		{leaf: "revoke", args: []string{"--before", "now", "--yes", "--appid", v.secretArg.value}},
		{leaf: "inspect", args: []string{"-"}, stdin: v.token() + "\n" + v.keyStdin.value + "\n" + v.code.value + "\n"},

		{leaf: "mock login", online: online},
		{leaf: "mock login", args: []string{"--user", v.phone.value + strings.Repeat("x", 80), "--appid", v.secretArg.value}, allow: []string{v.phone.name}}, // a user may have any name
		{leaf: "mock login", args: []string{"--url", "http://u:" + v.password.value + "@127.0.0.1:1"}},
		{leaf: "mock login", env: map[string]string{"WXLOGIN_MOCK_TOKEN": v.secretEnv.value}},
		{leaf: "mock login", env: map[string]string{"WXLOGIN_MOCK_TOKEN": v.secretEnv.value + "\r\nX: y"}},
		{leaf: "mock userinfo"},
		{leaf: "mock phone"},
		{leaf: "mock werun"},
		{leaf: "mock group"},
		{leaf: "mock clock"},
		{leaf: "mock clock", args: []string{"+1s"}},
		{leaf: "mock clock", args: []string{v.token()}},
		{leaf: "mock reset", args: []string{"--appid", canaryAppID}},
		{leaf: "mock reset", args: []string{"--appid", v.secretArg.value}},

		{leaf: "config get", args: []string{"secret"}},
		{leaf: "config get", args: []string{"secret", "--reveal"}},
		{leaf: "config get", args: []string{"introspection_secret"}},
		{leaf: "config get", args: []string{"profiles.staging.secret"}},
		{leaf: "config get", args: []string{"appid"}},
		{leaf: "config get", args: []string{v.secretArg.value}},
		{leaf: "config get", args: []string{"secret", "--reveal"}, tty: []string{}, allow: []string{v.secretLiteral.name}},
		{leaf: "config list"},
		{leaf: "config list", args: []string{"--show-origin"}, env: map[string]string{"WXLOGIN_SECRET": v.secretEnv.value}},
		{leaf: "config list", env: map[string]string{"WXLOGIN_INTROSPECTION_SECRET": v.secretEnv.value, "WXLOGIN_PROFILE": "commanded"}},
		{leaf: "config list", env: map[string]string{"WXLOGIN_STORE": "redis://:" + v.password.value + "@127.0.0.1:6379/0"}},
		{leaf: "config path"},
		{leaf: "config validate"},
		{leaf: "config use", args: []string{"staging"}},
		{leaf: "config use", args: []string{v.secretArg.value}},
		{leaf: "config validate", env: map[string]string{"WXLOGIN_SECRET": v.secretEnv.value}},
		{leaf: "config validate", env: map[string]string{"WXLOGIN_SECRET": v.wechatToken(), "WXLOGIN_SECRET_FILE": "HOME/secret.txt"}},
		{leaf: "config validate", env: map[string]string{"WXLOGIN_PROFILE": "failing"}},
		{leaf: "config set", args: []string{"secret", v.secretArg.value}},
		{leaf: "config set", args: []string{"introspection_secret", v.introspection.value}},
		{leaf: "config set", args: []string{"profiles.staging.secret", v.secretArg.value}},
		{leaf: "config set", args: []string{"secret", "-", "--insecure-file"}, stdin: v.secretStdin.value},
		{leaf: "config set", args: []string{"secret", "-", "--insecure-file"}, stdin: v.secretStdin.value + "\n" + v.secretStdin.value},
		{leaf: "config set", args: []string{"secret"}, tty: []string{"f", v.secretStdin.value}},
		{leaf: "config set", args: []string{"secret"}, tty: []string{v.secretStdin.value, v.secretStdin.value, v.secretStdin.value}},
		{leaf: "config set", args: []string{"appid", v.secretArg.value}},
		{leaf: "config set", args: []string{"api_base", "https://u:" + v.password.value + "@h.example"}},
		{leaf: "config set", args: []string{"store", "redis://:" + v.password.value + "@127.0.0.1:6379/0"}},
		{leaf: "config set", args: []string{v.secretArg.value, "x"}},
		{leaf: "config set", args: []string{"timeout", v.secretArg.value}},
		{leaf: "config init", tty: []string{"y", v.secretArg.value, canaryAppID, "f", v.secretStdin.value}},
		{leaf: "config init", args: []string{"--appid", v.secretArg.value, "--config", "HOME/new.yaml"}},
		{leaf: "config init", args: []string{"--appid", canaryAppID, "--secret-from", v.secretArg.value, "--config", "HOME/new.yaml"}},
		{leaf: "config init", args: []string{"--appid", canaryAppID, "--secret-from", "env:" + v.secretArg.value, "--config", "HOME/new.yaml"}},
		{leaf: "config init", args: []string{"--appid", canaryAppID, "--secret-from", "env:WX_SECRET", "--config", "HOME/new.yaml"}},

		{leaf: "completion bash"},
		{leaf: "completion zsh"},
		{leaf: "completion fish"},
		{leaf: "completion powershell"},
		{leaf: "completion install"},
		{leaf: "completion install", args: []string{"--shell", v.secretArg.value}},
		{leaf: "__complete config set secret", args: []string{""}},
		{leaf: "__complete config get", args: []string{""}},
		{leaf: "__complete exchange --profile", args: []string{""}},
		{leaf: "__complete decrypt --session-key", args: []string{v.keyFlag.value}},
		{leaf: "version"},
		{leaf: "version", args: []string{v.token()}},
		{leaf: "help"},
		{leaf: "help", args: []string{v.token()}},
		{leaf: "help", args: []string{"secrets"}},
		{leaf: "help", args: []string{"environment"}},
		{leaf: v.token()},
		{leaf: "mock", args: []string{v.token()}},
		{leaf: "--profile", args: []string{v.secretArg.value, "exchange", "x"}},
		{leaf: "--lang", args: []string{v.secretArg.value, "version"}},
		{leaf: "--color", args: []string{v.secretArg.value, "version"}},
	}
	for _, shell := range []string{"bash", "fish", "powershell", "dotenv", v.secretArg.value} {
		table = append(table, invocation{leaf: "mock env", args: []string{"--shell", shell}})
	}
	for _, key := range []string{v.keyFlag.value, "@HOME/key.txt", "env:SESSION_KEY", "-"} {
		table = append(table, invocation{leaf: "decrypt", args: []string{"HOME/payload.json", "--session-key", key}, stdin: v.keyStdin.value})
	}
	for _, thing := range []string{v.secretArg.value, v.keyFlag.value, v.wechatToken(), v.phone.value, v.code.value, v.phone.value + v.phone.value, "a." + v.tokenTail.value + ".c"} {
		table = append(table, invocation{leaf: "inspect", args: []string{thing}}, invocation{leaf: "inspect", args: []string{"-"}, stdin: thing})
	}
	return append(table, mockInvocations(v)...)
}

// mockHeaderPart is the header of a token that a mock issued: {"alg":"dir","enc":"A256GCM","kid":"mock-1","typ":"JWT"}.
const mockHeaderPart = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoibW9jay0xIiwidHlwIjoiSldUIn0"

// forms are how a command may be asked to speak.
func forms() [][]string {
	return [][]string{nil, {"--json"}, {"--lang", "zh", "--color", "always"}, {"-q", "."}}
}

// in returns the invocation with its paths and addresses filled in.
func (in invocation) in(h *home, base string, form []string) invocation {
	fill := func(text string) string { return strings.ReplaceAll(text, "HOME/", h.dir+string(os.PathSeparator)) }
	out := in
	out.args, out.env = nil, map[string]string{"WXLOGIN_API_BASE": base, "WXLOGIN_URL": base}
	for _, arg := range append(slices.Clone(in.args), form...) {
		out.args = append(out.args, fill(arg))
	}
	for name, value := range in.env {
		out.env[name] = fill(value)
	}
	return out
}

// TestCanary runs the table against a mock, in every form, and what goes online against every bad network.
func TestCanary(t *testing.T) {
	t.Parallel()
	v := newVault()
	mock := newHome(t, v)
	server := mock.serve(t, nil, "--mock", "--addr", "0.0.0.0:0", "--allow-remote")
	nets := networks(t, v.keyWeChat)
	good := nets[slices.IndexFunc(nets, func(n network) bool { return n.name == "good" })].base
	f := newFinder(v.all()...)
	try := func(t *testing.T, in invocation, base string, form []string, limit time.Duration) result {
		t.Helper()
		h := newHome(t, v)
		in.limit = cmp.Or(limit, in.limit)
		ctx, cancel := in.within(t.Context())
		defer cancel()
		if in.before != nil {
			h.run(ctx, invocation{leaf: in.before[0], args: in.before[1:]}.in(h, good, nil))
		}
		r := h.run(ctx, in.in(h, base, form))
		if strings.HasPrefix(in.leaf, "mock ") {
			in.allow = append(slices.Clone(in.allow), v.keyWeChat.name)
		}
		h.search(t, f, fmt.Sprint(in.leaf, " ", in.args, form), r, in.allow...)
		return r
	}
	for i, in := range invocations(v) {
		t.Run(fmt.Sprint(i, " ", strings.ReplaceAll(in.leaf, " ", "_")[:min(12, len(in.leaf))]), func(t *testing.T) {
			t.Parallel()
			for _, form := range forms() {
				r := try(t, in, server.ready.URL, form, 0)
				if len(r.stdout)+len(r.stderr) == 0 && in.leaf != "demo" && in.limit == 0 && form == nil {
					t.Error("the run said nothing: is the table right?")
				}
			}
			if in.online == nil {
				return
			}
			for _, n := range nets {
				if !in.online(n.name) {
					continue
				}
				limit := time.Duration(0)
				if strings.HasPrefix(n.name, "silence") {
					limit = 100 * time.Millisecond
				}
				for _, form := range [][]string{nil, {"--json"}} {
					t.Run(n.name, func(t *testing.T) {
						r := try(t, in, n.base, form, limit)
						if i == 0 && (r.exit == 3 || (r.exit == 0) != (n.name == "good")) {
							t.Errorf("exit code %d: is the table right? %s", r.exit, r.stderr)
						}
					})
				}
			}
		})
	}
	t.Cleanup(func() {
		r := server.stop()
		mock.search(t, f, "serve --mock", r, v.phone.name) // the name of a user, above
		if !strings.Contains(string(r.stderr), "/_mock/login") {
			t.Errorf("the log is missing: %s", r.stderr)
		}
	})
}

// TestCanaryComplete keeps the table complete: a new command has to be added.
func TestCanaryComplete(t *testing.T) {
	t.Parallel()
	streams, _, _, _ := term.Test()
	root := newRoot(&app.App{IO: streams, Env: streams.Env, Now: time.Now, Flags: app.Flags{Keys: map[string]string{}}})
	want, got := map[string]bool{}, map[string]bool{}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.HasSubCommands() {
			for _, sub := range c.Commands() {
				walk(sub)
			}
			return
		}
		want[strings.TrimPrefix(c.CommandPath(), "wxlogin ")] = true
	}
	walk(root)
	if len(want) < 25 {
		t.Errorf("the tree has %d commands", len(want))
	}
	for _, in := range invocations(newVault()) {
		if want[in.leaf] {
			got[in.leaf] = true
		}
	}
	if diff := gocmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("commands without a line in the table of invocations, above (-want +got):\n%s", diff)
	}
}

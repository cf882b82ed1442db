package config

import (
	"slices"
	"strings"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// kind says what the value of a key looks like.
type kind int

const (
	kindText kind = iota
	kindSecret
	kindBase     // https URL, http on loopback
	kindURL      // http or https URL of a simulation
	kindProfile  // name of a profile
	kindLang     // zh, en
	kindOutput   // text, json, ndjson
	kindDuration // positive Go duration
	kindStore    // memory, sqlite:PATH, redis://HOST
	kindAddr     // host:port
	kindLife     // positive Go duration, at most the longest life of a token
	kindPolicy   // multi, single

	kindNetworks  // 10.0.0.0/8,127.0.0.1
	kindRate      // 600/m, off
	kindLogFormat // text, json
	kindDelay     // Go duration of at most five minutes, zero included
)

// Key is one key of the configuration.
type Key struct {
	Name    string // as in the file; a dot stands for nesting
	Env     string // the variable that sets it
	Flag    string // "--api-base"; "" where no flag may exist or none does
	Default string
	Secret  bool
	Help    lang.T

	kind    kind
	project bool // a project file may set it
	profile bool // a profile may set it
}

// Keys returns the keys in the order of the documentation. These tables are the only place that lists them: binding, checking,
// listing and the help topic environment follow them.
func Keys() []Key {
	return slices.Concat(generalKeys(), servingKeys(), mockKeys())
}

func generalKeys() []Key {
	return []Key{
		{
			Name: "appid", Env: "WXLOGIN_APPID", Flag: "--appid", kind: kindText, project: true, profile: true,
			Help: lang.T{En: "AppID of the mini program", Zh: "小程序的 AppID"},
		},
		{
			Name: "secret", Env: "WXLOGIN_SECRET", Secret: true, kind: kindSecret, profile: true,
			Help: lang.T{En: "AppSecret, or where it is: env:NAME, file:PATH, keyring, cmd:COMMAND", Zh: "AppSecret，或其所在：env:NAME、file:PATH、keyring、cmd:COMMAND"},
		},
		{
			Name: "api_base", Env: "WXLOGIN_API_BASE", Flag: "--api-base", Default: wechat.APIBase, kind: kindBase, profile: true,
			Help: lang.T{En: "address of WeChat's server API; https unless loopback", Zh: "微信服务端接口地址；除本机外须为 https"},
		},
		{
			Name: "profile", Env: "WXLOGIN_PROFILE", Flag: "--profile", kind: kindProfile, project: true,
			Help: lang.T{En: "profile to use", Zh: "使用的配置档（profile）"},
		},
		{
			Name: "lang", Env: "WXLOGIN_LANG", Flag: "--lang", kind: kindLang, project: true,
			Help: lang.T{En: "language of messages: zh or en", Zh: "消息语言：zh 或 en"},
		},
		{
			Name: "output", Env: "WXLOGIN_OUTPUT", Flag: "--output", Default: "text", kind: kindOutput, project: true,
			Help: lang.T{En: "output format: text, json or ndjson", Zh: "输出格式：text、json 或 ndjson"},
		},
		{
			Name: "timeout", Env: "WXLOGIN_TIMEOUT", Flag: "--timeout", Default: "10s", kind: kindDuration,
			Help: lang.T{En: "longest wait for an answer of WeChat", Zh: "等待微信应答的最长时间"},
		},
		{
			Name: "store", Env: "WXLOGIN_STORE", Flag: "--store", kind: kindStore,
			Help: lang.T{En: "where sessions are kept: memory, sqlite:PATH, redis://HOST or rediss://HOST (TLS)", Zh: "会话存储：memory、sqlite:PATH、redis://HOST 或 rediss://HOST（TLS）"},
		},
		{
			Name: "addr", Env: "WXLOGIN_ADDR", Flag: "--addr", Default: "127.0.0.1:8420", kind: kindAddr,
			Help: lang.T{En: "address that serve listens on", Zh: "serve 的监听地址"},
		},
		{
			Name: "token_ttl", Env: "WXLOGIN_TOKEN_TTL", Flag: "--token-ttl", Default: "24h", kind: kindLife,
			Help: lang.T{En: "life of a login token", Zh: "登录令牌的有效期"},
		},
		{
			Name: "token_policy", Env: "WXLOGIN_TOKEN_POLICY", Flag: "--token-policy", Default: "multi", kind: kindPolicy,
			Help: lang.T{En: "multi: a user may have several login tokens; single: a new login ends the older one", Zh: "multi：同一用户可持有多个登录令牌；single：新登录会使旧令牌失效"},
		},
		{
			Name: "session_ttl", Env: "WXLOGIN_SESSION_TTL", Flag: "--session-ttl", Default: "72h", kind: kindDuration,
			Help: lang.T{En: "life of a saved session", Zh: "已保存会话的有效期"},
		},
		{
			Name: "introspection_secret", Env: "WXLOGIN_INTROSPECTION_SECRET", Secret: true, kind: kindSecret,
			Help: lang.T{En: "credential of your other back ends for /introspect and /revoke", Zh: "其他后端调用 /introspect 和 /revoke 的凭据"},
		},
	}
}

// mockKeys are the keys of [Mock].
func mockKeys() []Key {
	return []Key{
		{
			Name: "mock.url", Env: "WXLOGIN_URL", Flag: "--url", Default: "http://127.0.0.1:8420", kind: kindURL, project: true,
			Help: lang.T{En: "address of the running simulation", Zh: "正在运行的模拟微信地址"},
		},
		{
			Name: "mock.user", Env: "WXLOGIN_MOCK_USER", Flag: "--user", Default: "alice", kind: kindText, project: true,
			Help: lang.T{En: "simulated user that the mock commands act as", Zh: "mock 命令所用的模拟用户"},
		},
	}
}

// Variable is an environment variable that is read without being a key.
type Variable struct {
	Name string
	Help lang.T
}

// Variables returns the variables beside those of [Keys] that this package and the store read.
func Variables() []Variable {
	return []Variable{
		{"WXLOGIN_CONFIG", lang.T{En: "the one configuration file to read, as --config", Zh: "只读取这一个配置文件，同 --config"}},
		{"WXLOGIN_CONFIG_DIR", lang.T{En: "directory of config.yaml", Zh: "config.yaml 所在目录"}},
		{"WXLOGIN_STATE_DIR", lang.T{En: "directory of wxlogin.db and keys.json", Zh: "wxlogin.db 和 keys.json 所在目录"}},
		{"WXLOGIN_KEYS_FILE", lang.T{En: "key ring file in place of keys.json, as mounted for a server", Zh: "代替 keys.json 的密钥环文件，例如挂载给服务器的文件"}},
		{"WXLOGIN_KEYS", lang.T{En: "the key ring itself, the JSON of a keys.json", Zh: "密钥环本身，即 keys.json 的 JSON 内容"}},
		{"WXLOGIN_SECRET_FILE", lang.T{En: "file that holds the AppSecret, as --secret-file", Zh: "存放 AppSecret 的文件，同 --secret-file"}},
		{"WXLOGIN_STORE_PASSWORD", lang.T{En: "password of the Redis that store names", Zh: "store 所指 Redis 的密码"}},
		{"WXLOGIN_MOCK_TOKEN", lang.T{En: "token of a simulation that listens beyond loopback", Zh: "监听非本机地址的模拟微信的令牌"}},
	}
}

// lookup finds a key by its full name.
func lookup(name string) (Key, bool) {
	for _, k := range Keys() {
		if k.Name == name {
			return k, true
		}
	}
	return Key{}, false
}

// profilePrefix begins the full name of a profile's key: profiles.NAME.appid.
const profilePrefix = "profiles."

// resolve finds the key that a full name such as "timeout", "mock.url" or "profiles.staging.appid" means.
func resolve(full string) (key Key, profile string, err error) {
	rest, ok := strings.CutPrefix(full, profilePrefix)
	if !ok {
		key, ok := lookup(full)
		if !ok {
			return Key{}, "", unknownKey(full, names(func(Key) bool { return true }))
		}
		return key, "", nil
	}
	profile, name, _ := strings.Cut(rest, ".")
	if !validProfile(profile) {
		return Key{}, "", &Error{Key: full, Reason: textBadProfile.With(wechat.Shown(profile, maxShown))}
	}
	key, ok = lookup(name)
	if !ok || !key.profile {
		return Key{}, "", unknownKey(full, prefixed(profilePrefix+profile+".", names(inProfile)))
	}
	return key, profile, nil
}

func inProfile(k Key) bool { return k.profile }
func inProject(k Key) bool { return k.project }

// names returns the names of the keys that want picks.
func names(want func(Key) bool) []string {
	var list []string
	for _, k := range Keys() {
		if want(k) {
			list = append(list, k.Name)
		}
	}
	return list
}

func prefixed(prefix string, list []string) []string {
	for i := range list {
		list[i] = prefix + list[i]
	}
	return list
}

package doctor_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/doctor"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/session/memory"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

const (
	appID  = "wx4f4bc4dec97d474b"
	secret = "c0ffee0123456789c0ffee0123456789"
)

// A hospital has what doctor looks at, and lets tests make it ill.
type hospital struct {
	doctor.Options
	env map[string]string
}

func newHospital(t *testing.T, env map[string]string) *hospital {
	t.Helper()
	dir := t.TempDir()
	h := &hospital{env: map[string]string{
		"WXLOGIN_APPID": appID, "WXLOGIN_SECRET": secret, "WXLOGIN_CONFIG_DIR": dir, "WXLOGIN_STATE_DIR": filepath.Join(dir, "state"), "LANG": "C.UTF-8",
	}}
	maps.Copy(h.env, env)
	lookup := func(name string) (string, bool) { value, set := h.env[name]; return value, set }
	h.Options = doctor.Options{
		Env: lookup, GOOS: "linux", Dir: dir, Now: time.Now,
		Store: func(context.Context) (session.Store, bool, error) { return memory.New(), true, nil },
		Ring:  func() (bool, error) { return true, nil },
	}
	h.Config, h.ConfigErr = config.Load(config.Options{Env: lookup, GOOS: "linux", Home: dir, Dir: dir})
	return h
}

// answers lets WeChat be a server of the test, reached by every name of WeChat's.
func (h *hospital) answers(t *testing.T, handler http.HandlerFunc, names ...string) {
	t.Helper()
	certificate, roots := issue(t, names, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	server.StartTLS()
	t.Cleanup(server.Close)
	dialer := &net.Dialer{}
	h.Roots = roots
	h.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, server.Listener.Addr().String())
	}
	h.Client = func(id wechat.AppID, s wechat.AppSecret, trace func(wxapi.Trace)) (*wxapi.Client, error) {
		transport := &http.Transport{DialContext: h.Dial, TLSClientConfig: &tls.Config{RootCAs: roots}}
		t.Cleanup(transport.CloseIdleConnections)
		return wxapi.New(wxapi.Options{AppID: id, Secret: s, Trace: trace, HTTP: transport})
	}
}

// issue makes a certificate for the names, and the authority that signed it: itself.
func issue(t *testing.T, names []string, from, until time.Time) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: names, NotBefore: from, NotAfter: until, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

// run returns the lines of one area: "ok name: message | fix".
func (h *hospital) run(t *testing.T, area doctor.Area) string {
	t.Helper()
	var lines []string
	for _, c := range doctor.Run(t.Context(), h.Options) {
		for _, l := range []lang.Lang{lang.English, lang.Chinese} {
			text := c.Message.In(l) + c.Fix.In(l)
			if strings.Contains(text, secret) || strings.Contains(text, "%!") || c.Message.In(l) == "" {
				t.Errorf("%s %s: %q", c.Area, c.Name, text)
			}
		}
		if c.Area != area {
			continue
		}
		line := fmt.Sprintf("%s %s: %s", c.Level, c.Name, c.Message.In(lang.English))
		if !c.Fix.IsZero() {
			line += " | " + c.Fix.In(lang.English)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// wants checks that the text has these parts, in this order.
func wants(t *testing.T, text string, parts ...string) {
	t.Helper()
	rest := text
	for _, part := range parts {
		_, after, found := strings.Cut(rest, part)
		if !found {
			t.Errorf("%q is not in\n%s", part, text)
			return
		}
		rest = after
	}
}

func allNames() []string {
	return []string{"api.weixin.qq.com", "api2.weixin.qq.com", "sh.api.weixin.qq.com", "sz.api.weixin.qq.com", "hk.api.weixin.qq.com"}
}

// weChat answers as WeChat does: the date of its own clock, and an errcode.
func weChat(errcode int, ahead time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
		_, _ = fmt.Fprintf(w, `{"errcode":%d,"errmsg":"x, rid: 6380622c-50076416-224b40b0"}`, errcode)
	}
}

func TestWeChat(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		errcode int
		ahead   time.Duration
		want    []string
	}{
		{"accepted", 40029, 0, []string{"ok credentials: WeChat accepts this appid with this secret", "ok clock: "}},
		{"wrong secret", 40125, 0, []string{"fail credentials: WeChat refuses with errcode 40125: the AppSecret does not belong to " + appID, " | copy the AppSecret"}},
		{"unknown app", 40013, 0, []string{"fail credentials: WeChat refuses with errcode 40013"}},
		{"frozen", 40243, 0, []string{"fail credentials: WeChat refuses with errcode 40243: the AppSecret is frozen"}},
		{"not documented", 99999, 0, []string{"fail credentials: WeChat refuses with errcode 99999: x, rid"}},
		{"limited", 45011, 0, []string{"warn credentials: WeChat does not tell now (errcode 45011)"}},
		{"a clock behind", 40029, time.Minute, []string{"warn clock: this machine's clock is ", " behind WeChat's | set the clock"}},
		{"a clock ahead", 40029, -10 * time.Minute, []string{"fail clock: this machine's clock is ", " ahead of WeChat's"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHospital(t, nil)
			h.answers(t, weChat(tt.errcode, tt.ahead), allNames()...)
			wants(t, h.run(t, doctor.AreaWeChat), tt.want...)
		})
	}
}

func TestAdopted(t *testing.T) {
	t.Parallel()
	h := newHospital(t, nil)
	h.answers(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"session_key":"tiihtNczf5v6AKRyjwEUhQ==","openid":"oGZUI0egBJY1zhBYw2KhdUfwVJJE"}`)
	}, allNames()...)
	wants(t, h.run(t, doctor.AreaWeChat), "warn credentials: api.weixin.qq.com accepts any code: it is a mock")
}

func TestNetwork(t *testing.T) {
	t.Parallel()
	t.Run("all is well", func(t *testing.T) {
		t.Parallel()
		h := newHospital(t, nil)
		h.answers(t, weChat(40029, 0), allNames()...)
		wants(t, h.run(t, doctor.AreaNetwork), "ok api: api.weixin.qq.com answers (", "TLS 1.3", "ok backup: WeChat's other hosts answer as well (api2.weixin.qq.com, ")
	})
	t.Run("a stranger's certificate", func(t *testing.T) {
		t.Parallel()
		h := newHospital(t, nil)
		h.answers(t, weChat(40029, 0), allNames()...)
		h.Roots = x509.NewCertPool()
		wants(t, h.run(t, doctor.AreaNetwork), "fail api: the certificate of api.weixin.qq.com is of an authority that is not trusted here | install the CA bundle")
		wants(t, h.run(t, doctor.AreaWeChat), "skip credentials: not asked: the API host cannot be reached")
	})
	t.Run("another name's certificate", func(t *testing.T) {
		t.Parallel()
		h := newHospital(t, nil)
		h.answers(t, weChat(40029, 0), "portal.example", "hk.api.weixin.qq.com")
		wants(t, h.run(t, doctor.AreaNetwork), "fail api: the certificate of api.weixin.qq.com does not verify", "warn backup: the certificate of api2", "ok backup: hk.api")
	})
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"no such host":   {&net.DNSError{Err: "no such host", Name: "api.weixin.qq.com", IsNotFound: true}, "fail api: the name api.weixin.qq.com cannot be looked up: no such host | check the network and its DNS"},
		"refused":        {&net.OpError{Op: "dial", Err: errors.New("connection refused")}, "fail api: api.weixin.qq.com cannot be reached: dial: connection refused"},
		"no answer":      {context.DeadlineExceeded, "fail api: api.weixin.qq.com did not answer in time | try again"},
		"hostile escape": {errors.New("\x1b[31mred"), "fail api: api.weixin.qq.com cannot be reached: [31mred"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHospital(t, nil)
			h.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, tt.err }
			wants(t, h.run(t, doctor.AreaNetwork), tt.want, "warn backup: WeChat's other hosts cannot be reached (api2.weixin.qq.com, ")
		})
	}
}

// TestOffline dials nobody.
func TestOffline(t *testing.T) {
	t.Parallel()
	h := newHospital(t, nil)
	h.Offline = true
	h.Dial = func(context.Context, string, string) (net.Conn, error) {
		t.Error("somebody was dialled")
		return nil, net.ErrClosed
	}
	wants(t, h.run(t, doctor.AreaNetwork), "skip api: no host was asked: --offline")
	wants(t, h.run(t, doctor.AreaWeChat), "skip credentials: ", "skip clock: ")
}

// ring is a keyring of the test.
type ring struct{ err error }

func (r ring) Get(context.Context, string) (redact.Secret, error) { return redact.Secret{}, r.err }
func (r ring) Set(context.Context, string, redact.Secret) error   { return r.err }

func TestStorage(t *testing.T) {
	t.Parallel()
	offline := func(t *testing.T, env map[string]string) *hospital {
		h := newHospital(t, env)
		h.Offline = true
		return h
	}
	t.Run("nothing there yet", func(t *testing.T) {
		t.Parallel()
		h := offline(t, nil)
		h.Ring = func() (bool, error) { return false, nil }
		h.Store = func(context.Context) (session.Store, bool, error) { return nil, false, nil }
		wants(t, h.run(t, doctor.AreaStorage), "keys.json is not there yet, and can be made", "wxlogin.db is not there yet, and can be made")
	})
	t.Run("a file in the way", func(t *testing.T) {
		t.Parallel()
		h := offline(t, map[string]string{"WXLOGIN_STATE_DIR": "/dev/null/state"})
		h.Ring = func() (bool, error) { return false, nil }
		wants(t, h.run(t, doctor.AreaStorage), "fail keys: ", " | use a directory that you may write to: WXLOGIN_STATE_DIR")
	})
	t.Run("broken", func(t *testing.T) {
		t.Parallel()
		h := offline(t, nil)
		h.Ring = func() (bool, error) { return false, fs.ErrPermission }
		closed := memory.New()
		_ = closed.Close()
		h.Store = func(context.Context) (session.Store, bool, error) { return closed, true, nil }
		wants(t, h.run(t, doctor.AreaStorage), "fail keys: permission denied", "fail store: session store is closed")
	})
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		wants(t, offline(t, map[string]string{"WXLOGIN_STORE": "memory"}).run(t, doctor.AreaStorage), "ok store: sessions are kept in memory")
	})
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"keyring":         {config.ErrNoEntry, "ok keyring: the system's keyring answers"},
		"no keyring":      {&config.KeyringError{Missing: true, Err: fs.ErrNotExist}, "skip keyring: there is no keyring on this machine, and none is needed"},
		"keyring asleep":  {config.ErrKeyringTimeout, "warn keyring: "},
		"keyring refuses": {&config.KeyringError{Err: fs.ErrPermission}, "warn keyring: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := offline(t, nil)
			h.Sources.Keyring = ring{tt.err}
			wants(t, h.run(t, doctor.AreaStorage), tt.want)
		})
	}
}

func TestTerminal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		env  map[string]string
		term doctor.Terminal
		want string
	}{
		{nil, doctor.Terminal{}, "ok locale: LANG=C.UTF-8; messages are in English"},
		{map[string]string{"LANG": ""}, doctor.Terminal{}, "ok locale: no locale is set"},
		{map[string]string{"LANG": "zh_CN.GBK"}, doctor.Terminal{TTY: true, Width: 80, Lang: lang.Chinese}, "warn locale: LANG=zh_CN.GBK is not UTF-8"},
		{map[string]string{"LC_ALL": "zh_CN.utf8"}, doctor.Terminal{TTY: true, Color: true, Width: 120, Lang: lang.Chinese}, "ok terminal: a terminal of 120 columns, with colour\nok locale: LC_ALL=zh_CN.utf8; messages are in Chinese"},
	} {
		h := newHospital(t, tt.env)
		h.Offline, h.Terminal = true, tt.term
		wants(t, h.run(t, doctor.AreaTerminal), tt.want)
	}
}

// TestUnreadable has no configuration to go by.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	h := newHospital(t, map[string]string{"WXLOGIN_TIMEOUT": "soon"})
	if h.ConfigErr == nil {
		t.Fatal("the configuration can be read")
	}
	wants(t, h.run(t, doctor.AreaConfig), "fail config: ")
}

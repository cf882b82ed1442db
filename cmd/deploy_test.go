//go:build unix

package cmd

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/wxlogin/wxlogin/internal/session/redis/redistest"
)

// Both languages of docs/deploy.md hold the same configuration files; these tests have the programs that they are for read them.

// deployBlock returns the one block of the guide that begins with a comment of that name.
func deployBlock(t *testing.T, name string) string {
	t.Helper()
	var found []string
	for _, page := range []string{"deploy.md", "zh-CN/deploy.md"} {
		text, err := readGuide(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range fencedBlocks(text) {
			if first, _, _ := strings.Cut(block.text, "\n"); strings.TrimPrefix(first, "# ") == name {
				found = append(found, block.text)
			}
		}
	}
	if len(found) != 2 || found[0] != found[1] {
		t.Fatalf("%d blocks %s in two languages, or they differ", len(found), name)
	}
	return found[0]
}

// wanted returns the path of a program, or skips the test.
func wanted(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		if os.Getenv("WXLOGIN_REQUIRE") == "all" {
			t.Fatalf("%s is not installed, and WXLOGIN_REQUIRE=all demands it", program)
		}
		t.Skipf("%s is not installed: the guide was not tried with it", program)
	}
	return path
}

// replaced replaces what the guide has of its own machine, each of which must be there.
func replaced(t *testing.T, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("no %q in\n%s", pairs[i], text)
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	return text
}

// deployed starts a server as the guide does, with a WeChat that is simulated, and ends it with the test.
func deployed(t *testing.T, args []string, env ...string) *process {
	t.Helper()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("0123456789abcdef0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env = append([]string{"WXLOGIN_STATE_DIR=" + t.TempDir(), "WXLOGIN_CONFIG_DIR=" + t.TempDir(), "WXLOGIN_SECRET_FILE=" + secret}, env...)
	server := &process{args: args, env: env}
	if err := server.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.kill() })
	return server
}

func TestDeployUnit(t *testing.T) {
	t.Parallel()
	analyze := wanted(t, "systemd-analyze")
	unit := deployBlock(t, "/etc/systemd/system/wxlogin.service")
	path := filepath.Join(t.TempDir(), "wxlogin.service")
	if err := os.WriteFile(path, []byte(replaced(t, unit, "/usr/local/bin/wxlogin", "/bin/true")), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", path).CombinedOutput()
	if err != nil || strings.Contains(string(out), path) {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	out, err = exec.CommandContext(t.Context(), analyze, "security", "--offline=true", "--threshold=25", path).CombinedOutput()
	if err != nil { // of 100, which is a process that may do everything
		t.Errorf("systemd-analyze security: %v\n%s", err, out)
	}
	// What it says to the program: the same arguments and variables, but for its places and its port.
	var args, env []string
	for line := range strings.Lines(unit) {
		if command, found := strings.CutPrefix(strings.TrimSpace(line), "ExecStart=/usr/local/bin/wxlogin serve"); found {
			args = strings.Fields(command)
		}
		if variable, found := strings.CutPrefix(strings.TrimSpace(line), "Environment="); found && !strings.ContainsAny(variable, "%/") {
			env = append(env, replacedPort(variable))
		}
	}
	server := deployed(t, args, env...)
	if status, _ := ask(http.DefaultClient, http.MethodGet, server.url+"/readyz", "", nil, nil); status != http.StatusOK { //nolint:forbidigo // loopback, and the test ends it
		t.Errorf("/readyz answered %d", status)
	}
}

// replacedPort makes the port of the guide a free one.
func replacedPort(variable string) string {
	return regexp.MustCompile(`:8420$`).ReplaceAllString(variable, ":0")
}

// TestDeployCompose reads the file, and runs what it has the login server run, with its environment, on a Redis as it has it run.
func TestDeployCompose(t *testing.T) {
	t.Parallel()
	var file struct {
		Services map[string]struct {
			Image       string
			Command     string
			Environment map[string]string
			Volumes     []string
			Secrets     []string
			DependsOn   []string `yaml:"depends_on"`
			Ports       []string
			Deploy      struct{ Replicas int }
			Stop        string `yaml:"stop_grace_period"`
			Restart     string
			Healthcheck struct {
				Test              []string
				Interval, Timeout time.Duration
			}
		}
		Secrets map[string]struct{ File string }
		Volumes map[string]struct{}
	}
	reader := yaml.NewDecoder(strings.NewReader(deployBlock(t, "compose.yaml")))
	reader.KnownFields(true)
	if err := reader.Decode(&file); err != nil {
		t.Fatal(err)
	}
	const password = "a password with blanks"
	arguments := strings.Fields(strings.TrimPrefix(file.Services["redis"].Command, "redis-server "))
	for i, argument := range arguments {
		if argument == "${STORE_PASSWORD:?}" {
			arguments[i] = password
		}
	}
	if !slices.Contains(arguments, password) {
		t.Fatalf("Redis has no password: %q", arguments)
	}
	redis := redistest.Start(t, arguments...)
	login := file.Services["login"]
	args := strings.Fields(strings.TrimPrefix(login.Command, "/usr/local/bin/wxlogin serve "))
	for i, argument := range args {
		args[i] = strings.Replace(argument, "0.0.0.0:8420", "127.0.0.1:0", 1)
	}
	env := []string{"WXLOGIN_STORE_PASSWORD=" + password}
	for name, value := range login.Environment {
		switch name {
		case "WXLOGIN_STORE":
			env = append(env, name+"="+replaced(t, value, "//redis", fmt.Sprintf("//127.0.0.1:%d", redis.Port)))
		case "WXLOGIN_SECRET_FILE", "WXLOGIN_STATE_DIR", "WXLOGIN_STORE_PASSWORD":
		default:
			env = append(env, name+"="+value)
		}
	}
	server := deployed(t, args, env...)
	if status, _ := ask(http.DefaultClient, http.MethodGet, server.url+"/readyz", "", nil, nil); status != http.StatusOK { //nolint:forbidigo // loopback, and the test ends it
		t.Errorf("/readyz answered %d", status)
	}
	health := login.Healthcheck.Test
	if len(health) < 3 || !slices.Equal(health[:2], []string{"CMD", "/usr/local/bin/wxlogin"}) {
		t.Fatalf("the health check needs a shell, or is of something else: %q", health)
	}
	health[len(health)-1] = replaced(t, health[len(health)-1], "http://127.0.0.1:8420", server.url)
	if out, err := exec.CommandContext(t.Context(), "wxlogin", health[2:]...).CombinedOutput(); err != nil {
		t.Errorf("the health check: %v\n%s", err, out)
	}
	if log := server.kill(); strings.Contains(log, `"level":"WARN"`) {
		t.Errorf("the guide's own Redis makes it warn:\n%s", log)
	}
}

// TestDeployNginx logs in through the guide's nginx.
func TestDeployNginx(t *testing.T) {
	t.Parallel()
	nginx := wanted(t, "nginx")
	mock := deployed(t, []string{"--mock", "--addr", "127.0.0.1:0"})
	server := deployed(t, []string{"--host", "login.example.com", "--trusted-proxy", "127.0.0.1", "--addr", "127.0.0.1:0", "--log-format", "json", "--api-base", mock.url},
		"WXLOGIN_APPID=wx0123456789abcdef", "WXLOGIN_SECRET=0123456789abcdef0123456789abcdef")
	dir := t.TempDir()
	proxy, client := startNginx(t, nginx, dir, strings.TrimPrefix(server.url, "http://"))

	var code struct{ Code string }
	if status, _ := ask(http.DefaultClient, http.MethodPost, mock.url+"/_mock/login", "", []byte("{}"), &code); status != http.StatusOK { //nolint:forbidigo // loopback, and the test ends it
		t.Fatalf("/_mock/login answered %d", status)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, proxy+"/onLogin?code="+code.Code, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Forwarded-For", "203.0.113.9") // what a client says of itself counts for nothing
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	var token struct{ Token string }
	if err != nil || response.StatusCode != http.StatusOK || json.Unmarshal(body, &token) != nil || token.Token == "" {
		t.Fatalf("/onLogin through nginx: %d, %v", response.StatusCode, err)
	}
	if id := response.Header.Get("X-Request-Id"); !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(id) {
		t.Errorf("the request's name is %q, not nginx's", id)
	}
	if status, _ := ask(client, http.MethodGet, proxy+"/session", token.Token, nil, nil); status != http.StatusOK {
		t.Errorf("/session answered %d", status)
	}
	for path, want := range map[string]int{"/metrics": 404, "/readyz": 200} {
		if status, _ := ask(client, http.MethodGet, proxy+path, "", nil, nil); status != want {
			t.Errorf("%s answered %d, want %d", path, status, want)
		}
	}
	if status, _ := ask(client, http.MethodPost, proxy+"/onLogin", "", bytes.Repeat([]byte("x"), 64<<10+1), nil); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a large body is answered %d", status)
	}
	if log := server.kill(); strings.Contains(log, "203.0.113.9") {
		t.Errorf("the log knows the client by what it says of itself:\n%s", log)
	}
}

// deployClient is another address of this machine than the proxy's, which is trusted.
const deployClient = "127.0.0.2"

// startNginx runs the guide's configuration with a certificate of the test's, and returns its address and a client that knows the name of
// the guide's server.
func startNginx(t *testing.T, nginx, dir, upstream string) (address string, client *http.Client) {
	t.Helper()
	certificates := httptest.NewUnstartedServer(nil)
	certificates.StartTLS()
	pair := certificates.TLS.Certificates[0]
	certificates.Close()
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	port := redistest.FreePort(t)
	block := replaced(t, deployBlock(t, "nginx"),
		"443", fmt.Sprintf("127.0.0.1:%d", port), "127.0.0.1:8420", upstream, "/etc/letsencrypt/live/login.example.com", dir)
	for name, content := range map[string][]byte{
		"fullchain.pem": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}),
		"privkey.pem":   pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
		"nginx.conf": fmt.Appendf(nil, "daemon off; pid %[1]s/pid; error_log %[1]s/error.log;\nevents {}\nhttp {\naccess_log off; client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; "+
			"fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;\n%[2]s}\n", dir, block),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	running := exec.CommandContext(t.Context(), nginx, "-p", dir, "-c", filepath.Join(dir, "nginx.conf"), "-e", filepath.Join(dir, "error.log"))
	var said bytes.Buffer
	running.Stderr = &said
	running.Cancel = func() error { return running.Process.Signal(os.Interrupt) } // which ends its workers as well
	if err := running.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = running.Wait() })
	roots := x509.NewCertPool()
	roots.AddCert(certificates.Certificate())
	phone := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(deployClient)}}
	transport := &http.Transport{DialContext: phone.DialContext, TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "example.com", MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	client = &http.Client{Transport: hostOf{transport, "login.example.com"}}
	address = fmt.Sprintf("https://127.0.0.1:%d", port)
	for end := time.Now().Add(time.Minute); ; {
		if status, _ := ask(client, http.MethodGet, address+"/healthz", "", nil, nil); status == http.StatusOK {
			return address, client
		}
		if time.Now().After(end) {
			log, _ := os.ReadFile(filepath.Join(dir, "error.log"))
			t.Fatalf("nginx does not answer: %s%s", &said, log)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// hostOf asks for a server by another name than its address.
type hostOf struct {
	http.RoundTripper
	host string
}

func (h hostOf) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Host = h.host
	return h.RoundTripper.RoundTrip(r)
}

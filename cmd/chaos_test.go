//go:build unix

package cmd

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/mockclient"
	"github.com/wxlogin/wxlogin/internal/session/redis/redistest"
	"github.com/wxlogin/wxlogin/internal/stack"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

const (
	chaosServers    = 3
	chaosClients    = 64
	chaosContenders = 50
	keptTokens      = 8 // of a client, alive and dead each
)

// chaos is three login servers on one Redis, and one simulated WeChat.
type chaos struct {
	t          *testing.T
	seed       uint64
	redis      *redistest.Server
	weChat     *process
	phone      *mockclient.Client
	servers    [chaosServers]*process
	urls       [chaosServers]string
	http       *http.Client
	documented map[string]bool
	end        time.Time

	counting                                                sync.Mutex
	answers                                                 map[string]int
	kills, pauses, restarts, faults, contests, wins, logins atomic.Int64
}

// TestChaos has clients log in, decrypt and log out while servers are killed, Redis hangs and restarts, and WeChat does what it does on
// a bad day. Whatever was answered holds: a code logs in once, a token opens until its logout and not after it, and nobody sees
// another's data. All else that a client sees is in docs/login-api.md. WXLOGIN_CHAOS=60s makes it last as long, and
// WXLOGIN_CHAOS_SEED=N repeats the decisions of a run.
func TestChaos(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	c := newChaos(t)
	stop := make(chan struct{})
	var tormentors, clients sync.WaitGroup
	for i, torment := range []func(*rand.Rand) error{c.killServer, c.tormentRedis, c.tormentWeChat} {
		tormentors.Go(func() { c.repeat(stop, c.random(1000+i), torment) })
	}
	people := make([]*person, chaosClients)
	for i := range people {
		people[i] = c.person(i)
		clients.Go(func() { people[i].live() })
	}
	clients.Go(c.contend)
	clients.Wait()
	close(stop)
	tormentors.Wait()
	c.heal()
	for _, p := range people {
		clients.Go(p.settle)
	}
	clients.Wait()
	c.report()
}

func newChaos(t *testing.T) *chaos {
	t.Helper()
	c := &chaos{t: t, seed: 1, answers: map[string]int{}, documented: documented(t, "login-api.md")}
	if text := os.Getenv("WXLOGIN_CHAOS_SEED"); text != "" {
		var err error
		if c.seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	c.redis = redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	home := t.TempDir()
	appID, secret := stack.DemoApp()
	env := []string{
		"HOME=" + home, "WXLOGIN_STATE_DIR=" + filepath.Join(home, "state"), "WXLOGIN_APPID=" + string(appID), "WXLOGIN_SECRET=" + secret.Reveal(), "CI=1",
	}
	c.weChat = &process{args: []string{"--mock", "--addr", "127.0.0.1:0", "--seed", "1"}, env: env}
	t.Cleanup(func() { c.ended(c.weChat) })
	if err := c.weChat.start(); err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: chaosClients}
	t.Cleanup(transport.CloseIdleConnections)
	c.http = &http.Client{Transport: transport, Timeout: 30 * time.Second}
	var err error
	if c.phone, err = mockclient.New(c.weChat.url, transport); err != nil {
		t.Fatal(err)
	}
	store := c.redis.Address()
	for i := range c.servers {
		address := fmt.Sprintf("127.0.0.1:%d", redistest.FreePort(t))
		server := &process{args: []string{"--api-base", c.weChat.url, "--store", store, "--addr", address, "--timeout", "2s"}, env: env}
		c.servers[i], c.urls[i] = server, "http://"+address
		t.Cleanup(func() { c.ended(server) })
		if err := server.start(); err != nil {
			t.Fatal(err)
		}
	}
	c.end = time.Now().Add(chaosTime(t))
	return c
}

func (c *chaos) ended(p *process) {
	log := p.kill()
	if strings.Contains(log, "DATA RACE") || strings.Contains(log, " panic ") {
		c.t.Errorf("a server said:\n%s", log)
	}
	if c.t.Failed() {
		c.t.Logf("the last that a server said:\n%s", shortened(log))
	}
}

func (c *chaos) random(n int) *rand.Rand { return rand.New(rand.NewPCG(c.seed, uint64(n))) }

// repeat torments until stop, with a pause after each time.
func (c *chaos) repeat(stop <-chan struct{}, random *rand.Rand, torment func(*rand.Rand) error) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(100*time.Millisecond + time.Duration(random.IntN(400))*time.Millisecond):
		}
		if err := torment(random); err != nil {
			c.t.Error(err)
			return
		}
	}
}

func (c *chaos) killServer(random *rand.Rand) error {
	server := c.servers[random.IntN(chaosServers)]
	c.ended(server)
	c.kills.Add(1)
	return server.startUntil(time.Now().Add(30 * time.Second))
}

func (c *chaos) tormentRedis(random *rand.Rand) error {
	if random.IntN(3) == 0 {
		c.restarts.Add(1)
		return c.redis.Restart()
	}
	if err := c.redis.Pause(); err != nil {
		return err
	}
	c.pauses.Add(1)
	<-time.After(time.Duration(50+random.IntN(400)) * time.Millisecond)
	return c.redis.Resume()
}

func (c *chaos) tormentWeChat(random *rand.Rand) error {
	effects := []string{"errcode:45011", "errcode:-1", "reset", "truncated", "consume-then-drop", "consume-then:502", "hang", "html", "delay:300ms", "rotate-key"}
	rule := mockclient.FaultRule{On: "jscode2session", Times: 1 + random.IntN(8), Effect: effects[random.IntN(len(effects))]}
	c.faults.Add(1)
	_, err := c.phone.AddFault(c.t.Context(), rule)
	return err
}

// heal ends the chaos, and returns when every server says that it is ready: a server that has met a dead Redis often enough asks it
// once a second, and answers 503 meanwhile.
func (c *chaos) heal() {
	if _, err := c.phone.ClearFaults(c.t.Context(), ""); err != nil {
		c.t.Error(err)
	}
	for i, server := range c.servers {
		if status, _ := ask(c.http, http.MethodGet, c.urls[i]+"/healthz", "", nil, nil); status == 0 {
			if err := server.startUntil(time.Now().Add(30 * time.Second)); err != nil {
				c.t.Error(err)
			}
		}
		limit := time.Now().Add(30 * time.Second)
		for ready := 0; ready != http.StatusOK; <-time.After(20 * time.Millisecond) {
			if ready, _ = ask(c.http, http.MethodGet, c.urls[i]+"/readyz", "", nil, nil); time.Now().After(limit) {
				c.t.Errorf("%s does not find its way back", c.urls[i])
				return
			}
		}
	}
}

// send asks one of the servers and checks that the answer is one that the documentation has.
func (c *chaos) send(random *rand.Rand, method, path, bearer string, body []byte, out any) (status int, reason string) {
	status, reason = ask(c.http, method, c.urls[random.IntN(chaosServers)]+path, bearer, body, out)
	name := outcome{status, reason}.String()
	if status >= 400 && !c.documented[name] || status != 0 && status < 400 && reason != "" {
		c.t.Errorf("%s %.9s: %s is not documented", method, path, name)
	}
	c.counting.Lock()
	defer c.counting.Unlock()
	c.answers[name]++
	return status, reason
}

// login sends a code; the token is empty when that failed.
func (c *chaos) login(random *rand.Rand, code wechat.Code) (token string) {
	var answer struct{ Token string }
	if status, _ := c.send(random, http.MethodGet, "/onLogin?code="+string(code), "", nil, &answer); status != http.StatusOK {
		return ""
	}
	c.logins.Add(1)
	return answer.Token
}

// contend has many clients want the same code, one code after the other.
func (c *chaos) contend() {
	random := c.random(2000)
	for time.Now().Before(c.end) {
		login, err := c.phone.Login(c.t.Context(), mockclient.Who{User: fmt.Sprintf("contest%d", c.contests.Add(1))})
		if err != nil {
			c.t.Error(err)
			return
		}
		var winners atomic.Int64
		var group sync.WaitGroup
		for range chaosContenders {
			own := rand.New(rand.NewPCG(random.Uint64(), random.Uint64()))
			group.Go(func() {
				if c.login(own, login.Code) != "" {
					winners.Add(1)
				}
			})
		}
		group.Wait()
		c.wins.Add(winners.Load())
		if winners.Load() > 1 {
			c.t.Errorf("a code logged in %d times", winners.Load())
		}
	}
}

// A person is one client with one phone.
type person struct {
	*chaos
	random *rand.Rand
	who    mockclient.Who
	number string   // of the phone, which nobody else has
	alive  []string // tokens that were answered and not given back
	dead   []string // tokens whose logout was answered
}

func (c *chaos) person(n int) *person {
	p := &person{chaos: c, random: c.random(n), who: mockclient.Who{User: fmt.Sprintf("client%d", n)}}
	if _, err := c.phone.Login(c.t.Context(), p.who); err != nil { // makes the user
		c.t.Fatal(err)
	}
	user, err := c.phone.User(c.t.Context(), p.who)
	if err != nil {
		c.t.Fatal(err)
	}
	p.number = user.Phone
	return p
}

func (p *person) live() {
	for time.Now().Before(p.end) {
		switch roll := p.random.IntN(10); {
		case len(p.alive) == 0 || roll < 3:
			p.logIn()
		case roll < 6:
			p.decrypt(p.pick(p.alive))
		case roll < 8:
			p.look(p.pick(p.alive))
		case len(p.dead) > 0 && roll < 9:
			p.lookDead(p.pick(p.dead))
		default:
			p.logOut()
		}
	}
}

func (p *person) pick(tokens []string) string { return tokens[p.random.IntN(len(tokens))] }

func (p *person) logIn() {
	login, err := p.phone.Login(p.t.Context(), p.who)
	if err != nil {
		p.t.Error(err)
		return
	}
	if token := p.login(p.random, login.Code); token != "" {
		p.alive = kept(append(p.alive, token))
	}
}

// kept are the newest.
func kept(tokens []string) []string { return tokens[max(0, len(tokens)-keptTokens):] }

// decrypt reports whether the data came; whoever's it is must be this person's.
func (p *person) decrypt(token string) bool {
	sealed, err := p.phone.Phone(p.t.Context(), p.who)
	if err != nil {
		return false // WeChat has never exchanged a code of this user
	}
	body, err := json.Marshal(map[string]string{"encryptedData": sealed.EncryptedData, "iv": sealed.IV})
	if err != nil {
		p.t.Error(err)
		return false
	}
	var answer struct {
		Data struct {
			PurePhoneNumber string `json:"purePhoneNumber"`
		} `json:"data"`
	}
	status, _ := p.send(p.random, http.MethodPost, "/decrypt", token, body, &answer)
	switch {
	case status == http.StatusUnauthorized:
		p.t.Errorf("%s: a token that was answered does not open any more", p.who.User)
	case status == http.StatusOK && answer.Data.PurePhoneNumber != p.number:
		p.t.Errorf("%s sees the phone number of somebody else", p.who.User)
	}
	return status == http.StatusOK
}

func (p *person) look(token string) (status int) {
	status, _ = p.send(p.random, http.MethodGet, "/session", token, nil, nil)
	if status == http.StatusUnauthorized {
		p.t.Errorf("%s: a token that was answered does not open any more", p.who.User)
	}
	return status
}

func (p *person) lookDead(token string) (status int) {
	status, _ = p.send(p.random, http.MethodGet, "/session", token, nil, nil)
	if status == http.StatusOK {
		p.t.Errorf("%s: a token opens after its logout", p.who.User)
	}
	return status
}

// logOut gives the oldest token back. When no answer came it may or may not have ended, and is of no more use to the test.
func (p *person) logOut() {
	token := p.alive[0]
	p.alive = slices.Delete(p.alive, 0, 1)
	status, _ := p.send(p.random, http.MethodPost, "/logout", token, nil, nil)
	switch status {
	case http.StatusNoContent:
		p.dead = kept(append(p.dead, token))
	case http.StatusUnauthorized:
		p.t.Errorf("%s: a token that was answered does not open any more", p.who.User)
	}
}

// settle looks at everything once more, when all is well again.
func (p *person) settle() {
	for _, token := range p.alive {
		if status := p.look(token); status != http.StatusOK {
			p.t.Errorf("%s: a live token is answered %d", p.who.User, status)
		}
	}
	for _, token := range p.dead {
		if status := p.lookDead(token); status != http.StatusUnauthorized {
			p.t.Errorf("%s: a dead token is answered %d", p.who.User, status)
		}
	}
	p.alive = nil
	if p.logIn(); len(p.alive) != 1 || !p.decrypt(p.alive[0]) {
		p.t.Errorf("%s cannot log in and decrypt when all is well again", p.who.User)
	}
}

func (c *chaos) report() {
	c.t.Logf("seed %d: %d logins, %d contested codes with %d winners; servers killed %d times, Redis restarted %d and paused %d times, %d faults of WeChat",
		c.seed, c.logins.Load(), c.contests.Load(), c.wins.Load(), c.kills.Load(), c.restarts.Load(), c.pauses.Load(), c.faults.Load())
	var good, refused, broken int
	var lines []string
	for name, count := range c.answers {
		switch {
		case strings.HasPrefix(name, "20"):
			good += count
		case strings.HasPrefix(name, "0"):
			broken += count
		default:
			refused += count
		}
		lines = append(lines, fmt.Sprintf("%8d  %v", count, name))
	}
	c.t.Logf("%d answered 200 or 204, %d refused as documented, %d connections broken", good, refused, broken)
	slices.Sort(lines)
	for _, line := range lines {
		c.t.Log(line)
	}
}

package redis_test

import (
	"strings"
	"testing"

	"github.com/wxlogin/wxlogin/internal/session/redis"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]redis.Address{
		"redis://localhost":               {Host: "localhost", Port: "6379"},
		"redis://localhost/":              {Host: "localhost", Port: "6379"},
		"redis://127.0.0.1:6380/3":        {Host: "127.0.0.1", Port: "6380", Database: 3},
		"rediss://shop@cache.example.com": {TLS: true, Host: "cache.example.com", Port: "6379", User: "shop"},
		"REDISS://cache.example.com:1":    {TLS: true, Host: "cache.example.com", Port: "1"},
		"redis://[::1]:7000/0":            {Host: "::1", Port: "7000"},
		"redis://a%40b@h":                 {Host: "h", Port: "6379", User: "a@b"},
	} {
		got, err := redis.ParseAddress(text)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
		if again, err := redis.ParseAddress(got.String()); err != nil || again != got {
			t.Errorf("%s is written %s, which reads %+v, %v", text, got, again, err)
		}
	}
}

func TestRefuseAddress(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"redis://:hunter2@localhost":           "WXLOGIN_STORE_PASSWORD",
		"rediss://shop:hunter2@localhost/1":    "WXLOGIN_STORE_PASSWORD",
		"redis://shop:@localhost":              "WXLOGIN_STORE_PASSWORD",
		"redis://localhost?skip_verify=true":   "no parameters",
		"rediss://localhost?":                  "no parameters",
		"redis://localhost#hunter2":            "no parameters",
		"redis://localhost/hunter2":            "number of a database",
		"redis://localhost/-1":                 "number of a database",
		"redis://localhost/1/2":                "number of a database",
		"redis://":                             "want redis://",
		"redis:localhost:6379":                 "want redis://",
		"redis://:6379":                        "want redis://",
		"redis://localhost:0":                  "want redis://",
		"redis://localhost:65536":              "want redis://",
		"redis://localhost:hunter2":            "want redis://",
		"redis://lo calhost":                   "want redis://",
		"http://localhost":                     "want redis://",
		"localhost:6379":                       "want redis://",
		"redis://[::1":                         "want redis://",
		"redis://us er:hunter2@localhost:6379": "want redis://",
	} {
		_, err := redis.ParseAddress(text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	f.Add("redis://shop@localhost:6379/1")
	f.Add("rediss://[fe80::1%25eth0]:1/0")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := redis.ParseAddress(text)
		if err != nil {
			return
		}
		if again, err := redis.ParseAddress(a.String()); err != nil || again != a {
			t.Errorf("%q reads %+v, is written %q, and reads %+v, %v", text, a, a.String(), again, err)
		}
	})
}

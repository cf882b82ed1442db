package wxhttp_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/wxhttp"
)

// TestWeChatsHosts: what is sent to one of WeChat's hosts is answered as that host would, whatever the path; WeCom's host knows nothing
// of WeChat's API.
func TestWeChatsHosts(t *testing.T) {
	t.Parallel()
	const cgi, sns = "application/json; encoding=utf-8", "text/plain"
	tests := []struct {
		host, path  string
		errCode     int
		contentType string
		api, reason string
	}{
		{"api.weixin.qq.com", "/sns/jscode2session", 41002, sns, "jscode2session", "no appid in the query"},
		{"sh.api.weixin.qq.com:443", "/cgi-bin/token", 40002, cgi, "token", "no grant_type"},
		{"api.weixin.qq.com", "/_mock/env", 40066, cgi, "unknown", "not simulated"},
		{"api.weixin.qq.com", "/datacube/getweanalysisappidvisitpage", 40066, cgi, "unknown", "not simulated"},
		{"api.weixin.qq.com", "/", 40066, cgi, "unknown", "not simulated"},
		{"API.weixin.qq.com.", "/sns/userinfo", 40066, sns, "unknown", "not simulated"},
		{"qyapi.weixin.qq.com", "/cgi-bin/token", 40066, cgi, "unknown", "qyapi.weixin.qq.com is WeCom's, which is not simulated"},
		{"qyapi.weixin.qq.com", "/_mock/reset", 40066, cgi, "unknown", "qyapi.weixin.qq.com is WeCom's, which is not simulated"},
	}
	b := newBed(t, wxhttp.Options{})
	for _, tt := range tests {
		var record journal.Record
		r := httptest.NewRequest(http.MethodGet, tt.path, nil)
		r.Host = tt.host
		w := httptest.NewRecorder()
		b.handler.ServeHTTP(w, r.WithContext(journal.With(r.Context(), &record)))
		if w.Code != 200 || w.Header().Get("Content-Type") != tt.contentType || w.Header().Get("X-Wxlogin-Mock") != "1" || !strings.Contains(w.Body.String(), ` rid: `) {
			t.Errorf("%s%s: %d %v %s", tt.host, tt.path, w.Code, w.Header(), w.Body)
		}
		if record.ErrCode != tt.errCode || record.API != tt.api || record.Reason != tt.reason || !record.Mock {
			t.Errorf("%s%s: the journal has %+v", tt.host, tt.path, record)
		}
	}
}

// TestCA holds the answer about the authority, and that there may be none.
func TestCA(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pem := "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
		b := newBed(t, wxhttp.Options{CA: wxhttp.Authority{PEM: []byte(pem), NotAfter: time.Now().Add(24 * time.Hour)}})
		answer, _ := b.do(http.MethodGet, "/_mock/ca", "")
		golden(t, sourceControl, answer)
		answer, record := newBed(t, wxhttp.Options{}).do(http.MethodGet, "/_mock/ca", "")
		if answer.StatusCode != http.StatusNotFound || record.Reason != "this simulation does not intercept WeChat's hosts" {
			t.Errorf("without one: %d, %q", answer.StatusCode, record.Reason)
		}
	})
}

package loginhttp_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// FuzzOnLogin sends any query and any body. It must be a login or a refusal in the documented form.
func FuzzOnLogin(f *testing.F) {
	for _, seed := range []struct{ query, contentType, body string }{
		{"code=" + code, "", ""},
		{"", jsonType, `{"code":"` + code + `"}`},
		{"", form, "code=" + code},
		{"code=a&code=b", jsonType + "; charset=\xff", `{"code":{}}`},
		{"%zz", form + ";", "code=%zz"},
		{"code=" + strings.Repeat("a", 513), "", "null"},
	} {
		f.Add(seed.query, seed.contentType, seed.body)
	}
	a := newAPI(f)
	f.Fuzz(func(t *testing.T, query, contentType, body string) {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			a.calls.Store(0)
			request := httptest.NewRequestWithContext(t.Context(), method, "/onLogin", strings.NewReader(body))
			request.URL = &url.URL{Path: "/onLogin", RawQuery: query}
			request.Header.Set("Content-Type", contentType)
			recorder := httptest.NewRecorder()
			a.ServeHTTP(recorder, request)
			answer := recorder.Result()
			switch answer.StatusCode {
			case 200:
				if a.calls.Load() != 1 || len(a.asked) > 512 || a.asked == "" {
					t.Errorf("%d calls, the last with %q", a.calls.Load(), a.asked)
				}
				continue
			case 400, 413:
			default:
				t.Errorf("status %d", answer.StatusCode)
			}
			if r := readRefusal(t, answer, recorder.Body.String()); r.Reason != "bad_request" || a.calls.Load() != 0 {
				t.Errorf("%d calls, %s", a.calls.Load(), recorder.Body)
			}
		}
	})
}

// FuzzDecryptRequest sends any body with a good token, and any token with a good body.
func FuzzDecryptRequest(f *testing.F) {
	a := newAPI(f)
	bearer := "Bearer " + a.token(f)
	f.Add(`{"encryptedData":"AAAAAAAAAAAAAAAAAAAAAA==","iv":"AAAAAAAAAAAAAAAAAAAAAA=="}`, bearer)
	f.Add(`{"encryptedData":"%","iv":"\u0000","rawData":"{}","signature":"x"}`, "bearer  a.b.c.d.e")
	f.Add(`{`, "Basic x")
	f.Add(`[]`, "")
	statuses := map[bool][]int{true: {200, 400, 413, 422}, false: {400, 401, 413}}
	f.Fuzz(func(t *testing.T, body, authorization string) {
		for _, header := range []string{bearer, authorization} {
			request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/decrypt", strings.NewReader(body))
			request.Header.Set("Authorization", header)
			recorder := httptest.NewRecorder()
			a.ServeHTTP(recorder, request)
			status, text := recorder.Code, recorder.Body.String()
			if good := header == bearer; !slices.Contains(statuses[good], status) {
				t.Errorf("status %d: %s", status, text)
			}
			if status != 200 {
				readRefusal(t, recorder.Result(), text)
			}
			for _, secret := range []string{openID, unionID, keyText} {
				if strings.Contains(text, secret) && !strings.Contains(body, secret) {
					t.Errorf("%s stands in %s", secret, text)
				}
			}
		}
	})
}

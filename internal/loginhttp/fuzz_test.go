package loginhttp_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/wxlogin/wxlogin/internal/loginhttp"
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

// FuzzServices sends any request to /introspect and /revoke, with the credential and without. Nothing but the credential and one token in
// the form gets an answer that is no refusal, and the token that is good stays so unless it was sent.
func FuzzServices(f *testing.F) {
	a := newAPI(f)
	bearer := a.token(f)
	f.Add("token="+bearer[:40], form, "", "Bearer "+credential)
	f.Add("token=x&token_type_hint=access_token", form+"; charset=utf-8", "a=b", basic("billing", credential))
	f.Add("token=x&token=y", form, "token=x", basic("", url.QueryEscape(credential)))
	f.Add(`{"token":"x"}`, jsonType, "%zz", "Basic =")
	f.Add("token=%00%0d%0a", "application/x-www-form-urlencoded;;", "", "Bearer")
	f.Fuzz(func(t *testing.T, body, contentType, query, authorization string) {
		for _, path := range []string{"/introspect", "/revoke"} {
			for _, header := range []string{"Bearer " + credential, authorization} {
				request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
				request.URL.RawQuery = query
				request.Header.Set("Content-Type", contentType)
				request.Header.Set("Authorization", header)
				recorder := httptest.NewRecorder()
				a.ServeHTTP(recorder, request)
				switch text := recorder.Body.String(); recorder.Code {
				case 200:
					if text != "" && text != inactive && !strings.Contains(body, bearer[:20]) {
						t.Errorf("%s: %s", path, text)
					}
					scheme, value, _ := strings.Cut(header, " ")
					decoded, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
					plain, _ := url.QueryUnescape(string(decoded))
					if !strings.Contains(value, credential) && !strings.Contains(string(decoded), credential) && !strings.Contains(plain, credential) {
						t.Errorf("%s: %s %q was let in", path, scheme, value)
					}
				case 400, 401, 413:
					wantOAuthError(t, recorder.Result(), text)
				default:
					t.Errorf("%s: status %d: %s", path, recorder.Code, text)
				}
			}
		}
	})
}

// FuzzBearer sends any Authorization header and any query to the endpoints that take a token. None but the token's own opens them.
func FuzzBearer(f *testing.F) {
	a := newAPI(f)
	bearer := a.token(f)
	for _, seed := range []string{"", "Bearer", "Bearer  ", "Basic " + bearer, "Bearer x.y.z", "bearer\t" + bearer, "Bearer " + bearer[:len(bearer)-1], "Bearer " + bearer + "\x00"} {
		f.Add(seed, "token="+bearer)
	}
	f.Fuzz(func(t *testing.T, authorization, query string) {
		for path, method := range map[string]string{"/session": http.MethodGet, "/logout": http.MethodPost} {
			request := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
			request.URL.RawQuery = query
			request.Header["Authorization"] = []string{authorization}
			recorder := httptest.NewRecorder()
			a.ServeHTTP(recorder, request)
			if recorder.Code == 401 {
				readRefusal(t, recorder.Result(), recorder.Body.String())
			} else if !strings.Contains(authorization, bearer) {
				t.Errorf("%s: status %d for %q", path, recorder.Code, authorization)
			}
		}
	})
}

// FuzzMockControl sends any body to what a simulation mounts of this package.
func FuzzMockControl(f *testing.F) {
	a := newAPI(f)
	bearer := a.token(f)
	for _, seed := range []string{`{"token":"` + bearer + `"}`, `{"openid":"o"}`, `{"everybody":true,"before":"2026-11-23T08:00:00Z"}`, `{"token":null}`, "[", `{"before":"0000-00-00T00:00:00Z"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for path, handler := range map[string]http.Handler{"/_mock/inspect": loginhttp.Inspect(a.service), "/_mock/revoke": loginhttp.Revoke(a.service)} {
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body)))
			switch recorder.Code {
			case 200:
				if !json.Valid(recorder.Body.Bytes()) {
					t.Errorf("%s: %s", path, recorder.Body)
				}
			case 400, 401, 413:
				readRefusal(t, recorder.Result(), recorder.Body.String())
			default:
				t.Errorf("%s: status %d: %s", path, recorder.Code, recorder.Body)
			}
		}
	})
}

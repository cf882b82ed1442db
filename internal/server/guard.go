package server

import (
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/wxlogin/wxlogin/internal/problem"
	"github.com/wxlogin/wxlogin/internal/redact"
)

// checkHost answers 421 unless the Host header is an IP literal, localhost or one of names: a page elsewhere that rebinds its
// name to this machine's address gets nothing.
func checkHost(names []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
		if !isIP(host) && !strings.EqualFold(host, "localhost") && !slices.ContainsFunc(names, func(name string) bool {
			return strings.EqualFold(host, name)
		}) {
			problem.Write(w, problem.Problem{
				Title: "unknown host", Status: http.StatusMisdirectedRequest, Reason: "bad_request",
				Detail: fmt.Sprintf("this server does not answer for host %q; start it with --host to allow a name", redact.Shorten(host, 80)),
			})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isIP(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// SameOrigin refuses what a browser sends from another site's page, with 403.
func SameOrigin(next http.Handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		problem.Write(w, problem.Problem{
			Title: "cross-origin request refused", Status: http.StatusForbidden, Reason: "bad_request",
			Detail: "a page of another site sent this request",
		})
	}))
	return guard.Handler(next)
}

// RequireBearer lets through only requests that carry the secret as their bearer token.
func RequireBearer(secret redact.Secret, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !isBearer || subtle.ConstantTimeCompare([]byte(given), []byte(secret.Reveal())) != 1 {
			w.Header().Set("WWW-Authenticate", `Bearer realm="wxlogin mock"`)
			problem.Write(w, problem.Problem{
				Title: "unauthorized", Status: http.StatusUnauthorized, Reason: "unauthorized",
				Detail: "this simulation is open to the network; send the WXLOGIN_MOCK_TOKEN it was started with as a bearer token",
			})
			return
		}
		next.ServeHTTP(w, r)
	})
}

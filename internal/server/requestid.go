package server

import (
	"math/rand/v2"
	"net/http"
	"strconv"
)

// requestIDHeader carries the name of a request from hop to hop, so that one search finds it in the logs of all.
const requestIDHeader = "X-Request-Id"

// maxRequestID is in bytes. UUIDs have 36; trace headers of common proxies stay below 64.
const maxRequestID = 64

// requestID takes over the caller's name of the request, if it is one that can stand in a log as it is, and else makes one.
func requestID(r *http.Request) string {
	if given := r.Header.Get(requestIDHeader); isRequestID(given) {
		return given
	}
	const digits = 13                           // of 64 bits in base 32
	id := strconv.FormatUint(rand.Uint64(), 32) //nolint:gosec // a name, which nobody gains by guessing
	return "0000000000000"[:digits-len(id)] + id
}

func isRequestID(text string) bool {
	if text == "" || len(text) > maxRequestID {
		return false
	}
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == ':':
		default:
			return false
		}
	}
	return true
}

// Unnamed takes the name of the request off its answer: for handlers that play somebody else's server.
func Unnamed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Del(requestIDHeader)
		next.ServeHTTP(w, r)
	})
}

package server

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// forwardedFor is the header in which a proxy names its client, behind those that were named before.
const forwardedFor = "X-Forwarded-For"

// clientOf returns the address of whoever sent the request: the peer, or, where that is one of the trusted proxies, the last in
// X-Forwarded-For that is not. What stands before that one anybody may have written.
func clientOf(r *http.Request, trusted []netip.Prefix) string {
	if len(trusted) == 0 { // nothing needs to be understood
		if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
			return host
		}
	}
	return behind(r, trusted).String()
}

func behind(r *http.Request, trusted []netip.Prefix) netip.Addr {
	client := addrOf(r.RemoteAddr)
	if !within(client, trusted) {
		return client
	}
	for _, header := range slices.Backward(r.Header[forwardedFor]) {
		for _, part := range slices.Backward(strings.Split(header, ",")) {
			addr := addrOf(strings.TrimSpace(part))
			if !addr.IsValid() {
				return client // the trusted proxy's own neighbour wrote this; what is before it means nothing
			}
			if client = addr; !within(client, trusted) {
				return client
			}
		}
	}
	return client
}

// addrOf reads "1.2.3.4:567", "[::1]:567", "1.2.3.4" and "::1"; the zero address when it is none of them.
func addrOf(text string) netip.Addr {
	if host, _, err := net.SplitHostPort(text); err == nil {
		text = host
	}
	addr, _ := netip.ParseAddr(strings.Trim(text, "[]")) // the zero address says so
	return addr.Unmap().WithZone("")
}

func within(addr netip.Addr, prefixes []netip.Prefix) bool {
	for _, p := range prefixes {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

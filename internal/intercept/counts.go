package intercept

import (
	"maps"
	"sync"
)

// maxHosts bounds the hosts that are counted by name; the others are counted together.
const maxHosts = 200

// OtherHosts is the name under which hosts are counted beyond the first two hundred.
const OtherHosts = "(others)"

// Counts say what went through a proxy, by host.
type Counts struct {
	Intercepted map[string]uint64 // requests for WeChat's hosts, which the simulation answered
	Untrusted   map[string]uint64 // TLS connections to WeChat's hosts that a client ended because it does not trust the CA
	Failed      map[string]uint64 // TLS connections to WeChat's hosts that failed for another reason
	Passed      map[string]uint64 // tunnels and requests to other hosts
	Refused     map[string]uint64 // what was refused: under --offline, to callers from elsewhere, TLS for other names
	Unreachable map[string]uint64 // other hosts that could not be reached
}

type counts struct {
	mu sync.Mutex
	Counts
}

func (c *counts) add(to *map[string]uint64, host string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if *to == nil {
		*to = make(map[string]uint64)
	}
	if _, known := (*to)[host]; !known && len(*to) >= maxHosts {
		host = OtherHosts
	}
	(*to)[host]++
}

// Counts returns what went through so far.
func (p *Proxy) Counts() Counts {
	p.counts.mu.Lock()
	defer p.counts.mu.Unlock()
	c := p.counts.Counts
	return Counts{
		Intercepted: maps.Clone(c.Intercepted), Untrusted: maps.Clone(c.Untrusted), Failed: maps.Clone(c.Failed),
		Passed: maps.Clone(c.Passed), Refused: maps.Clone(c.Refused), Unreachable: maps.Clone(c.Unreachable),
	}
}

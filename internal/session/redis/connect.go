package redis

import (
	"bufio"
	"context"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// schemaVersion is that of the layout in keys.go. Kinds of keys that an older program does not know may be added under the same
// version; it rises when something that is there comes to mean something else, and connect then brings what it finds up to it.
const schemaVersion = 1

// connect finds out whether this Redis can be the store, and marks it with the version of the layout.
func (s *Store) connect(ctx context.Context) error {
	return s.do(ctx, func(ctx context.Context) error {
		if err := s.client.SetNX(ctx, schemaKey, schemaVersion, 0).Err(); err != nil {
			return err
		}
		text, err := s.client.Get(ctx, schemaKey).Result()
		if err != nil {
			return err
		}
		switch version, err := strconv.Atoi(text); {
		case err != nil || version < 1:
			return damaged(schemaKey)
		case version > schemaVersion:
			return &Error{Address: s.address, Kind: ErrNewer, Reason: textNewer.With(version, schemaVersion)}
		}
		return s.inspect(ctx)
	})
}

// inspect reads the server's account of itself, if this user may.
func (s *Store) inspect(ctx context.Context) error {
	text, err := s.client.Info(ctx).Result()
	switch {
	case redis.IsPermissionError(err):
		return nil
	case err != nil:
		return err
	}
	about := parseInfo(text)
	if about["cluster_enabled"] == "1" {
		return &Error{Address: s.address, Kind: ErrCluster, Reason: textCluster.With()}
	}
	s.warnings = warnings(s.address, about)
	return nil
}

// parseInfo reads the lines "name:value" of INFO.
func parseInfo(text string) map[string]string {
	about := map[string]string{}
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		if key, value, found := strings.Cut(lines.Text(), ":"); found {
			about[key] = value
		}
	}
	return about
}

// warnings are what may lose sessions, or let revoked tokens come back to life.
func warnings(address Address, about map[string]string) (list []string) {
	if policy, limit := about["maxmemory_policy"], about["maxmemory"]; policy != "" && policy != "noeviction" && limit != "" && limit != "0" {
		list = append(list, "Redis drops keys when its memory is full (maxmemory-policy "+policy+"): sessions vanish, and revoked tokens open again; set noeviction")
	}
	if about["aof_enabled"] == "0" {
		list = append(list, "Redis keeps no log of what it is told (appendonly no): what was answered since its last snapshot is lost when it stops; set appendonly yes")
	}
	if address.Exposed() {
		list = append(list, "the connection to Redis is not encrypted and may leave this machine's network; use rediss://")
	}
	return list
}

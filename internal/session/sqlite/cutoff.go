package sqlite

import (
	"context"
	"fmt"

	"github.com/wxlogin/wxlogin/internal/session"
)

const (
	// cutOff is session.Cutoff.After in SQL.
	cutOff = `INSERT INTO cutoffs (origin, appid, openid, cut_before, spares, made, until, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (origin, appid, openid) DO UPDATE SET cut_before = max(cut_before, excluded.cut_before), spares = excluded.spares,
		made = excluded.made, until = max(until, excluded.until), reason = excluded.reason`
	// selectCutoffs gives that of everybody before the user's own: the empty openid sorts first.
	selectCutoffs = `SELECT openid, cut_before, spares, made, until, reason FROM cutoffs
		WHERE origin = ? AND appid = ? AND openid IN ('', ?) ORDER BY openid`
	expireCutoffs = `DELETE FROM cutoffs WHERE until <= ?`
)

// CutOff implements [session.Store].
func (s *Store) CutOff(ctx context.Context, c session.Cutoff) error {
	if err := c.Check(); err != nil {
		return fmt.Errorf("revoke tokens: %w", err)
	}
	return s.write(ctx, &job{durable: true, run: func(st *statements) error {
		_, err := changed(st.cutOff, string(c.Origin), string(c.AppID), string(c.OpenID), session.Instant(c.Before).UnixMicro(), c.Except,
			session.Instant(c.At).UnixMicro(), session.Instant(c.Until).UnixMicro(), c.Reason)
		return err
	}})
}

// Cutoffs implements [session.Store].
func (s *Store) Cutoffs(ctx context.Context, user session.ID) (list []session.Cutoff, err error) {
	err = s.read(ctx, func() error {
		list = nil
		rows, err := s.cutoffs.QueryContext(ctx, string(user.Origin), string(user.AppID), string(user.OpenID))
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			c := session.Cutoff{ID: user}
			var before, made, until int64
			if err := rows.Scan(&c.OpenID, &before, &c.Except, &made, &until, &c.Reason); err != nil {
				return err
			}
			c.Before, c.At, c.Until = moment(before), moment(made), moment(until)
			list = append(list, c)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

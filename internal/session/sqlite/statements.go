package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

const (
	columns = `origin, appid, openid, unionid, keys, key_obtained, created, refreshed`
	// selectList takes origin, appid (each empty for any) and a limit (-1 for none).
	// A parameter that is the LIMIT by itself is part of the plan, which SQLite then makes anew for every call; + keeps it out.
	selectList = `SELECT ` + columns + ` FROM sessions WHERE (?1 = '' OR origin = ?1) AND (?2 = '' OR appid = ?2)
		ORDER BY refreshed DESC, origin, appid, openid LIMIT +?3`
	selectOne = `SELECT ` + columns + ` FROM sessions WHERE origin = ? AND appid = ? AND openid = ?`
	// upsert takes the columns.
	upsert = `INSERT INTO sessions (` + columns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (origin, appid, openid) DO UPDATE SET unionid = excluded.unionid, keys = excluded.keys,
		key_obtained = excluded.key_obtained, created = excluded.created, refreshed = excluded.refreshed`
	deleteOne = `DELETE FROM sessions WHERE origin = ? AND appid = ? AND openid = ?`
	// claim takes hash, until and now, and changes a row only for the one who gets the claim.
	claim = `INSERT INTO claims (code_hash, until) VALUES (?1, ?2)
		ON CONFLICT (code_hash) DO UPDATE SET until = excluded.until WHERE claims.until <= ?3`
	unclaim        = `DELETE FROM claims WHERE code_hash = ?`
	revoke         = `INSERT INTO revocations (token_id, revoked_at, until, reason) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`
	selectRevoked  = `SELECT revoked_at, until, reason FROM revocations WHERE token_id = ?`
	expireSessions = `DELETE FROM sessions WHERE refreshed < ?`
	expireClaims   = `DELETE FROM claims WHERE until <= ?`
	expireRevoked  = `DELETE FROM revocations WHERE until <= ?`

	record          = `INSERT INTO exchanges (origin, appid, code_hash, at, outcome, errcode) VALUES (?, ?, ?, ?, ?, ?)`
	selectExchanges = `SELECT appid, at, outcome, errcode FROM exchanges WHERE code_hash = ? AND origin = ? ORDER BY at, id`
	expireExchanges = `DELETE FROM exchanges WHERE at <= ?`

	// saveToken changes nothing where a later token is.
	saveToken = `INSERT INTO access_tokens (origin, appid, token, obtained, expires) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (origin, appid) DO UPDATE SET token = excluded.token, obtained = excluded.obtained, expires = excluded.expires
		WHERE access_tokens.obtained <= excluded.obtained`
	selectToken  = `SELECT token, obtained, expires FROM access_tokens WHERE origin = ? AND appid = ?`
	expireTokens = `DELETE FROM access_tokens WHERE expires <= ?`
)

// statements are prepared on the writer's connection, for the writer alone.
type statements struct {
	begin, commit, rollback, savepoint, release, undo *sql.Stmt
	get, upsert, delete, claim, unclaim, revoke       *sql.Stmt
	record, saveToken                                 *sql.Stmt
	expireSessions, expireClaims, expireRevocations   *sql.Stmt
	cutOff, expireCutoffs                             *sql.Stmt
	expireExchanges, expireTokens                     *sql.Stmt
}

// each lists the statements with their text.
func (st *statements) each() []preparation {
	return []preparation{
		{&st.begin, "BEGIN IMMEDIATE"},
		{&st.commit, "COMMIT"},
		{&st.rollback, "ROLLBACK"},
		{&st.savepoint, "SAVEPOINT job"},
		{&st.release, "RELEASE job"},
		{&st.undo, "ROLLBACK TO job"},
		{&st.get, selectOne},
		{&st.upsert, upsert},
		{&st.delete, deleteOne},
		{&st.claim, claim},
		{&st.unclaim, unclaim},
		{&st.revoke, revoke},
		{&st.expireSessions, expireSessions},
		{&st.expireClaims, expireClaims},
		{&st.expireRevocations, expireRevoked},
		{&st.cutOff, cutOff},
		{&st.expireCutoffs, expireCutoffs},
		{&st.record, record},
		{&st.saveToken, saveToken},
		{&st.expireExchanges, expireExchanges},
		{&st.expireTokens, expireTokens},
	}
}

// A preparation is a statement and where it goes.
type preparation struct {
	to    **sql.Stmt
	query string
}

func prepareStatements(ctx context.Context, conn *sql.Conn) (*statements, error) {
	st := &statements{}
	for _, s := range st.each() {
		var err error
		if *s.to, err = conn.PrepareContext(ctx, s.query); err != nil {
			return nil, err
		}
	}
	return st, nil
}

// close ends the statements; while one is open SQLite does not really close the connection.
func (st *statements) close() (err error) {
	for _, s := range st.each() {
		err = errors.Join(err, (*s.to).Close())
	}
	return err
}

// row is what can be scanned: *sql.Row and *sql.Rows.
type row interface{ Scan(dest ...any) error }

// scan reads the columns; the keys stay sealed.
func scan(from row) (s session.Session, sealed []byte, err error) {
	var obtained, created, refreshed int64
	err = from.Scan(&s.Origin, &s.AppID, &s.OpenID, &s.UnionID, &sealed, &obtained, &created, &refreshed)
	s.KeyObtained, s.Created, s.Refreshed = moment(obtained), moment(created), moment(refreshed)
	return s, sealed, err
}

// scanOpen reads the columns and unseals the keys.
func scanOpen(sealer session.Sealer, from row) (session.Session, error) {
	s, sealed, err := scan(from)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return session.Session{}, session.ErrNotFound
	case err != nil:
		return session.Session{}, err
	}
	if err := session.UnsealKeys(sealer, &s, sealed); err != nil {
		return session.Session{}, err
	}
	return s, nil
}

// save runs inside the writer's transaction, so nothing comes between its reading and its writing.
func (st *statements) save(sealer session.Sealer, l session.Login) (session.Session, error) {
	before, sealed, err := scan(st.get.QueryRow(string(l.Origin), string(l.AppID), string(l.OpenID)))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		before = session.Session{}
	case err != nil:
		return session.Session{}, err
	default:
		if err := session.UnsealKeys(sealer, &before, sealed); err != nil {
			before.Key, before.Previous = wechat.SessionKey{}, nil // nobody can read them any more
		}
	}
	next := before.After(l)
	sealed, err = session.SealKeys(sealer, next)
	if err != nil {
		return session.Session{}, err
	}
	_, err = st.upsert.Exec(string(next.Origin), string(next.AppID), string(next.OpenID), string(next.UnionID), sealed,
		next.KeyObtained.UnixMicro(), next.Created.UnixMicro(), next.Refreshed.UnixMicro())
	return next, err
}

// changed runs a statement and reports whether it changed a row.
func changed(stmt *sql.Stmt, args ...any) (bool, error) {
	result, err := stmt.Exec(args...)
	if err != nil {
		return false, err
	}
	count, err := result.RowsAffected()
	return count > 0, err
}

func moment(micro int64) time.Time { return time.UnixMicro(micro).UTC() }

package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
)

// applicationID is in the header of our files, so that a database of another program is not taken for one: "wxlg" in ASCII.
const applicationID = 0x77786c67

// migrations returns the steps from each schema version to the next; a file's user_version is how many it has behind it. A
// step that has been released never changes. Times are in microseconds since 1970.
func migrations() []string {
	return []string{
		// keys holds the current and the previous session keys, sealed. The order of sessions_newest is that of session.Compare.
		`CREATE TABLE sessions (
			origin       TEXT NOT NULL,
			appid        TEXT NOT NULL,
			openid       TEXT NOT NULL,
			unionid      TEXT NOT NULL,
			keys         BLOB NOT NULL,
			key_obtained INTEGER NOT NULL,
			created      INTEGER NOT NULL,
			refreshed    INTEGER NOT NULL,
			PRIMARY KEY (origin, appid, openid)
		) STRICT, WITHOUT ROWID;
		CREATE INDEX sessions_newest ON sessions (refreshed DESC, origin, appid, openid);
		CREATE TABLE claims (
			code_hash BLOB PRIMARY KEY,
			until     INTEGER NOT NULL
		) STRICT, WITHOUT ROWID;
		CREATE TABLE revocations (
			token_id   TEXT PRIMARY KEY,
			revoked_at INTEGER NOT NULL,
			until      INTEGER NOT NULL,
			reason     TEXT NOT NULL
		) STRICT, WITHOUT ROWID;
		CREATE INDEX revocations_until ON revocations (until)`,
		// A cutoff without an openid is for everybody at the app. spares is a token's jti, or empty.
		`CREATE TABLE cutoffs (
			origin     TEXT NOT NULL,
			appid      TEXT NOT NULL,
			openid     TEXT NOT NULL,
			cut_before INTEGER NOT NULL,
			spares     TEXT NOT NULL,
			made       INTEGER NOT NULL,
			until      INTEGER NOT NULL,
			reason     TEXT NOT NULL,
			PRIMARY KEY (origin, appid, openid)
		) STRICT, WITHOUT ROWID;
		CREATE INDEX cutoffs_until ON cutoffs (until)`,
		// token is sealed. The order of exchanges_code is that of Store.Exchanges: id counts up.
		`CREATE TABLE exchanges (
			id        INTEGER PRIMARY KEY,
			origin    TEXT NOT NULL,
			appid     TEXT NOT NULL,
			code_hash BLOB NOT NULL,
			at        INTEGER NOT NULL,
			outcome   TEXT NOT NULL,
			errcode   INTEGER NOT NULL
		) STRICT;
		CREATE INDEX exchanges_code ON exchanges (code_hash, origin, at, id);
		CREATE INDEX exchanges_at ON exchanges (at);
		CREATE TABLE access_tokens (
			origin   TEXT NOT NULL,
			appid    TEXT NOT NULL,
			token    BLOB NOT NULL,
			obtained INTEGER NOT NULL,
			expires  INTEGER NOT NULL,
			PRIMARY KEY (origin, appid)
		) STRICT, WITHOUT ROWID`,
	}
}

// migrate brings the file to the newest schema, in one transaction. The caller holds the file's lock.
func migrate(ctx context.Context, conn *sql.Conn, path string) error {
	steps := migrations()
	version, err := number(ctx, conn, "PRAGMA user_version")
	if err != nil {
		return err
	}
	application, err := number(ctx, conn, "PRAGMA application_id")
	if err != nil {
		return err
	}
	tables, err := number(ctx, conn, "SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return err
	}
	switch {
	case application == applicationID && version > len(steps):
		reason := fmt.Sprintf("is of version %d, this program knows versions up to %d: use a newer wxlogin", version, len(steps))
		return &FileError{Path: path, Reason: reason, Err: ErrNewer}
	case application != applicationID && (application != 0 || version != 0 || tables != 0):
		return &FileError{Path: path, Reason: "is a database of another program"}
	}
	mode, err := text(ctx, conn, "PRAGMA journal_mode")
	if err != nil {
		return err
	}
	if mode != "wal" {
		if _, err := conn.ExecContext(ctx, "PRAGMA journal_mode = WAL"); err != nil {
			return err
		}
	}
	if version == len(steps) {
		return nil
	}
	return inTransaction(ctx, conn, func() error {
		for _, step := range steps[version:] {
			if _, err := conn.ExecContext(ctx, step); err != nil {
				return err
			}
		}
		_, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, len(steps)))
		return err
	})
}

func inTransaction(ctx context.Context, conn *sql.Conn, work func() error) error {
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := work()
	if err == nil {
		_, err = conn.ExecContext(ctx, "COMMIT")
	}
	if err != nil {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") // the error that counts is the first
	}
	return err
}

func text(ctx context.Context, conn *sql.Conn, query string) (value string, err error) {
	err = conn.QueryRowContext(ctx, query).Scan(&value)
	return value, err
}

func number(ctx context.Context, conn *sql.Conn, query string) (int, error) {
	value, err := text(ctx, conn, query)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(value)
}

PRAGMA journal_mode = WAL;
BEGIN;
CREATE TABLE sessions (
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
CREATE INDEX revocations_until ON revocations (until);
PRAGMA application_id = 2004380775;
PRAGMA user_version = 1;
COMMIT;

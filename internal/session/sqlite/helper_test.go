package sqlite_test

import (
	"context"
	"database/sql"
	"net/url"
	"testing"
)

// database opens a file beside the store.
func database(t testing.TB, path string) *sql.Conn {
	t.Helper()
	db, err := sql.Open("sqlite", "file://"+(&url.URL{Path: path}).EscapedPath())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		_ = db.Close()
	})
	return conn
}

func execute(t testing.TB, path, statement string) {
	t.Helper()
	conn := database(t, path)
	if _, err := conn.ExecContext(context.Background(), statement); err != nil {
		t.Fatal(err)
	}
}

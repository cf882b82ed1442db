package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/session"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// openSealer leaves things open: this test is not about keys.
type openSealer struct{}

func (openSealer) Seal(plain, _ []byte) ([]byte, error)    { return bytes.Clone(plain), nil }
func (openSealer) Unseal(sealed, _ []byte) ([]byte, error) { return bytes.Clone(sealed), nil }

// TestDiskFull lets the file not grow any further in the midst of concurrent logins. SQLite then rolls whole transactions back:
// no login of such a group may be acknowledged. With room again, the store goes on.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "wxlogin.db"), openSealer{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	limit := func(pages int) {
		t.Helper()
		var now int
		if err := s.writer.conn.QueryRowContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages)).Scan(&now); err != nil || now != pages {
			t.Fatalf("limit of %d pages: %d, %v", pages, now, err)
		}
	}
	login := func(n int) session.Login {
		return session.Login{
			ID:  session.ID{Origin: "https://api.weixin.qq.com", AppID: "wx0000000000000001", OpenID: wechat.OpenID(fmt.Sprintf("o%027d", n))},
			Key: wechat.NewSessionKey("AAAAAAAAAAAAAAAAAAAAAA=="), At: time.Unix(1770000000, 0),
		}
	}
	limit(20)
	var mu sync.Mutex
	acknowledged, refused := map[wechat.OpenID]bool{}, 0
	var group sync.WaitGroup
	for w := range 16 {
		group.Go(func() {
			for i := range 40 {
				l := login(w*40 + i)
				_, err := s.Save(context.Background(), l)
				mu.Lock()
				if err == nil {
					acknowledged[l.OpenID] = true
				} else if refused++; !isFull(err) {
					t.Errorf("login %d: %v", w*40+i, err)
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if len(acknowledged) == 0 || refused == 0 {
		t.Fatalf("%d logins acknowledged, %d refused: want some of both", len(acknowledged), refused)
	}
	limit(1000)
	if _, err := s.Save(t.Context(), login(1_000_000)); err != nil {
		t.Errorf("with room again: %v", err)
	}
	acknowledged[login(1_000_000).OpenID] = true
	list, err := s.List(t.Context(), session.Filter{})
	if err != nil || len(list) != len(acknowledged) {
		t.Errorf("%d sessions, %v, %d were acknowledged", len(list), err, len(acknowledged))
	}
	for _, v := range list {
		if !acknowledged[v.OpenID] {
			t.Errorf("%s was refused and is there", v.OpenID)
		}
	}
}

func isFull(err error) bool {
	failure, ok := errors.AsType[*FileError](err)
	return ok && strings.Contains(failure.Reason, "the disk is full")
}

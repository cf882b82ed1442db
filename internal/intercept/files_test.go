package intercept_test

import (
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/wxlogin/wxlogin/internal/intercept"
)

// TestRelativeTemporary: clients that work in another directory find the files, also when TMPDIR is relative.
func TestRelativeTemporary(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the system makes the path absolute")
	}
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("TMPDIR", ".")
	ca, err := intercept.NewCA(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	files := intercept.TemporaryFiles(ca)
	made, err := files.Dir()
	if err != nil {
		t.Fatal(err)
	}
	if !filepath.IsAbs(made) {
		t.Errorf("%q is not absolute", made)
	}
	t.Chdir("/")
	if err := files.Remove(); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

package redis

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestNames: names come apart again, differ when their parts do, and sort as their parts do.
func TestNames(t *testing.T) {
	t.Parallel()
	part := rapid.StringOfN(rapid.SampledFrom([]rune("\x00 !\"0PQab~")), 0, 4, -1)
	rapid.Check(t, func(r *rapid.T) {
		a, b := rapid.SliceOfN(part, 3, 3).Draw(r, "a"), rapid.SliceOfN(part, 3, 3).Draw(r, "b")
		got, err := parts(name(a...), 3)
		if err != nil || !slices.Equal(got, a) {
			r.Fatalf("%q is named %q, which is %q, %v", a, name(a...), got, err)
		}
		if want := slices.Compare(a, b); cmp.Compare(name(a...), name(b...)) != want {
			r.Fatalf("%q and %q do not sort as %q and %q", name(a...), name(b...), a, b)
		}
	})
}

func TestNameIsReadable(t *testing.T) {
	t.Parallel()
	if got := name("https://api.weixin.qq.com", "wx4f4bc4dec97d474b", "o-_1"); got != "https://api.weixin.qq.com wx4f4bc4dec97d474b o-_1" {
		t.Errorf("%q", got)
	}
}

func FuzzParts(f *testing.F) {
	f.Add("a b !P")
	f.Add("a b c!")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := parts(text, strings.Count(text, " ")+1)
		if err == nil && name(list...) != text {
			t.Errorf("%q comes apart into %q, whose name is %q", text, list, name(list...))
		}
	})
}

package worldfile_test

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
	"github.com/wxlogin/wxlogin/internal/world/worldfile"
)

var update = flag.Bool("update", false, "write the golden files anew")

// start makes a world of a file.
func start(t testing.TB, f *worldfile.File) *world.World {
	t.Helper()
	options, err := f.Options()
	if err != nil {
		t.Fatal(err)
	}
	w, err := world.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func encode(t testing.TB, w *world.World, secrets bool) string {
	t.Helper()
	text, err := worldfile.Of(w, secrets).Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestGolden: the file that uses every word there is comes back as it is, and its world is what it says.
func TestGolden(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // the clock is frozen, but its reach is measured from now
		time.Sleep(time.Until(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)))
		path := filepath.Join("testdata", "everything.yaml")
		f, err := worldfile.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		w := start(t, f)
		if *update {
			if err := os.WriteFile(path, []byte(encode(t, w, true)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), encode(t, w, true)); diff != "" {
			t.Error(diff)
		}
		if got := w.Clock().Now(); !got.Equal(time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)) || !w.Clock().Frozen() {
			t.Errorf("the clock is at %v", got)
		}
		bob, err := w.User("", "bob")
		if err != nil || bob.Phone.Reveal() != "13800000000" || bob.Profile.NickName != "Bob" || bob.OpenID != "oQZIv5WlvnbeGrBlkm3SH0NXTeuo" {
			t.Errorf("%+v, %v", bob, err)
		}
		if _, err := w.User("", "u001000"); err != nil {
			t.Error(err)
		}
		if other, err := w.App("wxffffffffffffffff"); err != nil || other.Secret.Reveal() != strings.Repeat("f", 32) {
			t.Errorf("%+v, %v", other, err)
		}
	})
}

// TestSecrets: a file holds only secrets that were given for the simulation, and only when they are asked for.
func TestSecrets(t *testing.T) {
	t.Parallel()
	secret := func(digit string) wechat.AppSecret { return wechat.NewAppSecret(strings.Repeat(digit, 32)) }
	w, err := world.New(world.Options{Apps: []world.App{
		{ID: "wxaaaaaaaaaaaaaaaa", Secret: secret("a")}, // configured: may be real
		{ID: "wxbbbbbbbbbbbbbbbb", Secret: secret("b"), Simulated: true},
		{ID: "wxcccccccccccccccc", Invented: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.AddApp(world.App{ID: "wxdddddddddddddddd", Secret: secret("d")}); err != nil {
		t.Fatal(err)
	}
	for _, secrets := range []bool{false, true} {
		text := encode(t, w, secrets)
		for _, digit := range []string{"a", "b", "d"} {
			want := secrets && digit == "b"
			if got := strings.Contains(text, strings.Repeat(digit, 32)); got != want {
				t.Errorf("with secrets %v: secret of %s written: %v", secrets, digit, got)
			}
		}
		if invented, _ := w.App("wxcccccccccccccccc"); strings.Contains(text, invented.Secret.Reveal()) {
			t.Error("an invented secret was written")
		}
	}
}

// TestRoundTrip: what is written of any world makes the same world again, down to the keys it mints.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	word := rapid.StringMatching(`[0-9a-zA-Z:#'"\-@ {}]{0,12}|微信[一-龥]{0,4}|null|true|~|0x1F|1e3`)
	rapid.Check(t, func(t *rapid.T) {
		options := world.Options{Seed: rapid.Uint64Min(1).Draw(t, "seed"), PlusSlashPercent: rapid.SampledFrom([]int{0, -1, 7, 100}).Draw(t, "share")}
		options.Start.Offset = time.Duration(rapid.Int64Range(-1e15, 1e15).Draw(t, "offset"))
		for i := range rapid.IntRange(1, 3).Draw(t, "apps") {
			a := world.App{
				ID: wechat.AppID(fmt.Sprintf("wx%016x", i)), OpenPlatform: word.Draw(t, "platform"), Population: rapid.IntRange(0, 9).Draw(t, "population"),
			}
			if a.Simulated = rapid.Bool().Draw(t, "simulated"); a.Simulated {
				a.Secret = wechat.NewAppSecret(rapid.StringMatching("[0-9a-f]{32}|[0-9]{32}|[0-9]{16}e[0-9]{15}").Draw(t, "secret"))
			} else {
				a.Invented = true
			}
			for j := range rapid.IntRange(0, 3).Draw(t, "users") {
				a.Users = append(a.Users, drawUser(t, word, fmt.Sprint(rapid.SampledFrom([]string{"user", "0", "微", "u00000"}).Draw(t, "name"), j)))
			}
			options.Apps = append(options.Apps, a)
		}
		w, err := world.New(options)
		if err != nil {
			t.Fatal(err)
		}
		written, err := worldfile.Of(w, true).Encode()
		if err != nil {
			t.Fatal(err)
		}
		f, err := worldfile.Parse(written)
		if err != nil {
			t.Fatalf("%v in\n%s", err, written)
		}
		read, err := f.Options()
		if err != nil {
			t.Fatal(err)
		}
		again, err := world.New(read)
		if err != nil {
			t.Fatal(err)
		}
		rewritten, err := worldfile.Of(again, true).Encode()
		if diff := cmp.Diff(string(written), string(rewritten)); err != nil || diff != "" {
			t.Fatal(diff, err)
		}
		sameMints(t, w, again)
	})
}

func drawUser(t *rapid.T, word *rapid.Generator[string], name string) world.User {
	u := world.User{Name: name}
	if rapid.Bool().Draw(t, "has phone") {
		u.Phone = redact.NewSecret(rapid.StringMatching("0{0,3}[0-9]{5,11}").Draw(t, "phone"))
		u.CountryCode = rapid.SampledFrom([]string{"", "852", "1"}).Draw(t, "country code")
	}
	if rapid.Bool().Draw(t, "has profile") {
		u.Profile = &world.Profile{NickName: word.Draw(t, "nickname"), Gender: rapid.IntRange(0, 2).Draw(t, "gender"), City: word.Draw(t, "city")}
	}
	u.NoUnionID = rapid.Bool().Draw(t, "no unionid")
	return u
}

func sameMints(t *rapid.T, a, b *world.World) {
	for i, left := range a.Apps() {
		right := b.Apps()[i]
		if left.ID != right.ID || !left.Secret.Equal(right.Secret.Secret) || left.People != right.People {
			t.Fatalf("%s with %d users became %s with %d, or its secret changed", left.ID, left.People, right.ID, right.People)
		}
		x, err1 := a.Login(left.ID, "")
		y, err2 := b.Login(right.ID, "")
		if err := errors.Join(err1, err2); err != nil || x.Code != y.Code {
			t.Fatalf("codes %s and %s, %v", x.Code, y.Code, err)
		}
	}
}

// TestRefusals: each names the line, the field and what would do.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                          "file of the world: is empty; it begins with version: 1",
		"version: 2":                "file of the world:1: version: is 2; this version of wxlogin reads 1",
		"apps: []":                  "file of the world: version: is 0; this version of wxlogin reads 1",
		"version: one":              "file of the world:1: version: is not a whole number",
		"version: 1.5":              "file of the world:1: version: is not a whole number",
		"version: 1\nversion: 1":    "file of the world:2: field version is there twice",
		"version: 1\nsed: 3":        `file of the world:2: unknown field "sed"; did you mean seed?`,
		"version: 1\nx: 3":          `file of the world:2: unknown field "x"; there are version, seed, clock, frozen, plus_share, apps, faults`,
		"version: 1\nseed: -1":      "file of the world:2: seed: is not a whole number",
		"version: 1\nfrozen: maybe": "file of the world:2: frozen: is not true or false",
		"version: 1\napps: {}":      "file of the world:2: apps: is not a list",
		"version: 1\napps:\n  - 3":  "file of the world:3: apps[0]: is not a list of fields",
		"version: 1\napps:\n  - appid: wx1\n    users:\n      - name: bob\n        phoen: 3":        `file of the world:6: apps[0].users[0]: unknown field "phoen"; did you mean phone?`,
		"version: 1\napps:\n  - appid: wx1\n    secret: [canary]":                                   "file of the world:4: apps[0].secret: is not a single value",
		"version: 1\napps:\n  - appid: wx1\n    users:\n      - profile:\n          gender: female": "file of the world:6: apps[0].users[0].profile.gender: is not a whole number",
		"version: &a 1\nseed: *a":                  "file of the world:1: version: anchors and aliases are not supported here",
		"version: 1\n---\nversion: 1":              "file of the world: holds more than one document, or something after it that is not YAML",
		"version: 1\n\tx: 1":                       "file of the world:2: is not YAML: found a tab character that violates indentation",
		"- 1":                                      "file of the world:1: is not a list of fields",
		"version: 1\nclock: soon":                  `file of the world: clock: "soon" is neither a duration such as +6m nor a time such as 2026-11-23T10:00:00Z`,
		"version: 1\nclock: 2000000h":              "file of the world: clock: is more than 100 years away",
		"version: 1\nfaults: [--sometimes x hang]": `file of the world: faults[0]: --sometimes is no flag of a fault`,
		"version: 1\nplus_share: 101":              "file of the world: plus_share: 101 is not a percentage",
	} {
		f, err := worldfile.Parse([]byte(text))
		if err == nil {
			_, err = f.Options()
		}
		if _, ok := errors.AsType[*worldfile.Error](err); !ok || err.Error() != want {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
}

func TestLoadNamesThePath(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "w.yaml")
	if _, err := worldfile.Load(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(path, []byte("version: 1\nfoo: 2"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := worldfile.Load(path); err == nil || !strings.HasPrefix(err.Error(), path+":2: ") {
		t.Errorf("error %v", err)
	}
}

// TestWrite: for the owner alone, never over a file that is there unless asked, never through a link.
func TestWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, target := filepath.Join(dir, "w.yaml"), filepath.Join(dir, "target")
	for _, step := range []struct {
		text  string
		force bool
		want  string
		err   error
	}{
		{"one", false, "one", nil}, {"two", false, "one", fs.ErrExist}, {"three", true, "three", nil},
	} {
		if err := worldfile.Write(path, []byte(step.text), step.force); !errors.Is(err, step.err) {
			t.Errorf("%s: %v", step.text, err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != step.want {
			t.Errorf("%s: the file holds %q, %v", step.text, got, err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := errors.Join(os.WriteFile(target, []byte("kept"), 0o600), os.Remove(path), os.Symlink(target, path)); err != nil {
		t.Skip(err)
	}
	if err := worldfile.Write(path, []byte("four"), true); err != nil {
		t.Error(err)
	}
	if got, _ := os.ReadFile(target); string(got) != "kept" {
		t.Errorf("the target of a link holds %q", got)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".wxlogin*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// FuzzParse: any text is read or refused with an error of ours, and what is read can be written and read again.
func FuzzParse(f *testing.F) {
	golden, err := os.ReadFile(filepath.Join("testdata", "everything.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{string(golden), "version: 1", "version: 1\napps:\n  - appid: &a wx1\n    secret: *a", "version: !!int '1'", "{version: 1, apps: [{}]}", "version: 1\nseed: 0x10", "? version\n: 1", "version: 1\nfaults: [null]", "version: 1\nclock: 2026-11-23"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := worldfile.Parse(data)
		if err != nil {
			if _, ok := errors.AsType[*worldfile.Error](err); !ok {
				t.Errorf("error %v", err)
			}
			return
		}
		text, err := file.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := worldfile.Parse(text); err != nil || len(again.Apps) != len(file.Apps) || again.Seed != file.Seed || again.Clock != file.Clock {
			t.Errorf("written and read again: %v\n%s", err, text)
		}
		options, err := file.Options()
		if err != nil {
			return
		}
		population := 0
		for _, a := range options.Apps {
			population += a.Population
		}
		if population < 1e6 {
			_, _ = world.New(options)
		}
	})
}

package archtest_test

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// An edge is one import of one file.
type edge struct {
	room, file string
	imported   string // a room of ours when own, otherwise an import path
	own, test  bool
}

func (tr *tree) edges() []edge {
	var edges []edge
	for _, f := range tr.files {
		for _, p := range f.imports() {
			e := edge{room: f.room, file: f.path, imported: p, test: f.test || slices.Contains(testRooms, f.room)}
			switch rest, inside := strings.CutPrefix(p, module+"/"); {
			case p == module:
				e.imported, e.own = ".", true
			case inside:
				e.imported, e.own = rest, true
			}
			edges = append(edges, e)
		}
	}
	return edges
}

// rank is the number of the room's row, -1 when the table does not have it.
func rank(room string) int {
	return slices.IndexFunc(levels, func(l level) bool { return slices.Contains(l.rooms, room) })
}

func rankOf(name string) int {
	return slices.IndexFunc(levels, func(l level) bool { return l.name == name })
}

// unplaced names the rooms that the table does not have.
func unplaced(tr *tree) []string {
	var findings []string
	for _, f := range tr.files {
		if rank(f.room) < 0 && !slices.Contains(testRooms, f.room) {
			findings = append(findings, fmt.Sprintf("package %s has no level: give it one in internal/archtest/table_test.go and in docs/architecture.md", f.room))
		}
	}
	return findings
}

// broken returns a sentence for each import that the table does not allow.
func broken(edges []edge) []string {
	var findings []string
	for _, e := range edges {
		rule := foreign
		if e.own {
			rule = own
		}
		if why := rule(e); why != "" {
			findings = append(findings, fmt.Sprintf("%s: %s imports %s: %s", e.file, e.room, e.imported, why))
		}
	}
	return findings
}

// own checks an import of one of our rooms. Tests may also import rooms of their own level, and tests of commands anything:
// a test of one adapter may want the other as its partner. What no test of L0 to L5 may reach is the edge.
func own(e edge) string {
	from, to := rank(e.room), rank(e.imported)
	switch {
	case e.room == e.imported: // an external test of the room
		return ""
	case slices.Contains(testRooms, e.imported) && !e.test:
		return "only tests import it"
	case from < 0 || to < 0: // unplaced says so
		return ""
	case from > rankOf(domain) && e.test:
		return ""
	case to < from, to == from && e.test, to == from && strings.HasPrefix(e.room, e.imported+"/"):
		return ""
	case to == from:
		return fmt.Sprintf("both are %s, and rooms of one level do not know each other", levels[from].name)
	}
	return fmt.Sprintf("%s may not look up to %s; declare an interface where it is used and let a higher room connect the two", levels[from].name, levels[to].name)
}

// foreign checks an import of somebody else's package.
func foreign(e edge) string {
	if !strings.Contains(strings.Split(e.imported, "/")[0], ".") {
		return standard(e)
	}
	if e.test && slices.ContainsFunc(testModules, func(m string) bool { return within(e.imported, m) }) {
		return ""
	}
	i := slices.IndexFunc(owners, func(o owner) bool { return within(e.imported, o.module) })
	if i < 0 {
		return "the module is not in the table of internal/archtest/table_test.go; a new dependency is a decision"
	}
	if o := owners[i]; !slices.ContainsFunc(o.rooms, func(pattern string) bool { return matches(e.room, pattern) }) {
		return fmt.Sprintf("only %s may (%s)", strings.Join(o.rooms, ", "), o.why)
	}
	return ""
}

func standard(e edge) string {
	if e.test {
		return ""
	}
	for _, b := range bans {
		if b.pkg == e.imported && (b.rooms == nil || slices.Contains(b.rooms, e.room)) {
			return "it stays out (" + b.why + ")"
		}
	}
	return ""
}

func within(p, prefix string) bool { return p == prefix || strings.HasPrefix(p, prefix+"/") }

func matches(room, pattern string) bool {
	if parent, deep := strings.CutSuffix(pattern, "/..."); deep {
		return within(room, parent)
	}
	return room == pattern
}

func TestEveryRoomHasALevel(t *testing.T) {
	t.Parallel()
	report(t, unplaced(source(t)))
}

func TestImports(t *testing.T) {
	t.Parallel()
	report(t, broken(source(t).edges()))
}

// TestTheDomainNeedsNoCommandLine looks through third-party modules too: what L5 links, L0 to L5 link.
func TestTheDomainNeedsNoCommandLine(t *testing.T) {
	t.Parallel()
	tr := source(t)
	for _, room := range levels[rankOf(domain)].rooms {
		if !slices.ContainsFunc(tr.files, func(f *file) bool { return f.room == room }) {
			continue
		}
		list := exec.CommandContext(t.Context(), "go", "list", "-deps", "./"+room)
		list.Dir = tr.root
		out, err := list.Output()
		if err != nil {
			t.Fatalf("go list -deps ./%s: %v", room, err)
		}
		for dep := range strings.Lines(string(out)) {
			for _, edge := range []string{"github.com/spf13/", "charm.land/lipgloss", "github.com/itchyny/gojq", "github.com/zalando/go-keyring"} {
				if strings.HasPrefix(dep, edge) {
					t.Errorf("%s depends on %s, which belongs to the edge; find the way with go mod why", room, strings.TrimSpace(dep))
				}
			}
		}
	}
}

// TestPlantedImports proves that the checker sees what it is there to see.
func TestPlantedImports(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file, imported, want string
	}{
		{"lower level", "internal/login/a.go", module + "/internal/session", ""},
		{"nested imports its parent", "internal/session/memory/a.go", module + "/internal/session", ""},
		{"own package, external test", "internal/token/a_test.go", module + "/internal/token", ""},
		{"same level, test", "internal/loginhttp/a_test.go", module + "/internal/wxhttp", ""},
		{"tests of commands see everything", "cmd/mock/a_test.go", module + "/cmd", ""},
		{"test library", "internal/token/a_test.go", "pgregory.net/rapid", ""},
		{"suite uses a test library", "internal/session/storetest/a.go", "github.com/google/go-cmp/cmp", ""},
		{"owner of a module", "internal/session/sqlite/a.go", "modernc.org/sqlite", ""},
		{"cobra in a command group", "cmd/key/a.go", "github.com/spf13/cobra", ""},

		{"same level", "internal/login/a.go", module + "/internal/world", "both are L3"},
		{"parent imports nested", "internal/session/a.go", module + "/internal/session/sqlite", "both are L2"},
		{"upwards", "internal/wechat/a.go", module + "/internal/wxapi", "L1 may not look up to L2"},
		{"upwards in a test", "internal/world/a_test.go", module + "/internal/wxhttp", "L3 may not look up to L4"},
		{"to the edge", "internal/stack/a.go", module + "/internal/config", "L5 may not look up to edge"},
		{"config and term", "internal/config/a.go", module + "/internal/term", "both are edge"},
		{"group imports cmd", "cmd/mock/a.go", module + "/cmd", "command groups may not look up to cmd"},
		{"suite in the binary", "internal/session/sqlite/a.go", module + "/internal/session/storetest", "only tests import it"},
		{"cobra in the domain", "internal/server/a.go", "github.com/spf13/cobra", "only cmd/..., internal/app may"},
		{"lipgloss in a command", "cmd/a.go", "charm.land/lipgloss/v2/table", "only internal/term may"},
		{"test library in the binary", "internal/token/a.go", "pgregory.net/rapid", "not in the table"},
		{"unknown module", "internal/token/a.go", "example.com/new", "not in the table"},
		{"testify in a test", "internal/token/a_test.go", "github.com/stretchr/testify/require", "not in the table"},
		{"templates", "cmd/a.go", "text/template", "linker"},
		{"HTTP in the world", "internal/world/a.go", "net/http", "without HTTP"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := broken(planted(t, map[string]string{tt.file: fmt.Sprintf("package a\nimport _ %q\n", tt.imported)}).edges())
			switch {
			case tt.want == "" && len(got) > 0:
				t.Errorf("allowed, but reported: %s", got[0])
			case tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)):
				t.Errorf("got %q, want one finding with %q", got, tt.want)
			}
		})
	}
}

func TestPlantedRoomWithoutALevel(t *testing.T) {
	t.Parallel()
	got := unplaced(planted(t, map[string]string{"internal/attic/a.go": "package attic\n"}))
	if len(got) != 1 || !strings.Contains(got[0], "package internal/attic has no level") {
		t.Errorf("got %q", got)
	}
}

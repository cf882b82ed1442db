package archtest_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// module is the path of the project; an import that starts with it is one of our rooms.
const module = "github.com/wxlogin/wxlogin"

// A file is one Go file of the repository.
type file struct {
	path      string // from the root, with slashes
	room      string // its directory; "." for package main
	test      bool
	generated bool
	lines     int
	text      string
	syntax    *ast.File
}

// A tree is every Go file of the repository, parsed with comments.
type tree struct {
	root  string
	fset  *token.FileSet
	files []*file

	mu      sync.Mutex
	checked map[string]*types.Info // by room; see check
}

var wholeTree = sync.OnceValues(func() (*tree, error) { return parseTree(filepath.Join("..", "..")) })

// source returns the repository, parsed once for all tests.
func source(t *testing.T) *tree {
	t.Helper()
	tr, err := wholeTree()
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// parseTree parses the program. An example below docs is a module of its own and plays somebody else's program, and what .ci/run runs is
// a program beside ours.
func parseTree(root string) (*tree, error) {
	tr := &tree{root: root, fset: token.NewFileSet()}
	err := walk(root, func(name string, text []byte) error {
		if path.Ext(name) != ".go" || strings.HasPrefix(name, "docs/") || strings.HasPrefix(name, ".ci/") {
			return nil
		}
		f, err := parseFile(tr.fset, name, string(text))
		tr.files = append(tr.files, f)
		return err
	})
	return tr, err
}

func parseFile(fset *token.FileSet, name, text string) (*file, error) {
	syntax, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	return &file{
		path: name, room: path.Dir(name), text: text, syntax: syntax,
		test:      strings.HasSuffix(name, "_test.go"),
		generated: ast.IsGenerated(syntax),
		lines:     strings.Count(text, "\n"),
	}, nil
}

// walk calls visit for each file of the repository that a person wrote: not for what lies in .git, build output, test data.
func walk(root string, visit func(name string, text []byte) error) error {
	return filepath.WalkDir(root, func(full string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, full)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if entry.IsDir() {
			if slices.Contains([]string{".git", "dist", "testdata", "node_modules"}, entry.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if !entry.Type().IsRegular() || !slices.Contains([]string{".go", ".sh", ".md", ".yml", ".yaml", ".js", ""}, path.Ext(name)) {
			return nil
		}
		text, err := os.ReadFile(full)
		if err != nil {
			return err
		}
		return visit(name, text)
	})
}

// imports returns the import paths of f.
func (f *file) imports() []string {
	var paths []string
	for _, spec := range f.syntax.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			paths = append(paths, p)
		}
	}
	return paths
}

// importName returns the name under which f imports p, "" when it does not.
func (f *file) importName(p string) string {
	for _, spec := range f.syntax.Imports {
		if got, err := strconv.Unquote(spec.Path.Value); err != nil || got != p {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(p)
	}
	return ""
}

// at names a place as editors understand it.
func (tr *tree) at(node ast.Node) string {
	p := tr.fset.Position(node.Pos())
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

// report fails the test with one line for each finding.
func report(t *testing.T, findings []string) {
	t.Helper()
	slices.Sort(findings)
	for _, finding := range slices.Compact(findings) {
		t.Error(finding)
	}
}

// planted parses files that break a rule, so that a test can prove that the checker sees it.
func planted(t *testing.T, files map[string]string) *tree {
	t.Helper()
	tr := &tree{fset: token.NewFileSet()}
	for name, text := range files {
		f, err := parseFile(tr.fset, name, text)
		if err != nil {
			t.Fatal(err)
		}
		tr.files = append(tr.files, f)
	}
	return tr
}

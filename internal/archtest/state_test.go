package archtest_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"
)

// TestNoPackageState: a package-level variable is a constant that Go cannot spell. See [stateFindings].
func TestNoPackageState(t *testing.T) {
	t.Parallel()
	report(t, stateFindings(source(t)))
}

// linkerVariables are set by the linker (.goreleaser.yaml) and by nobody else.
const linkerVariables = "cmd/version.go"

// constructors are calls whose result is as good as a constant: it does not change, and making it costs next to nothing at
// start-up, or only when it is used. regexp.MustCompile is not among them: wrap it in sync.OnceValue.
var constructors = []string{
	"errors.New", "fmt.Errorf", "sync.OnceValue", "sync.OnceValues", "strings.NewReplacer",
	"base64.StdEncoding.Strict", "base64.RawURLEncoding.Strict", "netip.MustParsePrefix", "netip.MustParseAddr", "time.Date", "big.NewInt",
}

// promise is what the comment of a table says whose address is taken, so that its many bytes are not copied.
const promise = "never written to"

// stateFindings allows a package-level variable outside tests when it is blank (an interface assertion), embedded, a linker
// variable, or initialised with a literal, one of the constructors or a function of the package that computes an array, and then
// never written: neither assigned, nor through an index, a field, a pointer, delete, clear, or a method with a pointer receiver.
// It also refuses func init.
func stateFindings(tr *tree) []string {
	var findings []string
	rooms := map[string]bool{}
	for _, f := range tr.files {
		if f.test || slices.Contains(testRooms, f.room) {
			continue
		}
		rooms[f.room] = true
		for _, decl := range f.syntax.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Recv == nil && decl.Name.Name == "init" {
					findings = append(findings, tr.at(decl)+": func init runs at every start and hides an order: call it from where it is needed")
				}
			case *ast.GenDecl:
				findings = append(findings, tr.variables(f, decl)...)
			}
		}
	}
	for room := range rooms {
		findings = append(findings, tr.writes(room)...)
	}
	return findings
}

// variables looks at how the variables of decl start.
func (tr *tree) variables(f *file, decl *ast.GenDecl) []string {
	if decl.Tok != token.VAR || f.path == linkerVariables {
		return nil
	}
	var findings []string
	for _, spec := range decl.Specs {
		spec, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		embedded := hasEmbed(decl.Doc) || hasEmbed(spec.Doc)
		for i, name := range spec.Names {
			if name.Name == "_" || embedded {
				continue
			}
			why := "has no value: it can only be there to be changed"
			if i < len(spec.Values) {
				why = notConstant(spec.Values[i])
			}
			if i < len(spec.Values) && isArray(tr.check(f.room).TypeOf(name)) {
				why = "" // a value: writes would be seen, and the start-up test sees what computing it costs
			}
			if why != "" {
				findings = append(findings, fmt.Sprintf("%s: package variable %s %s; pass it in, or make it a function", tr.at(name), name.Name, why))
			}
		}
	}
	return findings
}

func isArray(t types.Type) bool {
	if t == nil { // declared twice, for two platforms
		return false
	}
	_, array := t.Underlying().(*types.Array)
	return array
}

func hasEmbed(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") })
}

// notConstant says why a value may change or costs something at start-up, "" when it does neither.
func notConstant(value ast.Expr) string {
	switch value := value.(type) {
	case *ast.UnaryExpr: // &T{…} is shared by whoever gets hold of it
		if value.Op == token.AND {
			return "is a pointer"
		}
		return ""
	case *ast.CompositeLit:
		if name := types.ExprString(value.Type); strings.HasPrefix(name, "sync.") || strings.HasPrefix(name, "atomic.") {
			return "is a " + name
		}
		return ""
	case *ast.BasicLit, *ast.BinaryExpr, *ast.FuncLit, *ast.Ident, *ast.SelectorExpr:
		return ""
	case *ast.CallExpr:
		name := types.ExprString(value.Fun)
		name, _, _ = strings.Cut(name, "[") // type arguments
		if slices.Contains(constructors, name) || name == "" {
			return ""
		}
		if _, conversion := value.Fun.(*ast.ArrayType); conversion {
			return ""
		}
		return "calls " + name + " at every start"
	}
	return "is neither a literal nor a sentinel"
}

// writes returns each place where the package changes one of its package-level variables.
func (tr *tree) writes(room string) []string {
	info := tr.check(room)
	promised := tr.promised(room)
	var findings []string
	changed := func(e ast.Expr, how string) {
		ident := base(e)
		if ident == nil {
			return
		}
		v, ok := info.Uses[ident].(*types.Var)
		if !ok || v.Pkg() == nil || v.Parent() != v.Pkg().Scope() {
			return
		}
		findings = append(findings, fmt.Sprintf("%s: package variable %s is %s: state belongs into a struct", tr.at(ident), ident.Name, how))
	}
	for _, f := range tr.files {
		if f.room != room || f.test {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, left := range n.Lhs {
					changed(left, "assigned")
				}
			case *ast.IncDecStmt:
				changed(n.X, "assigned")
			case *ast.RangeStmt:
				changed(n.Key, "assigned")
				changed(n.Value, "assigned")
			case *ast.UnaryExpr:
				if ident := base(n.X); n.Op == token.AND && ident != nil && !promised[ident.Name] {
					changed(n.X, "handed out by address")
				}
			case *ast.CallExpr:
				if name, ok := n.Fun.(*ast.Ident); ok && (name.Name == "delete" || name.Name == "clear") && len(n.Args) > 0 {
					changed(n.Args[0], "emptied")
				}
				if method, ok := n.Fun.(*ast.SelectorExpr); ok && pointerReceiver(info, method) {
					changed(method.X, "changed through its method "+method.Sel.Name)
				}
			}
			return true
		})
	}
	return findings
}

// promised returns the variables of the room whose comment gives the promise.
func (tr *tree) promised(room string) map[string]bool {
	names := map[string]bool{}
	for _, f := range tr.files {
		for _, decl := range f.syntax.Decls {
			group, ok := decl.(*ast.GenDecl)
			if !ok || group.Tok != token.VAR || f.room != room || f.test {
				continue
			}
			for _, spec := range group.Specs {
				spec, ok := spec.(*ast.ValueSpec)
				if !ok || !strings.Contains(group.Doc.Text()+spec.Doc.Text(), promise) {
					continue
				}
				for _, name := range spec.Names {
					names[name.Name] = true
				}
			}
		}
	}
	return names
}

// pointerReceiver reports whether the method changes its receiver's variable, as far as types of the package itself tell.
func pointerReceiver(info *types.Info, method *ast.SelectorExpr) bool {
	selection, ok := info.Selections[method]
	if !ok || selection.Kind() != types.MethodVal {
		return false
	}
	function, ok := selection.Obj().(*types.Func)
	if !ok {
		return false
	}
	_, pointer := function.Signature().Recv().Type().(*types.Pointer)
	return pointer
}

// base returns the variable that e is a part of.
func base(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.IndexExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// check resolves the names within one room, tests excluded. Imports stay unresolved: it is fast and works while they do not compile.
func (tr *tree) check(room string) *types.Info {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if info, done := tr.checked[room]; done {
		return info
	}
	info := &types.Info{
		Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{},
	}
	var files []*ast.File
	for _, f := range tr.files {
		if f.room == room && !f.test {
			files = append(files, f.syntax)
		}
	}
	config := types.Config{Error: func(error) {}, Importer: noImports{}}
	_, _ = config.Check(room, tr.fset, files, info) // the unresolved imports are errors
	if tr.checked == nil {
		tr.checked = map[string]*types.Info{}
	}
	tr.checked[room] = info
	return info
}

type noImports struct{}

func (noImports) Import(string) (*types.Package, error) { return nil, errors.New("not needed") }

func TestPlantedState(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, code, want string
	}{
		{"sentinel", `var ErrX = errors.New("x")`, ""},
		{"assertion", `var _ error = (*E)(nil)`, ""},
		{"table, only read", `var table = map[string]int{"a": 1}` + "\n" + `func f() int { return table["a"] }`, ""},
		{"lazy", `var re = sync.OnceValue(func() int { return 1 })`, ""},
		{"bytes", `var magic = []byte("x")`, ""},
		{"embedded", "//go:embed a.json\nvar catalogue []byte", ""},
		{"embedded in a group", "var (\n//go:embed a.json\ncatalogue []byte\n)", ""},
		{"local of the same name", "var n = 1\nfunc f() { n := 2; n++; _ = n }", ""},

		{"computed array", "// It is never written to.\nvar v = f()\nfunc f() (t [4]int) { return t }\nfunc g() *[4]int { return &v }", ""},

		{"computed map", "var v = f()\nfunc f() (t map[int]int) { return t }", "calls f"},
		{"array without the promise", "var v = [4]int{}\nfunc g() *[4]int { return &v }", "by address"},
		{"array written", "// It is never written to.\nvar v = [4]int{}\nfunc g() { v[1] = 2 }", "is assigned"},
		{"no value", `var cache map[string]int`, "has no value"},
		{"mutex", `var mu = sync.Mutex{}`, "is a sync.Mutex"},
		{"pointer", `var c = &http.Client{}`, "is a pointer"},
		{"regexp", `var re = regexp.MustCompile("a")`, "calls regexp.MustCompile"},
		{"assigned", "var n = 1\nfunc f() { n = 2 }", "is assigned"},
		{"counted", "var n = 1\nfunc f() { n++ }", "is assigned"},
		{"index", "var m = map[string]int{}\nfunc f() { m[\"a\"] = 1 }", "is assigned"},
		{"field", "type s struct{ n int }\nvar v = s{}\nfunc f() { v.n = 1 }", "is assigned"},
		{"deleted", "var m = map[string]int{}\nfunc f() { delete(m, \"a\") }", "is emptied"},
		{"address", "var n = 1\nfunc f() *int { return &n }", "by address"},
		{"method", "type s struct{ n int }\nfunc (x *s) add() { x.n++ }\nvar v = s{}\nfunc f() { v.add() }", "through its method add"},
		{"init", "func init() {}", "func init"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := stateFindings(planted(t, map[string]string{"internal/a/a.go": "package a\n" + tt.code + "\n"}))
			switch {
			case tt.want == "" && len(got) > 0:
				t.Errorf("allowed, but reported: %s", got[0])
			case tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)):
				t.Errorf("got %q, want one finding with %q", got, tt.want)
			}
		})
	}
}

package archtest_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

const langPackage = module + "/internal/lang"

// TestTexts holds what every text in two languages promises; see [textFindings].
func TestTexts(t *testing.T) {
	t.Parallel()
	report(t, textFindings(source(t)))
}

// textFindings checks each lang.T literal outside tests: written with its field names, both languages there, the same fmt
// verbs for the same arguments, Chinese that is Chinese, and no em dash.
func textFindings(tr *tree) []string {
	var findings []string
	for _, f := range tr.files {
		if f.test {
			continue
		}
		consts := tr.stringConstants(f.room)
		for _, literal := range texts(f) {
			if why := checkText(literal, consts); why != "" {
				findings = append(findings, fmt.Sprintf("%s: text %s", tr.at(literal), why))
			}
		}
	}
	return findings
}

// texts returns the literals of f that are a lang.T: by their type, by the element type of the slice, array or map they
// stand in, or, where another type is left out, by their field names.
func texts(f *file) []*ast.CompositeLit {
	name := f.importName(langPackage)
	isText := func(typ ast.Expr) bool {
		switch typ := typ.(type) {
		case *ast.SelectorExpr:
			pkg, ok := typ.X.(*ast.Ident)
			return ok && name != "" && pkg.Name == name && typ.Sel.Name == "T"
		case *ast.Ident:
			return f.room == "internal/lang" && typ.Name == "T"
		}
		return false
	}
	var found []*ast.CompositeLit
	elided := func(list *ast.CompositeLit) {
		var element ast.Expr
		switch typ := list.Type.(type) {
		case *ast.ArrayType:
			element = typ.Elt
		case *ast.MapType:
			element = typ.Value
		}
		for _, e := range list.Elts {
			if pair, ok := e.(*ast.KeyValueExpr); ok {
				e = pair.Value
			}
			if literal, ok := e.(*ast.CompositeLit); ok && literal.Type == nil && isText(element) {
				found = append(found, literal)
			}
		}
	}
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		literal, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		if isText(literal.Type) || literal.Type == nil && hasKey(literal, "En") && hasKey(literal, "Zh") {
			found = append(found, literal)
		}
		elided(literal)
		return true
	})
	return slices.Compact(found)
}

func hasKey(literal *ast.CompositeLit, name string) bool {
	return slices.ContainsFunc(literal.Elts, func(e ast.Expr) bool {
		pair, ok := e.(*ast.KeyValueExpr)
		if !ok {
			return false
		}
		key, ok := pair.Key.(*ast.Ident)
		return ok && key.Name == name
	})
}

// checkText completes the sentence "text …", or returns "". The zero literal, which compares with "no text", is fine; so is
// one made of data (both sides computed), which the test of that data checks.
func checkText(literal *ast.CompositeLit, consts map[string]string) string {
	if len(literal.Elts) == 0 {
		return ""
	}
	values := map[string]string{}
	computed := 0
	for _, e := range literal.Elts {
		pair, ok := e.(*ast.KeyValueExpr)
		if !ok {
			return "is positional: name the fields En and Zh"
		}
		text, ok := evaluate(pair.Value, consts)
		if !ok {
			computed++
		}
		values[types.ExprString(pair.Key)] = text
	}
	switch {
	case computed == len(literal.Elts) && computed == 2:
		return ""
	case computed > 0:
		return "has a side that is computed and one that is not: nobody can compare them"
	}
	return checkPair(values["En"], values["Zh"])
}

func checkPair(en, zh string) string {
	switch {
	case strings.TrimSpace(en) == "":
		return "has no English"
	case strings.TrimSpace(zh) == "":
		return fmt.Sprintf("%q has no Chinese", en)
	case strings.ContainsAny(en+zh, "\u2014\u2015"):
		return fmt.Sprintf("%q has an em dash: use a colon, a comma or two sentences", en)
	}
	enVerbs, err := verbs(en)
	if err != nil {
		return fmt.Sprintf("%q: %v", en, err)
	}
	zhVerbs, err := verbs(zh)
	if err != nil {
		return fmt.Sprintf("%q: %v", zh, err)
	}
	if !maps.Equal(enVerbs, zhVerbs) {
		return fmt.Sprintf("%q takes %v, but %q takes %v: the languages need the same verbs in the same order (%%[2]s reorders)", en, enVerbs, zh, zhVerbs)
	}
	if hasWord(withoutVerbs(en)) && !strings.ContainsFunc(zh, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		return fmt.Sprintf("%q is not translated: %q has no Chinese character", en, zh)
	}
	return ""
}

// evaluate returns the value of a string expression made of literals, + and constants of the package.
func evaluate(e ast.Expr, consts map[string]string) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.BinaryExpr:
		left, ok1 := evaluate(e.X, consts)
		right, ok2 := evaluate(e.Y, consts)
		return left + right, ok1 && ok2 && e.Op == token.ADD
	case *ast.ParenExpr:
		return evaluate(e.X, consts)
	case *ast.Ident:
		text, ok := consts[e.Name]
		return text, ok
	}
	return "", false
}

// stringConstants returns the package's own string constants.
func (tr *tree) stringConstants(room string) map[string]string {
	info := tr.check(room)
	consts := map[string]string{}
	for ident, object := range info.Defs {
		if object == nil || object.Parent() == nil || object.Parent() != object.Pkg().Scope() {
			continue
		}
		if c, ok := object.(interface{ Val() constant.Value }); ok && c.Val().Kind() == constant.String {
			consts[ident.Name] = constant.StringVal(c.Val())
		}
	}
	return consts
}

// verbs maps the number of each argument, from 1, to the verbs that print it, as fmt reads a format. A * counts as verb.
func verbs(format string) (map[int]string, error) {
	taken := map[int]string{}
	arg := 1
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		for i++; ; i++ {
			if i == len(format) {
				return nil, errors.New("ends within a verb")
			}
			c := format[i]
			if c == '[' {
				end := strings.IndexByte(format[i:], ']')
				n, err := strconv.Atoi(format[i+1 : i+max(end, 1)])
				if err != nil {
					return nil, fmt.Errorf("bad argument index after %q", format[:i])
				}
				arg, i = n, i+end
				continue
			}
			if strings.IndexByte("+-# 0123456789.", c) >= 0 {
				continue
			}
			if c != '%' {
				taken[arg] += string(c)
				arg++
			}
			if c != '*' {
				break
			}
		}
	}
	return taken, nil
}

// fieldNames are WeChat's own, the same in every language.
var fieldNames = []string{"appid", "openid", "unionid", "session_key", "access_token", "encryptedData", "iv", "rawData", "signature"}

// hasWord reports whether there is something to translate: two letters in a row, outside the back quotes in which pflag keeps a
// placeholder, that are not one of WeChat's field names alone. "[y/N]" is the same in both languages.
func hasWord(text string) bool {
	if before, rest, found := strings.Cut(text, "`"); found {
		_, after, _ := strings.Cut(rest, "`")
		text = before + after
	}
	if slices.Contains(fieldNames, strings.Trim(text, ": ")) {
		return false
	}
	letters := 0
	for _, r := range text {
		if letters++; !unicode.IsLetter(r) {
			letters = 0
		}
		if letters == 2 {
			return true
		}
	}
	return false
}

// withoutVerbs drops the verbs, whose letters are not text.
func withoutVerbs(format string) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			b.WriteByte(format[i])
			continue
		}
		rest := strings.TrimLeft(format[i+1:], "+-# 0123456789.*[]")
		i = len(format) - len(rest) // at the verb
	}
	return b.String()
}

func TestVerbs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		format string
		want   map[int]string // as fmt documents formats
	}{
		{"no verbs, 100%% sure", map[int]string{}},
		{"%s has %d", map[int]string{1: "s", 2: "d"}},
		{"%[2]d of %[1]s", map[int]string{1: "s", 2: "d"}},
		{"%-10.3f|%+v|%#x|% d", map[int]string{1: "f", 2: "v", 3: "x", 4: "d"}},
		{"%*d", map[int]string{1: "*", 2: "d"}},
		{"%[3]*.[2]*[1]f", map[int]string{3: "*", 2: "*", 1: "f"}},
		{"微信%s返回%d", map[int]string{1: "s", 2: "d"}},
	}
	for _, tt := range tests {
		got, err := verbs(tt.format)
		if err != nil || !maps.Equal(got, tt.want) {
			t.Errorf("verbs(%q) = %v, %v, want %v", tt.format, got, err, tt.want)
		}
	}
	for _, bad := range []string{"50%", "%[x]d", "%[1d"} {
		if got, err := verbs(bad); err == nil {
			t.Errorf("verbs(%q) = %v, want an error", bad, got)
		}
	}
}

func TestPlantedTexts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, code, want string
	}{
		{"good", `lang.T{En: "code %q is used", Zh: "代码 %q 已使用"}`, ""},
		{"joined, with a constant", `lang.T{En: "a " + word, Zh: "一个" + word}`, ""},
		{"reordered", `lang.T{En: "%s in %d", Zh: "%[2]d 中的 %[1]s"}`, ""},
		{"no letters", `lang.T{En: "%s: %d", Zh: "%s：%d"}`, ""},
		{"WeChat's word", "lang.T{En: `openid`, Zh: `openid`}", ""},
		{"WeChat's word and a placeholder", `lang.T{En: "iv: ` + "`VALUE`" + `", Zh: "iv：` + "`VALUE`" + `"}`, ""},
		{"WeChat's word in a sentence", `lang.T{En: "no openid", Zh: "no openid"}`, "not translated"},
		{"no word", `lang.T{En: "%s [y/N] ", Zh: "%s [y/N] "}`, ""},
		{"zero", `lang.T{}`, ""},
		{"computed", `lang.T{En: f(), Zh: f()}`, ""},

		{"no Chinese", `lang.T{En: "code"}`, "has no Chinese"},
		{"no English", `lang.T{Zh: "代码"}`, "has no English"},
		{"blank", `lang.T{En: "code", Zh: " "}`, "has no Chinese"},
		{"positional", `lang.T{"code", "代码"}`, "positional"},
		{"other verb", `lang.T{En: "%s", Zh: "%d"}`, "same verbs"},
		{"verb missing", `lang.T{En: "code %s", Zh: "代码"}`, "same verbs"},
		{"other order", `lang.T{En: "%s in %d", Zh: "%d 中的 %s"}`, "same verbs"},
		{"copied", `lang.T{En: "code", Zh: "code"}`, "not translated"},
		{"em dash", `lang.T{En: "code` + "\u2014" + `used", Zh: "代码"}`, "em dash"},
		{"half computed", `lang.T{En: f(), Zh: "代码"}`, "computed"},
		{"in a slice", `[]lang.T{{En: "code"}}`, "has no Chinese"},
		{"in a map, positional", `map[string]lang.T{"a": {"code", "代码"}}`, "positional"},
		{"in a field whose type is left out", `[]struct{ t lang.T }{{t: lang.T{En: "code", Zh: "code"}}}`, "not translated"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := textFindings(planted(t, map[string]string{
				"cmd/a.go": "package cmd\nimport \"" + langPackage + "\"\nvar x = " + tt.code + "\n",
				"cmd/b.go": "package cmd\nconst word = \"x\"\nfunc f() string { return \"\" }\n",
			}))
			switch {
			case tt.want == "" && len(got) > 0:
				t.Errorf("allowed, but reported: %s", got[0])
			case tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)):
				t.Errorf("got %q, want one finding with %q", got, tt.want)
			}
		})
	}
}

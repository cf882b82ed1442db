package archtest_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

// TestTLSIsVerified: nothing that ships switches the verification of certificates off, and no setting could.
func TestTLSIsVerified(t *testing.T) {
	t.Parallel()
	report(t, unverifiedFindings(source(t)))
}

// TestSecretsAreComparedInConstantTime: what leaves a redact.Secret is compared by subtle, not by ==, which is quicker the earlier two texts differ.
func TestSecretsAreComparedInConstantTime(t *testing.T) {
	t.Parallel()
	report(t, comparedFindings(source(t)))
}

func unverifiedFindings(tr *tree) []string {
	var findings []string
	for _, f := range tr.files {
		if f.test {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			if name, ok := n.(*ast.Ident); ok && name.Name == "InsecureSkipVerify" {
				findings = append(findings, fmt.Sprintf("%s: InsecureSkipVerify: certificates are always verified", tr.at(name)))
			}
			return true
		})
	}
	return findings
}

func comparedFindings(tr *tree) []string {
	var findings []string
	for _, f := range tr.files {
		if f.test || strings.HasSuffix(f.room, "storetest") { // which is a test
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			if e, ok := n.(*ast.BinaryExpr); ok && (e.Op == token.EQL || e.Op == token.NEQ) && (revealed(e.X) || revealed(e.Y)) {
				findings = append(findings, fmt.Sprintf("%s: a secret is compared with %s: use Secret.Equal", tr.at(e), e.Op))
			}
			return true
		})
	}
	return findings
}

// revealed reports whether an expression is what a secret holds.
func revealed(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	selected, ok := call.Fun.(*ast.SelectorExpr)
	return ok && selected.Sel.Name == "Reveal"
}

func TestPlantedSecrets(t *testing.T) {
	t.Parallel()
	runPlanted(t, []plantedCase{
		{"in a literal", "internal/a/a.go", "package a\nvar c = tls.Config{InsecureSkipVerify: true}\n", "InsecureSkipVerify", unverifiedFindings},
		{"afterwards", "internal/a/a.go", "package a\nfunc f() { c.InsecureSkipVerify = yes }\n", "InsecureSkipVerify", unverifiedFindings},
		{"in a test", "internal/a/a_test.go", "package a\nvar c = tls.Config{InsecureSkipVerify: true}\n", "", unverifiedFindings},
		{"equal", "internal/a/a.go", "package a\nfunc f() { return s.Reveal() == given }\n", "compared with ==", comparedFindings},
		{"unequal", "internal/a/a.go", "package a\nfunc f() { return given != o.s.Reveal() }\n", "compared with !=", comparedFindings},
		{"in constant time", "internal/a/a.go", "package a\nfunc f() { return s.Equal(given) && subtle.ConstantTimeCompare(a, []byte(s.Reveal())) == 1 }\n", "", comparedFindings},
	})
}

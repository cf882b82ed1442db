package cmd

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wxlogin/wxlogin/internal/intercept"
	"github.com/wxlogin/wxlogin/internal/lang"
)

// TestInterceptPage: the variables of docs/intercept.md are those that are set.
func TestInterceptPage(t *testing.T) {
	t.Parallel()
	for _, l := range []lang.Lang{lang.English, lang.Chinese} {
		compareSection(t, l, "variables", variableTable(l))
	}
}

func variableTable(l lang.Lang) string {
	var b strings.Builder
	b.WriteString(lang.T{En: "| variable | value | read by |\n", Zh: "| 变量 | 值 | 由谁读取 |\n"}.In(l) + "|---|---|---|\n")
	for _, v := range intercept.Variables() {
		names := "`" + strings.Join(v.Names, "`, `") + "`"
		fmt.Fprintf(&b, "| %s | %s | %s |\n", names, v.Value.In(l), v.Read.In(l))
	}
	return b.String()
}

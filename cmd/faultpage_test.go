package cmd

import (
	"fmt"
	"strings"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/world"
	"github.com/wxlogin/wxlogin/internal/wxhttp"
)

var (
	textFaultPage = lang.T{
		En: "# What can be made to go wrong\n\nThe magic codes, effects and scenarios of `wxlogin serve --mock`, as `wxlogin help mock` lists them. How faithful the rest is: [simulation.md](simulation.md); how to use them in a job: [ci.md](ci.md).",
		Zh: "# 可以人为制造的问题\n\n`wxlogin serve --mock` 支持的魔法 code、故障效果和场景，与 `wxlogin help mock` 所列相同。模拟的逼真程度见 [simulation.md](simulation.md)，在 CI 中的用法见 [ci.md](ci.md)。",
	}
	textFaultPageMagic     = lang.T{En: "## Magic codes", Zh: "## 魔法 code"}
	textFaultPageMagicHead = lang.T{En: "| form | example | what it does |", Zh: "| 写法 | 例子 | 作用 |"}
	textFaultPageMagicMore = lang.T{
		En: "They go wherever a code goes: `js_code` of jscode2session, and `code` in the body of getuserphonenumber. A part that starts like a verb and is none (`err-nope`, `slow-3`) is a mistake and answers 40029; the journal says which part.",
		Zh: "凡是能用 code 的地方都能用：jscode2session 的 `js_code`，以及 getuserphonenumber 请求体中的 `code`。以关键字开头却写错的部分（`err-nope`、`slow-3`）会返回 40029，日志会指出是哪一部分。",
	}
	textFaultPageEffects     = lang.T{En: "## Effects", Zh: "## 故障效果"}
	textFaultPageEffectsHead = lang.T{En: "| effect | example | what it does |", Zh: "| 效果 | 例子 | 作用 |"}
	textFaultPageEffectsMore = lang.T{
		En: "`--on` takes one of %s; without it a fault is for all of them. `delay`, `hang` and `trickle` wait in the machine's time, because the client's timeout does as well; `--for` is measured on the mock's clock.",
		Zh: "`--on` 可取 %s 之一；省略则对全部接口有效。`delay`、`hang`、`trickle` 按机器的真实时间等待，因为客户端的超时也是如此；`--for` 按模拟时钟计算。",
	}
	textFaultPageScenarios     = lang.T{En: "## Scenarios", Zh: "## 场景"}
	textFaultPageScenariosHead = lang.T{En: "| scenario | story | faults that make it |", Zh: "| 场景 | 经过 | 由哪些故障组成 |"}
	textFaultPageScenariosMore = lang.T{
		En: "`wxlogin mock scenario start NAME` adds these faults, and `wxlogin mock fault clear` ends them.",
		Zh: "`wxlogin mock scenario start NAME` 添加这些故障，`wxlogin mock fault clear` 将其清除。",
	}
)

// faultPage is docs/faults.md: what stands in the tables of package world.
func faultPage(l lang.Lang) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s\n\n", textGenerated.In(l), textFaultPage.In(l))
	heading := func(title, head lang.T, columns int) {
		fmt.Fprintf(&b, "%s\n\n%s\n|%s\n", title.In(l), head.In(l), strings.Repeat("---|", columns))
	}
	cell := strings.NewReplacer("|", `\|`, "\n", " ").Replace
	heading(textFaultPageMagic, textFaultPageMagicHead, 3)
	for _, form := range world.MagicForms() {
		fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", cell(form.Form), cell(form.Example), cell(form.Help.In(l)))
	}
	fmt.Fprintf(&b, "\n%s\n\n%s\n\n", textMagic.In(l), textFaultPageMagicMore.In(l))
	heading(textFaultPageEffects, textFaultPageEffectsHead, 3)
	for _, form := range world.Effects() {
		fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", cell(form.Form()), cell(form.Example), cell(form.Help.In(l)))
	}
	apis := make([]string, 0, len(wxhttp.APIs()))
	for _, name := range wxhttp.APIs() {
		apis = append(apis, "`"+name+"`")
	}
	separator := lang.T{En: ", ", Zh: "、"}.In(l)
	fmt.Fprintf(&b, "\n"+textFaultPageEffectsMore.In(l)+"\n\n", strings.Join(apis, separator))
	heading(textFaultPageScenarios, textFaultPageScenariosHead, 3)
	for _, s := range world.Scenarios() {
		faults := make([]string, 0, len(s.Faults))
		for _, f := range s.Faults {
			faults = append(faults, "`"+f.String()+"`")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", s.Name, cell(s.Text.In(l)), cell(strings.Join(faults, separator)))
	}
	fmt.Fprintf(&b, "\n%s\n", textFaultPageScenariosMore.In(l))
	return b.String()
}

package diagnose_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wxlogin/wxlogin/internal/diagnose"
	"github.com/wxlogin/wxlogin/internal/lang"
)

var update = flag.Bool("update", false, "write docs/diagnoses-matrix.md instead of comparing it")

// The size of the matrix: inputs for each damage, a sixth of them of each kind of payload, and for each two damages in either order.
const (
	matrixInputs = 600
	matrixPairs  = 13
)

var (
	matrixIntro = lang.T{
		En: "<!-- Generated: go test ./internal/diagnose -run TestMatrix -update. Do not edit. -->\n\n# How often a diagnosis is right\n\nGood payloads (user info old and anonymous, phone number, WeRun, group, share) are damaged at random in each way of [the catalogue](diagnoses.md), with a\nfixed seed, and what `wxlogin decrypt` finds is compared with what was done. *First* is the right cause in the first place, *listed* anywhere; *nothing* is\nan honest \"none of the tests explains it\"; *wrong* is a cause that was not the one, beside or in place of the right one.\n\nOf 100 000 good payloads none got a finding, and of 100 000 under a wrong key every one got D30 and nothing else (`WXLOGIN_HONESTY=100000 go test -run\n'TestNoWrongVerdict|TestNoise' ./internal/diagnose`).\n",
		Zh: "<!-- Generated: go test ./internal/diagnose -run TestMatrix -update. Do not edit. -->\n\n# 诊断的准确率\n\n用固定的随机种子，把完好的数据（新旧两种用户信息、手机号、微信运动、群、转发）按[目录](diagnoses.md)中的每一种方式随机损坏，再比较 `wxlogin decrypt` 的结论与\n实际的损坏。“首位”是正确原因排在第一，“列出”是列在其中，“无结论”是如实说明没有测试能解释，“误报”是给出了不相干的原因（无论正确的是否也在）。\n\n100 000 份完好的数据没有一份被误报；100 000 份密钥错误的数据都只得到 D30（`WXLOGIN_HONESTY=100000 go test -run\n'TestNoWrongVerdict|TestNoise' ./internal/diagnose`）。\n",
	}
	matrixHead = lang.T{
		En: "\n| damage | inputs | first | listed | nothing | wrong | wrong ones |\n|---|---:|---:|---:|---:|---:|---|\n",
		Zh: "\n| 损坏 | 输入 | 首位 | 列出 | 无结论 | 误报 | 误报为 |\n|---|---:|---:|---:|---:|---:|---|\n",
	}
	pairsHead = lang.T{
		En: "\n## Two damages at once\n\nOne after the other, in either order. Some hide each other: of a truncated text under a wrong key nothing can be proven. *One of them first* and *both listed*\nare out of all; what is repaired decrypts to the payload.\n\n| chapters | pairs | one of them first | both listed | repaired | nothing | a third given |\n|---|---:|---:|---:|---:|---:|---:|\n",
		Zh: "\n## 同时有两种损坏\n\n先后施加，顺序随机。有些会互相掩盖：密钥错误又被截断的数据，什么都无法证明。“其一在首位”与“都列出”以全部为基数；“已还原”是解密得到了原来的数据。\n\n| 章节 | 组合 | 其一在首位 | 都列出 | 已还原 | 无结论 | 给出第三种 |\n|---|---:|---:|---:|---:|---:|---:|\n",
	}
	mixNames = map[string]lang.T{
		"transport":       {En: "two damages on the way", Zh: "两种传输损坏"},
		"transport-field": {En: "on the way, and a wrong value", Zh: "传输损坏与填错值"},
		"transport-proof": {En: "on the way, and what blocks prove", Zh: "传输损坏与分组可证明的问题"},
		"proof":           {En: "two of what blocks prove", Zh: "两种分组可证明的问题"},
	}
)

// TestMatrix compares docs/diagnoses-matrix.md with a count of now. It takes a minute, so an ordinary run leaves it out: the samples of
// TestSingleDamages are the first of these.
func TestMatrix(t *testing.T) {
	if os.Getenv("WXLOGIN_HONESTY") == "" && !*update {
		t.Skip("WXLOGIN_HONESTY is not set: the matrix takes a minute")
	}
	singles := map[string]tally{}
	for _, d := range allDamages() {
		singles[d.id] = runDamage(t, d, matrixInputs)
	}
	pairs := map[string]tally{}
	for _, m := range mixes() {
		pairs[m.name] = runPairs(t, m, matrixPairs, func(damage, damage) bool { return true })
	}
	for name, l := range map[string]lang.Lang{"docs/diagnoses-matrix.md": lang.English, "docs/zh-CN/diagnoses-matrix.md": lang.Chinese} {
		path, want := filepath.Join("..", "..", filepath.FromSlash(name)), matrixPage(singles, pairs, l)
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s is not what is counted now (%v); run go test ./internal/diagnose -run TestMatrix -update", name, err)
		}
	}
}

func matrixPage(singles, pairs map[string]tally, l lang.Lang) string {
	var b strings.Builder
	b.WriteString(matrixIntro.In(l) + matrixHead.In(l))
	for _, e := range diagnose.Catalogue() {
		n, done := singles[e.ID]
		if !done {
			continue // a note, which is no damage
		}
		var wrong []string
		for _, id := range slices.Sorted(maps.Keys(n.instead)) {
			wrong = append(wrong, fmt.Sprintf("%s %d", id, n.instead[id]))
		}
		fmt.Fprintf(&b, "| %s %s | %d | %s | %s | %s | %s | %s |\n", e.ID, e.Name, n.runs, share(n.first, n.runs), share(n.listed, n.runs),
			share(n.nothing, n.runs), share(n.wrong, n.runs), strings.Join(wrong, ", "))
	}
	b.WriteString(pairsHead.In(l))
	for _, m := range mixes() {
		n := pairs[m.name]
		fmt.Fprintf(&b, "| %s | %d | %s | %s | %s | %s | %s |\n", mixNames[m.name].In(l), n.runs, share(n.first, n.runs), share(n.listed, n.runs),
			share(n.repaired, n.runs), share(n.nothing, n.runs), share(n.wrong, n.runs))
	}
	return b.String()
}

func share(n, of int) string {
	if of == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(of))
}

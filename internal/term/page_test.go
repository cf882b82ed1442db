package term

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/wxlogin/wxlogin/internal/lang"
)

// samplePage uses everything that a page can hold.
func samplePage(p *Page) {
	now := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	p.Verdict(OK, lang.T{En: "the token is valid", Zh: "令牌有效"})
	p.Verdict(Warn, lang.T{En: "its key was rotated", Zh: "密钥已轮换"})
	p.Verdict(Fail, lang.T{En: "the code %s was used", Zh: "code %s 已被使用"}, "0a1b")
	p.Heading(lang.T{En: "Claims", Zh: "声明"})
	p.Fields([]Field{
		{Label: lang.T{En: "openid", Zh: "openid"}, Value: "o6zAJs-1"},
		{Label: lang.T{En: "unionid", Zh: "unionid"}},
		{Label: lang.T{En: "nickname", Zh: "昵称"}, Value: "微信\x1b[2J用户"},
		{Label: lang.T{En: "state", Zh: "会话状态"}, Value: "rotated", Level: Warn},
	})
	if !p.tty { // local time at a terminal
		p.Text(p.Time(now.Add(5*time.Minute), now))
	}
	p.Heading(lang.T{En: "Keys", Zh: "密钥"})
	p.Table([]lang.T{{En: "KEY", Zh: "编号"}, {En: "STATE", Zh: "状态"}, {En: "CREATED", Zh: "创建时间"}}, [][]Cell{
		{{Text: "k-2026"}, {Text: "active", Level: OK}, {Text: "2026-11-02"}},
		{{Text: "微信-旧"}, {Text: "retired", Level: Faint}, {Text: "2026\t10"}},
	})
	p.Blank()
	p.Note(lang.T{En: "next:", Zh: "下一步："})
	p.Command("wxlogin exchange CODE")
}

func TestPage(t *testing.T) {
	t.Parallel()
	for _, l := range []lang.Lang{lang.English, lang.Chinese} {
		for _, tty := range []bool{false, true} {
			for _, color := range []string{colorNever, colorAlways} {
				name := fmt.Sprintf("TestPage-%v-tty=%v-%s", l, tty, color)
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					s, _, out, _ := Test()
					s.Lang, s.OutTTY = l, tty
					if err := s.SetColor(color); err != nil {
						t.Fatal(err)
					}
					if err := (Output{}).Print(s, nil, samplePage); err != nil {
						t.Fatal(err)
					}
					golden(t, name, out.Bytes())
				})
			}
		}
	}
}

// TestLongCell: the last cell of a row goes on below itself, where the columns before it leave room for that, and else below the row.
func TestLongCell(t *testing.T) {
	t.Parallel()
	for width, want := range map[int]string{
		40: "no  call      reason\n1   GET /sns  code used 3.2 s ago by\n              127.0.0.1:51234\n2   GET /wxa  短\n",
		30: "no  call      reason\n1   GET /sns\n    code used 3.2 s ago by\n    127.0.0.1:51234\n2   GET /wxa  短\n",
		20: "no  call      reason\n1   GET /sns  code used 3.2 s ago by 127.0.0.1:51234\n2   GET /wxa  短\n", // too narrow: the terminal breaks it
	} {
		s, _, out, _ := Test()
		s.OutTTY, s.Width = true, width
		if err := s.SetColor(colorNever); err != nil {
			t.Fatal(err)
		}
		err := s.Print(func(p *Page) {
			p.Table([]lang.T{{En: "no", Zh: "编号"}, {En: "call", Zh: "调用"}, {En: "reason", Zh: "原因"}}, [][]Cell{
				Cells("1", "GET /sns", "code used 3.2 s ago by 127.0.0.1:51234"), Cells("2", "GET /wxa", "短"),
			})
		})
		if err != nil || out.String() != want {
			t.Errorf("%d columns, %v:\n%s", width, err, out)
		}
	}
}

// TestNarrow: headings and legends are broken between words, and only where the terminal ends.
func TestNarrow(t *testing.T) {
	t.Parallel()
	for width, want := range map[int]string{
		29: "Blocks: 10 of 16 bytes, 10\nread as text\n    # text  = padding\n    . noise\n",
		80: "Blocks: 10 of 16 bytes, 10 read as text\n    # text  = padding  . noise\n",
	} {
		s, _, out, _ := Test()
		s.OutTTY, s.Width = true, width
		if err := s.SetColor(colorNever); err != nil {
			t.Fatal(err)
		}
		err := s.Print(func(p *Page) {
			p.Heading(lang.T{En: "Blocks: %d of 16 bytes, %d read as text", Zh: "分组 %d，%d"}, 10, 10)
			p.Legend(4, lang.T{En: "# text", Zh: "文"}, lang.T{En: "= padding", Zh: "充"}, lang.T{En: ". noise", Zh: "乱"})
		})
		if err != nil || out.String() != want {
			t.Errorf("%d columns, %v:\n%s", width, err, out)
		}
	}
}

// TestColumnsLineUp measures with East Asian widths: a Han character takes two columns (UAX 11).
func TestColumnsLineUp(t *testing.T) {
	t.Parallel()
	s, _, out, _ := Test()
	s.Lang = lang.Chinese
	err := s.Print(func(p *Page) {
		p.Fields([]Field{
			{Label: lang.T{En: "a", Zh: "会话"}, Value: "|"},
			{Label: lang.T{En: "b", Zh: "openid"}, Value: "|"},
			{Label: lang.T{En: "c", Zh: "微"}, Value: "|"},
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		before, _, _ := strings.Cut(line, "|")
		if got := lipgloss.Width(before); got != len("openid")+2 {
			t.Errorf("the value of %q stands in column %d", line, got)
		}
	}
}

func TestEmptyPageWritesNothing(t *testing.T) {
	t.Parallel()
	s, _, out, errOut := Test()
	if err := s.Print(func(p *Page) { p.Blank() }); err != nil || out.Len() != 0 {
		t.Errorf("wrote %q, %v", out, err)
	}
	if err := s.PrintErr(func(p *Page) { p.Message(lang.T{En: "x", Zh: "中"}.With()) }); err != nil || errOut.String() != "x\n" {
		t.Errorf("wrote %q, %v", errOut, err)
	}
}

// TestProseIsBroken counts columns: no line of prose or of a list is wider than the terminal.
func TestProseIsBroken(t *testing.T) {
	t.Parallel()
	for _, width := range []int{40, 80, 200} {
		s, _, out, _ := Test()
		s.Width = width
		err := s.Print(func(p *Page) {
			p.Paragraphs("A code lives five minutes and works once, so it is best exchanged at once by a script.\n" + strings.Repeat("登录凭证有效期五分钟，", 12))
			p.Blank()
			p.Rows([]Row{{"--api-base URL", strings.Repeat("address of the API ", 9)}, {"-q", "开\x1b[2J关"}})
			if p.Width() != width || p.Lang() != lang.English {
				t.Errorf("Width() = %d, Lang() = %v", p.Width(), p.Lang())
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if got := lipgloss.Width(strings.TrimSuffix(line, "\n")); got > min(width, readable) {
				t.Errorf("width %d: %d columns in %q", width, got, line)
			}
		}
		if !strings.Contains(out.String(), "\n  -q              开[2J关\n") || strings.Contains(out.String(), "\x1b") {
			t.Errorf("width %d:\n%s", width, out)
		}
	}
}

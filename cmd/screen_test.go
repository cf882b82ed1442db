package cmd

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// screenWidth is the width of the terminal that documentation shows: what GitHub has room for, in pictures as in blocks of code.
const screenWidth = 96

// varying is what differs between two runs of the same commands.
var varying = regexp.MustCompile(strings.Join([]string{
	`\b0[0-9a-f][1-3][0-9A-Za-z]{29}\b`,       // a code
	`\bo[0-9A-Za-z_-]{27}`,                    // openid, unionid
	`\b[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}\b`, // rid
	`\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\dZ?`,   // a moment
	`\b\d\d:\d\d:\d\d\.\d\d\d\b`,              // a time of day
	`\b127\.0\.0\.1:\d+\b`,                    // an address
	`\b1\d{10}\b`,                             // a phone number
	`\b(mock-)?[0-9A-Z]{26}\b`,                // of a token
	`[0-9A-Za-z+/]{22}==`,                     // an iv
	`\S{3}\*\*\*`,                             // the beginning of a key
}, "|"))

// distance is how long ago something was, in both languages and without blanks.
var distance = regexp.MustCompile(`\(?(in)?(\d+(\.\d+)?(d|h|min|s|天|小时|分钟|秒))+(ago|前|后)?\)?|justnow|刚刚|\((now|现在)\)`)

// otherPort is what a mock adds to commands when the usual port was not to be had.
var otherPort = regexp.MustCompile(`\s+--url\s+http://127\.0\.0\.1:\d+`)

// lasting is a screen without what varies. Blanks and line ends are not in it: what varies decides where a line ends.
func lasting(text string) string {
	text = otherPort.ReplaceAllString(text, "")
	text = strings.Join(strings.Fields(varying.ReplaceAllString(text, "*")), "")
	return distance.ReplaceAllString(text, "*")
}

// A scheme is the colours of a picture. They are those that GitHub has for text on its pages, so that all of them are readable there.
type scheme struct {
	name                     string
	page, bar, edge, text    string
	red, green, yellow, cyan string
	faint                    string
}

func schemes() []scheme {
	return []scheme{
		{"light", "#ffffff", "#f6f8fa", "#d1d9e0", "#1f2328", "#cf222e", "#1a7f37", "#9a6700", "#0969da", "#59636e"},
		{"dark", "#0d1117", "#151b23", "#3d444d", "#f0f6fc", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#9198a1"},
	}
}

// The measures of a picture, in pixels.
const (
	cellWidth  = 8.4
	lineHeight = 20
	fontSize   = 14
	wideSize   = 16 // of characters that take two columns: at the other size there would be gaps between them
	padding    = 12
	barHeight  = 32
)

// A look is how text is drawn, by what SGR sequences have said.
type look struct {
	colour      string // name of a class; "" for that of the page
	bold, faint bool
}

// change applies the parameters of one SGR sequence.
func (l look) change(parameters string) (look, error) {
	for p := range strings.SplitSeq(parameters, ";") {
		switch p {
		case "", "0":
			l = look{}
		case "1":
			l.bold = true
		case "2":
			l.faint = true
		case "22":
			l.bold, l.faint = false, false
		case "39":
			l.colour = ""
		case "31":
			l.colour = "red"
		case "32":
			l.colour = "green"
		case "33":
			l.colour = "yellow"
		case "36":
			l.colour = "cyan"
		default:
			return l, fmt.Errorf("a picture has no look for SGR %s", p)
		}
	}
	return l, nil
}

// class names the look in the style sheet of a picture.
func (l look) class() string {
	var names []string
	if l.colour != "" {
		names = append(names, l.colour)
	}
	if l.bold {
		names = append(names, "bold")
	}
	if l.faint {
		names = append(names, "faint")
	}
	return strings.Join(names, " ")
}

// A stretch is text of one look, all of narrow or all of wide characters, that begins in a column.
type stretch struct {
	text          string
	look          look
	column, width int
}

// stretches takes a line of a terminal apart. Each stretch is put in its own column, whatever the widths of a
// font.
func stretches(line string) (runs []stretch, err error) {
	var now look
	column := 0
	add := func(text string, cells int) {
		if last := len(runs) - 1; last >= 0 && runs[last].continues(text, now, cells) {
			runs[last].text, runs[last].width = runs[last].text+text, runs[last].width+cells
		} else {
			runs = append(runs, stretch{text, now, column, cells})
		}
		column += cells
	}
	for line != "" {
		if rest, found := strings.CutPrefix(line, "\x1b["); found {
			parameters, after, found := strings.Cut(rest, "m")
			if !found || strings.Trim(parameters, "0123456789;") != "" {
				return nil, fmt.Errorf("a picture cannot show the sequence at %q", line)
			}
			if now, err = now.change(parameters); err != nil {
				return nil, err
			}
			line = after
			continue
		}
		character := []rune(line)[0]
		add(string(character), cells(character))
		line = line[len(string(character)):]
	}
	return runs, nil
}

// picture draws what a terminal showed. It has nothing in it but text and shapes, and needs nothing from elsewhere.
func picture(shown, title string, s scheme) (string, error) {
	lines := strings.Split(strings.TrimSuffix(shown, "\n"), "\n")
	width, height := float64(screenWidth)*cellWidth+2*padding, len(lines)*lineHeight+barHeight+2*padding-6
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.1f %d" width="%.0f" height="%d" role="img" aria-label="%s">`+"\n", width, height, width, height, escaped(title))
	fmt.Fprintf(&b, "<title>%s</title>\n<style>\n", escaped(title))
	b.WriteString("text{font:" + fmt.Sprint(fontSize) + "px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono','Noto Sans Mono CJK SC','PingFang SC','Microsoft YaHei',monospace;white-space:pre;fill:" + s.text + "}\n")
	fmt.Fprintf(&b, ".red{fill:%s}.green{fill:%s}.yellow{fill:%s}.cyan{fill:%s}.faint{fill:%s}.bold{font-weight:bold}.wide{font-size:%dpx}\n</style>\n", s.red, s.green, s.yellow, s.cyan, s.faint, wideSize)
	fmt.Fprintf(&b, `<rect x=".5" y=".5" width="%.1f" height="%d" rx="8" fill="%s" stroke="%s"/>`+"\n", width-1, height-1, s.page, s.edge)
	fmt.Fprintf(&b, `<path d="M1 %d V8.5 A7.5 7.5 0 0 1 8.5 1 H%.1f A7.5 7.5 0 0 1 %.1f 8.5 V%d Z" fill="%s"/>`+"\n", barHeight, width-8.5, width-1, barHeight, s.bar)
	for i := range 3 {
		fmt.Fprintf(&b, `<circle cx="%d" cy="%d" r="5" fill="%s"/>`+"\n", padding+8+i*18, barHeight/2, s.edge)
	}
	for i, line := range lines {
		runs, err := stretches(line)
		if err != nil {
			return "", err
		}
		y := barHeight + padding + i*lineHeight + 10
		for _, r := range runs {
			r = r.trimmed()
			if r.column+r.width > screenWidth {
				return "", fmt.Errorf("line %d is wider than %d columns", i+1, screenWidth)
			}
			if r.width > 0 {
				fmt.Fprintf(&b, `<text x="%.1f" y="%d" textLength="%.1f"%s>%s</text>`+"\n", padding+float64(r.column)*cellWidth, y, float64(r.width)*cellWidth, r.attribute(), escaped(r.text))
			}
		}
	}
	b.WriteString("</svg>\n")
	return b.String(), nil
}

// cells is how many columns a character takes: two if it is a Chinese one, or of the punctuation between them.
func cells(r rune) int {
	if unicode.Is(unicode.Han, r) || r >= 0x3000 && r <= 0x303f || r >= 0xff01 && r <= 0xff60 {
		return 2
	}
	return 1
}

// continues reports whether a character belongs to the stretch before it. One behind several blanks does not: a page may take them for one.
func (r stretch) continues(text string, now look, cells int) bool {
	return r.look == now && r.wide() == (cells == 2) && (text == " " || !strings.HasSuffix(r.text, "  "))
}

func (r stretch) wide() bool { return r.width > len([]rune(r.text)) }

// stripped is what a terminal showed, without its colours.
func stripped(shown string) string {
	return regexp.MustCompile(`\x1b\[[0-9;]*m`).ReplaceAllString(shown, "")
}

// trimmed is a stretch without the blanks around it.
func (r stretch) trimmed() stretch {
	left := strings.TrimLeft(r.text, " ")
	r.column, r.width = r.column+len(r.text)-len(left), r.width-(len(r.text)-len(left))
	r.text = strings.TrimRight(left, " ")
	r.width -= len(left) - len(r.text)
	return r
}

func (r stretch) attribute() string {
	class := r.look.class()
	if r.wide() {
		class = strings.TrimSpace(class + " wide")
	}
	if class == "" {
		return ""
	}
	return ` class="` + class + `"`
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // no writer fails
	return b.String()
}

// pictures draws the recordings in both schemes.
func pictures(t *testing.T, files map[string]string) {
	t.Helper()
	titles := map[string]string{
		"en": "wxlogin at a terminal: why data does not decrypt, and a test suite inside the simulation",
		"zh": "终端中的 wxlogin：数据为什么解不开，以及在模拟的微信里运行测试",
	}
	for language, title := range titles {
		recorded, err := os.ReadFile(filepath.Join("testdata", "screen", language+".screen"))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range schemes() {
			drawn, err := picture(typedBold(string(recorded)), title, s)
			if err != nil {
				t.Fatalf("%s: %v", language, err)
			}
			files["docs/images/terminal-"+language+"-"+s.name+".svg"] = drawn
		}
	}
}

// typedBold sets off what was typed from what was answered.
func typedBold(recorded string) string {
	recorded = strings.ReplaceAll(recorded, "\n$ ", "\n\n$ ")
	return regexp.MustCompile(`(?m)^\$ (.*)$`).ReplaceAllString(recorded, "\x1b[32m$$\x1b[m \x1b[1m$1\x1b[m")
}

// TestPictures reads the pictures as a page does: they are XML that shows every character of the recording, in its column, and nothing of
// what GitHub, or anybody careful, does not show.
func TestPictures(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	pictures(t, files)
	for name, drawn := range files {
		language := strings.Split(name, "-")[1]
		recorded, err := os.ReadFile(filepath.Join("testdata", "screen", language+".screen"))
		if err != nil {
			t.Fatal(err)
		}
		var shown strings.Builder
		decoder := xml.NewDecoder(strings.NewReader(drawn))
		inText := false
		for {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			switch token := token.(type) {
			case xml.StartElement:
				inText = token.Name.Local == "text"
				if !strings.Contains(" svg title style rect path circle text ", " "+token.Name.Local+" ") {
					t.Errorf("%s: element %s", name, token.Name.Local)
				}
				for _, a := range token.Attr {
					if strings.HasPrefix(a.Name.Local, "on") || strings.Contains(a.Name.Local, "href") || strings.Contains(a.Value, "url(") {
						t.Errorf("%s: attribute %s", name, a.Name.Local)
					}
				}
			case xml.CharData:
				if inText {
					shown.Write(token)
				}
			case xml.EndElement:
				inText = false
			}
		}
		blank := strings.NewReplacer(" ", "", "\n", "")
		if got, want := blank.Replace(shown.String()), blank.Replace(stripped(string(recorded))); got != want {
			t.Errorf("%s shows\n%s\nwant\n%s", name, got, want)
		}
		if strings.Contains(drawn, "@import") || strings.Contains(drawn, "@font-face") {
			t.Errorf("%s has a font of somebody else's", name)
		}
	}
}

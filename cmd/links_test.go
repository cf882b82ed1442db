package cmd

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// TestLinks follows every relative link of the documentation, to the heading if it names one.
func TestLinks(t *testing.T) {
	t.Parallel()
	root := os.DirFS("..")
	pages, err := fs.Glob(root, "*.md")
	if err != nil {
		t.Fatal(err)
	}
	err = fs.WalkDir(root, "docs", func(page string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(page, ".md") {
			pages = append(pages, page)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, page := range pages {
		text, err := fs.ReadFile(root, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range linksOf(page, string(text)) {
			count++
			target, heading, named := strings.Cut(target, "#")
			if _, err := fs.Stat(root, target); err != nil {
				t.Errorf("%s links to %s, which is not there", page, target)
			} else if there, err := fs.ReadFile(root, target); named && (err != nil || !slices.Contains(headings(string(there)), heading)) {
				t.Errorf("%s links to %s#%s, and there is no such heading", page, target, heading)
			}
		}
	}
	if count < 50 {
		t.Errorf("only %d links found in %d pages: the search is broken", count, len(pages))
	}
}

// headings returns the names by which GitHub links to the headings of a page.
func headings(page string) (names []string) {
	fenced := false
	for line := range strings.Lines(page) {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
		}
		text := strings.TrimLeft(line, "#")
		if fenced || text == line || !strings.HasPrefix(text, " ") {
			continue
		}
		names = append(names, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, strings.TrimSpace(text)))
	}
	return names
}

// linksOf returns the files of the checkout that a page links to or shows, as paths from its top, with #heading where the link has one.
func linksOf(page, text string) (targets []string) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"\s]+)"`)
	for _, found := range link.FindAllStringSubmatch(text, -1) {
		target, heading, named := strings.Cut(found[1]+found[2], "#")
		if strings.Contains(target, "://") {
			continue
		}
		if target = path.Join(path.Dir(page), target); found[1]+found[2] == "#"+heading {
			target = page
		}
		if named {
			target += "#" + heading
		}
		targets = append(targets, target)
	}
	return targets
}

// TestMap holds that the map of the documentation leads to every page of its language, and to those that are in English alone; that each guide
// is there in both languages or is one of those; and that the README leads to the map.
func TestMap(t *testing.T) {
	t.Parallel()
	root := os.DirFS("..")
	english := map[string]bool{"docs/architecture.md": true, "docs/errcodes.md": true, "docs/performance.md": true} // errcodes.md is in both
	for readme, dir := range map[string]string{"README.md": "docs", "README.zh-CN.md": "docs/zh-CN"} {
		text, err := fs.ReadFile(root, dir+"/README.md")
		if err != nil {
			t.Fatal(err)
		}
		shown := linksOf(dir+"/README.md", string(text))
		pages, err := fs.Glob(root, "docs/*.md")
		if err != nil || len(pages) < 10 {
			t.Fatalf("pages %q, %v", pages, err)
		}
		for _, page := range pages {
			if !english[page] {
				page = path.Join(dir, path.Base(page))
			}
			if page != dir+"/README.md" && !slices.Contains(shown, page) {
				t.Errorf("%s/README.md has no link to %s", dir, page)
			}
		}
		if text, err = fs.ReadFile(root, readme); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(linksOf(readme, string(text)), dir+"/README.md") {
			t.Errorf("%s has no link to the map", readme)
		}
	}
	translated, err := fs.Glob(root, "docs/zh-CN/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range translated {
		if _, err := fs.Stat(root, "docs/"+path.Base(page)); err != nil {
			t.Errorf("%s has no English page", page)
		}
	}
}

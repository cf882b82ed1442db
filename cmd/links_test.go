package cmd

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestLinks follows every relative link of the documentation.
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
			if _, err := fs.Stat(root, target); err != nil {
				t.Errorf("%s links to %s, which is not there", page, target)
			}
		}
	}
	if count < 50 {
		t.Errorf("only %d links found in %d pages: the search is broken", count, len(pages))
	}
}

// linksOf returns the files of the checkout that a page links to or shows, as paths from its top.
func linksOf(page, text string) (targets []string) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"\s]+)"`)
	for _, found := range link.FindAllStringSubmatch(text, -1) {
		target, _, _ := strings.Cut(found[1]+found[2], "#")
		if target != "" && !strings.Contains(target, "://") {
			targets = append(targets, path.Join(path.Dir(page), target))
		}
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

package cmd

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wxlogin/wxlogin/internal/wxhttp"
)

// A fenced block is one of a page of documentation. A comment <!-- recipe: NAME --> in the line before it makes it a recipe.
type fenced struct {
	recipe   string
	file     string // below docs, whose content the block has: <!-- file: PATH -->
	language string
	line     int // of the fence
	text     string
}

// fencedBlocks reads the fenced blocks of a page, those in lists as well.
func fencedBlocks(page string) (blocks []fenced) {
	recipe, file, inside := "", "", false
	line := 0
	for text := range strings.Lines(page) {
		line++
		trimmed := strings.TrimSpace(text)
		language, fence := strings.CutPrefix(trimmed, "```")
		switch {
		case fence && inside:
			inside = false
		case fence:
			blocks = append(blocks, fenced{recipe: recipe, file: file, language: language, line: line})
			inside, recipe, file = true, "", ""
		case inside:
			blocks[len(blocks)-1].text += text
		default:
			name, marked := strings.CutPrefix(trimmed, "<!-- recipe: ")
			if recipe = ""; marked {
				recipe = strings.TrimSuffix(name, " -->")
			}
			name, marked = strings.CutPrefix(trimmed, "<!-- file: ")
			if file = ""; marked {
				file = strings.TrimSuffix(name, " -->")
			}
		}
	}
	return blocks
}

// guides are the pages whose commands a reader is to type.
func guides() []string {
	var pages []string
	for _, name := range []string{"ci.md", "deploy.md", "devtools.md", "install.md", "intercept.md", "simulation.md", "tokens.md", "miniprogram.md"} {
		pages = append(pages, name, "zh-CN/"+name)
	}
	return pages
}

func readGuide(page string) (string, error) {
	data, err := os.ReadFile(filepath.Join("..", "docs", filepath.FromSlash(page)))
	return string(data), err
}

// recipeOf finds a recipe of a page.
func recipeOf(page, name string) (string, error) {
	text, err := readGuide(page)
	if err != nil {
		return "", err
	}
	for _, block := range fencedBlocks(text) {
		if block.recipe == name {
			return block.text, nil
		}
	}
	return "", fmt.Errorf("docs/%s has no recipe %q", page, name)
}

// writeRecipes writes recipes of a page under docs, one after the other, to a file: recipes PAGE FILE NAME...
func writeRecipes(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: recipes PAGE FILE NAME...")
	}
	var script strings.Builder
	for _, name := range args[2:] {
		text, err := recipeOf(args[0], name)
		ts.Check(err)
		script.WriteString(text)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(script.String()), 0o600))
}

// TestGuideCommands parses the lines of shell and YAML in the guides that run wxlogin, unless they are of a recipe in shell, which runs:
// the commands exist, and so do their flags.
func TestGuideCommands(t *testing.T) {
	t.Parallel()
	count := 0
	for _, page := range guides() {
		text, err := readGuide(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range fencedBlocks(text) {
			for _, line := range block.commands() {
				count++
				if err := parses(line); err != nil {
					t.Errorf("docs/%s, block in line %d: %q: %v", page, block.line, line, err)
				}
			}
		}
	}
	if count < 20 {
		t.Errorf("only %d commands found: the search is broken", count)
	}
}

// commands are the arguments of what a block runs of this tool.
func (b fenced) commands() (found [][]string) {
	if b.language != "sh" && b.language != "yaml" || b.language == "sh" && b.recipe != "" {
		return nil
	}
	for line := range strings.Lines(b.text) {
		line = strings.TrimSpace(line)
		for _, before := range []string{"- ", "run: "} { // of YAML
			line = strings.TrimPrefix(line, before)
		}
		line, _, _ = strings.Cut(line, " >") // what follows has nothing of this tool
		for _, words := range shellCommands(line) {
			if rest, ours := afterProgram(words); ours {
				found = append(found, rest)
			}
		}
	}
	return found
}

// TestGuideRecipes holds that both languages of a page have the same recipes.
func TestGuideRecipes(t *testing.T) {
	t.Parallel()
	names := map[string][]string{}
	for _, page := range guides() {
		text, err := readGuide(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range fencedBlocks(text) {
			if block.recipe != "" {
				names[page] = append(names[page], block.language+" "+block.recipe)
			}
		}
	}
	for page := range maps.Keys(names) {
		if diff := cmp.Diff(names[strings.TrimPrefix(page, "zh-CN/")], names[page]); diff != "" {
			t.Errorf("recipes of docs/%s (-English +this):\n%s", page, diff)
		}
	}
}

// TestGuideFiles holds that a block which shows a file shows what is in it: the file is what the tests run.
func TestGuideFiles(t *testing.T) {
	t.Parallel()
	count := 0
	for _, page := range guides() {
		text, err := readGuide(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range fencedBlocks(text) {
			if block.file == "" {
				continue
			}
			count++
			want, err := readGuide(block.file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, block.text); diff != "" {
				t.Errorf("docs/%s, block in line %d (-%s +this):\n%s", page, block.line, block.file, diff)
			}
		}
	}
	if count < 8 {
		t.Errorf("only %d files found: the search is broken", count)
	}
}

// TestGuideYAML reads the YAML of the guides, and checks its form as far as a CI service would.
func TestGuideYAML(t *testing.T) {
	t.Parallel()
	count := 0
	for _, page := range guides() {
		text, err := readGuide(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range fencedBlocks(text) {
			if block.language != "yaml" {
				continue
			}
			count++
			if err := checkPipeline(block); err != nil {
				t.Errorf("docs/%s, block in line %d: %v", page, block.line, err)
			}
		}
	}
	if count < 4 {
		t.Errorf("only %d blocks of YAML found: the search is broken", count)
	}
}

// checkPipeline checks that a block is a workflow of GitHub Actions, as far as the tests need it to run it (actionlint checks the rest, in
// .ci/run), or a file of GitLab CI, by its recipe; other YAML only has to be YAML.
func checkPipeline(block fenced) error {
	switch {
	case strings.HasPrefix(block.recipe, "github"):
		_, err := readWorkflow(block.text)
		return err
	case strings.HasPrefix(block.recipe, "gitlab"):
		_, err := readPipeline(block.text)
		return err
	default:
		return decodeYAML(block.text, false, new(any))
	}
}

// TestSimulationPage holds that the table of endpoints has them all.
func TestSimulationPage(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"simulation.md", "zh-CN/simulation.md"} {
		text, err := readGuide(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range wxhttp.APIs() {
			if !strings.Contains(text, "/"+name+"` | `"+name+"` |") {
				t.Errorf("docs/%s has no row for %s", page, name)
			}
		}
	}
}

// The command measure runs benchmarks and tests that measure, and writes what they say into the pages that show it: between
// "<!-- figures: NAME -->" and "<!-- /figures -->", a table of the block NAME in the page's language.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "figures:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only []string) error {
	if err := check(); err != nil || slices.Equal(only, []string{"--check"}) {
		return err
	}
	for _, name := range only {
		if !slices.ContainsFunc(blocks(), func(b block) bool { return b.name == name }) {
			return fmt.Errorf("there is no block %q", name)
		}
	}
	for _, b := range blocks() {
		if len(only) > 0 && !slices.Contains(only, b.name) {
			continue
		}
		start := time.Now()
		fmt.Printf("== %s\n", b.name)
		got := results{text: map[string][]string{}, values: map[string][]float64{}}
		for _, command := range b.commands {
			if err := command.measure(ctx, got); err != nil {
				return fmt.Errorf("%s: %w", b.name, err)
			}
		}
		if err := write(b, got); err != nil {
			return err
		}
		fmt.Printf("-- %s: %d s\n", b.name, int(time.Since(start).Seconds()))
	}
	return nil
}

// --- measuring -----------------------------------------------------------------------------------------------------------

// A command is one run of go test: its arguments, and variables of its environment.
type command struct {
	env  []string
	args []string
	// keep says what else is read from the output than benchmarks: by name, an expression whose groups are the texts.
	keep map[string]string
}

// results are the metrics of benchmarks, by "Name unit", and what commands keep.
type results struct {
	values map[string][]float64
	text   map[string][]string
	failed []string
}

func (c command) measure(ctx context.Context, into results) error {
	fmt.Println(strings.Join(append(slices.Clone(c.env), append([]string{"go", "test"}, c.args...)...), " "))
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-count=1", "-timeout=60m"}, c.args...)...)
	cmd.Env = append(os.Environ(), c.env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w\n%s", err, out.String())
	}
	benchmark := regexp.MustCompile(`^Benchmark(\S+?)(?:-\d+)?\s+\d+\s+(.*)$`)
	lines := bufio.NewScanner(&out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if m := benchmark.FindStringSubmatch(line); m != nil {
			fields := strings.Fields(m[2])
			for i := 0; i+1 < len(fields); i += 2 {
				v, err := strconv.ParseFloat(fields[i], 64)
				if err != nil {
					return fmt.Errorf("a line that is no benchmark's: %s", line)
				}
				key := m[1] + " " + fields[i+1]
				into.values[key] = append(into.values[key], v)
			}
		}
		for name, expression := range c.keep {
			if m := regexp.MustCompile(expression).FindStringSubmatch(line); m != nil && into.text[name] == nil {
				into.text[name] = m[1:]
			}
		}
	}
	return lines.Err()
}

// all returns the values of a metric.
func (r *results) all(key string) []float64 {
	if len(r.values[key]) == 0 {
		r.failed = append(r.failed, key)
		return []float64{0}
	}
	return r.values[key]
}

// median is that of several runs, or the value of the one.
func (r *results) median(key string) float64 {
	v := slices.Sorted(slices.Values(r.all(key)))
	return v[len(v)/2]
}

// least is the quickest of many runs: other work on the machine only adds.
func (r *results) least(key string) float64 { return slices.Min(r.all(key)) }

// kept returns what a command kept, or an empty text.
func (r *results) kept(name string, group int) string {
	if group >= len(r.text[name]) {
		r.failed = append(r.failed, name)
		return ""
	}
	return grouped(r.text[name][group])
}

// times writes a ratio, with the width of the middle half of its pairs where the benchmark tells it.
func (r *results) times(key string) string {
	if spread, known := r.values[key+"-spread"]; known {
		return fmt.Sprintf("%s x (± %s)", digits(r.median(key)), digits(spread[0]/2))
	}
	return digits(r.median(key)) + " x"
}

// digits writes a figure with as many digits as it is worth.
func digits(v float64) string {
	switch {
	case v >= 100:
		return grouped(strconv.FormatFloat(v, 'f', 0, 64))
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case v >= 0.1:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'g', 2, 64)
}

// grouped writes a whole number with a blank between its thousands.
func grouped(text string) string {
	if strings.Trim(text, "0123456789") != "" || len(text) < 4 {
		return text
	}
	return grouped(text[:len(text)-3]) + " " + text[len(text)-3:]
}

// --- writing --------------------------------------------------------------------------------------------------------------

// A text is in English and Chinese.
type text [2]string

// same is a text that needs no translation.
func same(s string) text { return text{s, s} }

type row []text

// A block is a table: its head, and the rows that are made of what its commands measured.
type block struct {
	name     string
	commands []command
	head     row
	rows     func(r *results) []row
}

const end = "<!-- /figures -->" // of a block in a page

// pages calls visit for every page, which returns what is to stand there.
func pages(visit func(page, content string, language int) (string, error)) error {
	for language, pattern := range []string{"docs/*.md", "docs/zh-CN/*.md"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			return err
		}
		for _, name := range names {
			content, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			changed, err := visit(name, string(content), language)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			if changed == string(content) {
				continue
			}
			if err := os.WriteFile(name, []byte(changed), 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

// check holds that pages ask for blocks that there are, and for all of them.
func check() error {
	begin := regexp.MustCompile(`<!-- figures: (\S+) -->\n`)
	asked := map[string]bool{}
	err := pages(func(_, content string, _ int) (string, error) {
		for _, m := range begin.FindAllStringSubmatch(content, -1) {
			asked[m[1]] = true
			if !slices.ContainsFunc(blocks(), func(b block) bool { return b.name == m[1] }) {
				return "", fmt.Errorf("there is no block %q", m[1])
			}
		}
		if len(begin.FindAllString(content, -1)) != strings.Count(content, end) {
			return "", errors.New("a block has no end")
		}
		return content, nil
	})
	for _, b := range blocks() {
		if err == nil && !asked[b.name] {
			err = fmt.Errorf("no page asks for the block %s", b.name)
		}
	}
	return err
}

// write puts the table into every page that asks for it.
func write(b block, r results) error {
	rows := b.rows(&r)
	if len(r.failed) > 0 {
		return fmt.Errorf("%s: nothing measured %s", b.name, strings.Join(r.failed, ", "))
	}
	return pages(func(_, content string, language int) (string, error) {
		mark := "<!-- figures: " + b.name + " -->\n"
		before, rest, found := strings.Cut(content, mark)
		if !found {
			return content, nil
		}
		_, after, _ := strings.Cut(rest, end)
		return before + mark + table(b.head, rows, language) + end + after, nil
	})
}

func table(head row, rows []row, language int) string {
	var b strings.Builder
	line := func(cells row) {
		for _, cell := range cells {
			b.WriteString("| " + cell[language] + " ")
		}
		b.WriteString("|\n")
	}
	line(head)
	b.WriteString("|" + strings.Repeat("---|", len(head)) + "\n")
	for _, cells := range rows {
		line(cells)
	}
	return b.String()
}

// machine describes where and when the figures were made.
func machine(ctx context.Context) (about text, err error) {
	processor := runtime.GOARCH
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if m := regexp.MustCompile(`model name\s*: (.*)`).FindSubmatch(info); m != nil {
			processor = string(m[1])
		}
	}
	load := "?"
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		load, _, _ = strings.Cut(string(text), " ")
	}
	commit, err := exec.CommandContext(ctx, "git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return text{}, err
	}
	id, day := strings.TrimSpace(string(commit)), time.Now().UTC().Format(time.DateOnly)
	return text{
		fmt.Sprintf("%d cores of %s, %s, %s; commit %s, %s; load %s when it began", runtime.NumCPU(), processor, runtime.GOOS, runtime.Version(), id, day, load),
		fmt.Sprintf("%d 核 %s，%s，%s；提交 %s，%s；开始时负载 %s", runtime.NumCPU(), processor, runtime.GOOS, runtime.Version(), id, day, load),
	}, nil
}

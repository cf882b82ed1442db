package archtest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What a start may cost before main runs, on the machine that the budget was set on. A package that exceeds its share does work at
// every start that belongs to first use.
const (
	maxInitSum   = 3 * time.Millisecond
	maxInitOne   = time.Millisecond
	maxInitBytes = 256 << 10

	// maxBinary is the size of the stripped binary that is a surprise. See the comment of TestBinary.
	maxBinary = 24 << 20
)

// Machines differ, and tests run beside others, so the clock is held against a yardstick of the same run: the package of a pinned
// version whose work at start is constant, and what it took on that machine. Where it takes twice as long, everything may.
const (
	yardstick      = "github.com/itchyny/gojq"
	yardstickTakes = 300 * time.Microsecond
)

// The binary runs ten times, and each package counts with its minimum. Where that is too much, another ten follow, up to five
// times: what other processes add to the minimum goes away with more runs, what a package costs does not.
const (
	starts = 10
	rounds = 5
)

// A cost is what the initialisation of one package took.
type cost struct {
	clock time.Duration
	bytes int64
}

// TestStartUp builds the binary as it ships and looks at what the Go runtime reports of its initialisation.
func TestStartUp(t *testing.T) { // not parallel: other tests would be part of the measure
	binary := build(t)
	var runs []map[string]cost
	var costs map[string]cost
	for range rounds {
		for range starts {
			runs = append(runs, trace(t, binary))
		}
		if costs = cheapest(runs); len(startFindings(costs)) == 0 {
			break
		}
	}
	report(t, startFindings(costs))
	sum, dearest := total(costs)
	t.Logf("%d packages initialise in %v; the dearest is %s with %v and %d bytes", len(costs), sum, dearest, costs[dearest].clock, costs[dearest].bytes)
}

// TestBinary holds the size of the binary and that the linker could prune it. The bound is the size of linux/amd64
// (15.6 MiB when the first login ran through all rooms, 18.1 with interception, diagnoses, key rotation and revocation, and 3 more with
// the client of Redis, which has a method for each of its commands) with about 10 % to grow in; raise it together with the change that
// needs it, and say in that change what the bytes buy.
// It catches what nobody means to link: a template engine alone is 3 MiB at this size, and grows with everything else.
func TestBinary(t *testing.T) {
	content, err := os.ReadFile(build(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%.1f MiB", float64(len(content))/(1<<20))
	if len(content) > maxBinary {
		t.Errorf("the binary has %d bytes, more than %d: see what the change linked", len(content), maxBinary)
	}
	report(t, templateFindings(content))
}

// templateFindings searches the function table, which stripping leaves in. cobra imports text/template, but as long as
// nobody calls it (SetUsageTemplate and its like do), the linker drops it, and may drop unused methods everywhere.
func templateFindings(binary []byte) []string {
	var findings []string
	for _, name := range []string{"text/template.(*Template).Execute", "html/template.(*Template).Execute"} {
		if bytes.Contains(binary, []byte(name)) {
			findings = append(findings, name+" is linked into the binary: with it the linker keeps every exported method there is; use SetHelpFunc and SetUsageFunc, and write text without templates")
		}
	}
	return findings
}

// build compiles the binary into a temporary directory; the second call finds it in the build cache.
func build(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the binary")
	}
	root := filepath.Join("..", "..")
	if _, err := os.Stat(filepath.Join(root, "main.go")); errors.Is(err, fs.ErrNotExist) {
		t.Skip("there is no main.go yet")
	}
	binary := filepath.Join(t.TempDir(), "wxlogin")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, ".")
	build.Dir = root
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false") // as it ships, whatever the caller tests
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}

// trace runs `wxlogin version` and returns what each package's initialisation took.
func trace(t *testing.T, binary string) map[string]cost {
	t.Helper()
	home := t.TempDir()
	run := exec.CommandContext(t.Context(), binary, "version")
	run.Env = []string{"GODEBUG=inittrace=1", "HOME=" + home, "USERPROFILE=" + home, "LocalAppData=" + home, "SystemRoot=" + os.Getenv("SystemRoot")}
	var stderr bytes.Buffer
	run.Stderr = &stderr
	if err := run.Run(); err != nil {
		t.Fatalf("wxlogin version: %v\n%s", err, stderr.String())
	}
	costs, err := parseTrace(stderr.String())
	if err != nil {
		t.Fatal(err)
	}
	return costs
}

// initLine is documented in package runtime, under GODEBUG: init <package> @<start> ms, <clock> ms clock, <bytes> bytes, <n> allocs.
var initLine = regexp.MustCompile(`(?m)^init (\S+) @\S+ ms, (\S+) ms clock, (\d+) bytes, \d+ allocs$`)

func parseTrace(stderr string) (map[string]cost, error) {
	costs := map[string]cost{}
	for _, m := range initLine.FindAllStringSubmatch(stderr, -1) {
		ms, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			return nil, err
		}
		size, err := strconv.ParseInt(m[3], 10, 64)
		if err != nil {
			return nil, err
		}
		costs[m[1]] = cost{time.Duration(ms * float64(time.Millisecond)), size}
	}
	if len(costs) == 0 {
		return nil, fmt.Errorf("no line of inittrace in %q", stderr)
	}
	return costs, nil
}

// cheapest takes each package's minimum.
func cheapest(runs []map[string]cost) map[string]cost {
	least := map[string]cost{}
	for _, run := range runs {
		for name, c := range run {
			if old, seen := least[name]; seen {
				c = cost{min(old.clock, c.clock), min(old.bytes, c.bytes)}
			}
			least[name] = c
		}
	}
	return least
}

func startFindings(costs map[string]cost) []string {
	measured, ok := costs[yardstick]
	if !ok {
		return []string{"package " + yardstick + " is gone: choose another yardstick and say what it takes"}
	}
	scale := max(1, float64(measured.clock)/float64(yardstickTakes))
	scaled := func(budget time.Duration) time.Duration {
		return time.Duration(float64(budget) * scale).Round(time.Microsecond)
	}
	var findings []string
	for name, c := range costs {
		if limit := scaled(maxInitOne); c.clock > limit {
			findings = append(findings, fmt.Sprintf("package %s takes %v to initialise, more than %v", name, c.clock, limit))
		}
		if c.bytes > maxInitBytes {
			findings = append(findings, fmt.Sprintf("package %s allocates %d bytes to initialise, more than %d", name, c.bytes, maxInitBytes))
		}
	}
	sum, dearest := total(costs)
	if limit := scaled(maxInitSum); sum > limit {
		findings = append(findings, fmt.Sprintf("all packages take %v to initialise, more than %v; the dearest is %s", sum, limit, dearest))
	}
	return findings
}

func total(costs map[string]cost) (sum time.Duration, dearest string) {
	for _, name := range slices.Sorted(maps.Keys(costs)) {
		sum += costs[name].clock
		if dearest == "" || costs[name].clock > costs[dearest].clock {
			dearest = name
		}
	}
	return sum, dearest
}

func TestParseTrace(t *testing.T) {
	t.Parallel()
	// Two lines as go1.26 prints them, with what the program itself says in between.
	got, err := parseTrace("init internal/bytealg @0.008 ms, 0.25 ms clock, 0 bytes, 0 allocs\nwxlogin 1.0\ninit runtime @0.06 ms, 1.2 ms clock, 4096 bytes, 3 allocs\n")
	want := map[string]cost{"internal/bytealg": {250 * time.Microsecond, 0}, "runtime": {1200 * time.Microsecond, 4096}}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("parseTrace = %v, %v, want %v", got, err, want)
	}
	if _, err := parseTrace("wxlogin 1.0\n"); err == nil {
		t.Error("output without a trace is no error")
	}
}

func TestPlantedStartUp(t *testing.T) {
	t.Parallel()
	with := func(extra map[string]cost) map[string]cost {
		costs := map[string]cost{yardstick: {yardstickTakes, 0}}
		maps.Copy(costs, extra)
		return costs
	}
	noisy := with(map[string]cost{"a": {5 * time.Millisecond, 10}})
	quiet := with(map[string]cost{"a": {500 * time.Microsecond, 10}})
	if got := startFindings(cheapest([]map[string]cost{noisy, quiet, noisy})); len(got) > 0 {
		t.Errorf("one quiet run of three is enough, but: %q", got)
	}
	slow := map[string]cost{yardstick: {2 * yardstickTakes, 0}, "a": {1900 * time.Microsecond, 0}}
	if got := startFindings(slow); len(got) > 0 {
		t.Errorf("on a machine of half the speed a package may take twice as long, but: %q", got)
	}
	many := map[string]cost{}
	for i := range 4 {
		many[strconv.Itoa(i)] = cost{900 * time.Microsecond, 0}
	}
	for _, tt := range []struct {
		costs map[string]cost
		want  string
	}{
		{with(map[string]cost{"slow": {1100 * time.Microsecond, 0}}), "package slow takes 1.1ms"},
		{with(map[string]cost{"fat": {0, 300 << 10}}), "package fat allocates 307200 bytes"},
		{with(many), "all packages take 3.9ms"},
		{many, "package " + yardstick + " is gone"},
	} {
		if got := startFindings(tt.costs); len(got) != 1 || !strings.HasPrefix(got[0], tt.want) {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

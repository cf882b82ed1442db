//go:build unix

package cmd

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A runner stands for a machine of a CI service: a copy of an example is checked out, and what a job installs is there.
type runner struct {
	t   *testing.T
	dir string
	env []string
	log string // what the steps printed
}

// installed are the commands of the recipes that fetch something. .ci/run runs those for the examples.
var installed = []string{"go install github.com/wxlogin/wxlogin@latest", "npm ci --ignore-scripts", "go mod download"}

// prepared are the actions that change nothing for a runner that has everything.
var prepared = []string{"actions/checkout", "actions/setup-node", "actions/setup-go"}

// shell runs a script as both services do, and reports whether it succeeded. What it leaves running goes on until the test ends.
func (r *runner) shell(options, script string) bool {
	r.t.Helper()
	file := filepath.Join(r.t.TempDir(), "step.sh")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		r.t.Fatal(err)
	}
	alive, inherited, err := os.Pipe() // held by everything that the script starts
	if err != nil {
		r.t.Fatal(err)
	}
	bash := exec.CommandContext(r.t.Context(), "bash", "--noprofile", "--norc", options, file)
	var out bytes.Buffer
	bash.Dir, bash.Env, bash.Stdout, bash.Stderr, bash.ExtraFiles = r.dir, r.env, &out, &out, []*os.File{inherited}
	bash.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := bash.Start(); err != nil {
		r.t.Fatal(err)
	}
	inherited.Close()
	r.t.Cleanup(func() {
		_ = syscall.Kill(-bash.Process.Pid, syscall.SIGTERM) // nobody may be left
		_, _ = io.Copy(io.Discard, alive)
		alive.Close()
	})
	err = bash.Wait()
	r.log += out.String()
	return err == nil
}

// github runs the steps of a job in order, and reports whether the job succeeded.
func (r *runner) github(steps []workflowStep) bool {
	r.t.Helper()
	variables := filepath.Join(r.t.TempDir(), "env")
	if err := os.WriteFile(variables, nil, 0o600); err != nil {
		r.t.Fatal(err)
	}
	r.env = append(r.env, "GITHUB_ENV="+variables, "CI=true", "GITHUB_ACTIONS=true")
	base, good := r.env, true
	for _, step := range steps {
		switch action, _, _ := strings.Cut(step.Uses, "@"); {
		case step.If != "" && step.If != "failure()":
			r.t.Fatalf("this runner does not know the condition %q", step.If)
		case good != (step.If == ""): // failure() runs when a step before it failed, the others when none did
		case action == "actions/upload-artifact":
			r.keeps(step.With["path"])
		case slices.Contains(prepared, action), slices.Contains(installed, step.Run):
		case step.Uses != "":
			r.t.Fatalf("this runner has no action %s", step.Uses)
		default:
			good = r.shell("-e", step.Run) && good
		}
		text, err := os.ReadFile(variables)
		if err != nil {
			r.t.Fatal(err)
		}
		r.env = append(slices.Clone(base), strings.Fields(string(text))...) // NAME=VALUE; none of ours has a blank in it
	}
	return good
}

// gitlab runs a job, and reports whether it succeeded.
func (r *runner) gitlab(job pipelineJob) bool {
	r.t.Helper()
	r.env = append(r.env, "CI=true", "GITLAB_CI=true")
	var script strings.Builder
	script.WriteString("set -o pipefail\n")
	for _, line := range append(slices.Clone(job.Before), job.Script...) {
		if !slices.Contains(installed, line) {
			fmt.Fprintln(&script, line)
		}
	}
	good := r.shell("-e", script.String())
	if len(job.After) > 0 && !r.shell("-e", strings.Join(job.After, "\n")) {
		r.t.Errorf("after_script failed\n%s", r.log)
	}
	if !good && job.ArtifactsOf.When == "on_failure" {
		for _, path := range job.ArtifactsOf.Paths {
			r.keeps(path)
		}
	}
	return good
}

// keeps checks that there is something to keep as an artifact, and that it tells what was wrong.
func (r *runner) keeps(path string) {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, path))
	if err != nil || !bytes.Contains(text, []byte("40163")) {
		r.t.Errorf("the artifact %q, %v:\n%s", path, err, text)
	}
}

// A pipeline is a recipe of docs/ci.md for a CI service.
type pipeline struct {
	recipe, example string
	file, good, bad string // in which file of the example to break what
}

func pipelines() []pipeline {
	return []pipeline{
		{"github", "node", "app.js", "case 40163: // used", "// a case was forgotten"},
		{"github-steps", "go", "app.go", "case 40029, 40163:", "case 40029:"},
		{"gitlab", "go", "app.go", "case 40029, 40163:", "case 40029:"},
		{"gitlab-steps", "go", "app.go", "case 40029, 40163:", "case 40029:"},
	}
}

// TestPipelines runs the jobs of docs/ci.md: they succeed with the examples as they are, and fail, telling why, when a back end does not
// know that a code works once. Other tests wait, as for TestBackendExamples.
func TestPipelines(t *testing.T) { //nolint:tparallel // see above
	for _, tt := range pipelines() {
		text, err := recipeOf("ci.md", tt.recipe)
		if err != nil {
			t.Fatal(err)
		}
		s := suites()[slices.IndexFunc(suites(), func(s suite) bool { return s.name == tt.example })]
		for _, broken := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, broken %v", tt.recipe, broken), func(t *testing.T) {
				t.Parallel()
				need(t, "bash")
				r := &runner{t: t}
				r.dir, r.env = s.prepare(t)
				path := filepath.Join(r.dir, tt.file)
				source, err := os.ReadFile(path)
				if err != nil || bytes.Count(source, []byte(tt.good)) != 1 {
					t.Fatalf("%s has no %q: %v", tt.file, tt.good, err)
				}
				if broken {
					if err := os.WriteFile(path, bytes.Replace(source, []byte(tt.good), []byte(tt.bad), 1), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				if good := r.run(tt.recipe, text); good == broken {
					t.Errorf("good: %v\n%s", good, r.log)
				}
				if broken && !strings.Contains(r.log, "40163") {
					t.Errorf("the log does not say what was wrong:\n%s", r.log)
				}
			})
		}
	}
}

func (r *runner) run(recipe, text string) bool {
	r.t.Helper()
	if strings.HasPrefix(recipe, "gitlab") {
		job, err := readPipeline(text)
		if err != nil {
			r.t.Fatal(err)
		}
		return r.gitlab(job)
	}
	steps, err := readWorkflow(text)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.github(steps)
}

// TestPipelinesOfPages: every job of the pages is run, and those of the Chinese page are those of the English one, under other names.
func TestPipelinesOfPages(t *testing.T) {
	t.Parallel()
	jobs := func(page string) (found map[string]string) {
		text, err := readGuide(page)
		if err != nil {
			t.Fatal(err)
		}
		found = map[string]string{}
		for _, block := range fencedBlocks(text) {
			if block.recipe != "" && block.language == "yaml" {
				found[block.recipe] = regexp.MustCompile(`(?m)^( +- name):.*$`).ReplaceAllString(block.text, "$1")
			}
		}
		return found
	}
	english := jobs("ci.md")
	if diff := cmp.Diff(english, jobs("zh-CN/ci.md")); diff != "" {
		t.Errorf("the pages differ (-English +Chinese):\n%s", diff)
	}
	for _, p := range pipelines() {
		delete(english, p.recipe)
	}
	for recipe := range english {
		t.Errorf("nothing runs the job %q of docs/ci.md", recipe)
	}
}

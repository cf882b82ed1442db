package cmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// A workflowStep is as much of a step of GitHub Actions as the recipes use.
type workflowStep struct {
	Name, Uses, Run, If string
	With                map[string]string
}

// readWorkflow reads a workflow of GitHub Actions with one job, and returns the steps.
func readWorkflow(text string) ([]workflowStep, error) {
	var workflow struct {
		Name        string
		On          any
		Permissions map[string]string
		Jobs        map[string]struct {
			RunsOn  string `yaml:"runs-on"`
			Timeout int    `yaml:"timeout-minutes"`
			Steps   []workflowStep
		}
	}
	if err := decodeYAML(text, true, &workflow); err != nil {
		return nil, err
	}
	if len(workflow.Jobs) != 1 {
		return nil, fmt.Errorf("there are %d jobs", len(workflow.Jobs))
	}
	var steps []workflowStep
	for name, job := range workflow.Jobs {
		if job.RunsOn == "" || len(job.Steps) == 0 {
			return nil, fmt.Errorf("job %s has no runs-on or no steps", name)
		}
		steps = job.Steps
	}
	for i, step := range steps {
		if (step.Uses == "") == (step.Run == "") {
			return nil, fmt.Errorf("step %d needs one of uses and run", i+1)
		}
	}
	return steps, nil
}

// A pipelineJob is as much of a job of GitLab CI as the recipes use.
type pipelineJob struct {
	Image       string
	Before      []string `yaml:"before_script"`
	Script      []string
	After       []string `yaml:"after_script"`
	ArtifactsOf struct {
		When  string
		Paths []string
	} `yaml:"artifacts"`
}

// readPipeline reads a file of GitLab CI with one job, after GitLab's own schema has accepted it.
func readPipeline(text string) (pipelineJob, error) {
	var jobs map[string]pipelineJob
	if err := decodeYAML(text, true, &jobs); err != nil {
		return pipelineJob{}, err
	}
	if len(jobs) != 1 {
		return pipelineJob{}, fmt.Errorf("there are %d jobs", len(jobs))
	}
	if err := matchesGitLab(text); err != nil {
		return pipelineJob{}, err
	}
	job := slices.Collect(maps.Values(jobs))[0]
	if len(job.Script) == 0 {
		return pipelineJob{}, errors.New("the job has no script") // the schema allows it, for jobs that extend others
	}
	return job, nil
}

// matchesGitLab holds a file against GitLab's schema of .gitlab-ci.yml. See its $comment for where it is from.
func matchesGitLab(text string) error {
	file, err := os.Open(filepath.Join("testdata", "gitlab-ci.schema.json"))
	if err != nil {
		return err
	}
	defer file.Close()
	document, err := jsonschema.UnmarshalJSON(file)
	if err != nil {
		return err
	}
	compiler := jsonschema.NewCompiler()
	const name = "gitlab-ci.schema.json"
	if err := compiler.AddResource(name, document); err != nil {
		return err
	}
	schema, err := compiler.Compile(name)
	if err != nil {
		return err
	}
	var pipeline any
	if err := decodeYAML(text, false, &pipeline); err != nil {
		return err
	}
	plain, err := json.Marshal(pipeline) // the numbers of YAML are not those of JSON
	if err != nil {
		return err
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(plain))
	if err != nil {
		return err
	}
	return schema.Validate(instance)
}

// decodeYAML reads the one document of a text.
func decodeYAML(text string, knownFields bool, into any) error {
	decoder := yaml.NewDecoder(strings.NewReader(text))
	decoder.KnownFields(knownFields)
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return errors.New("there is more than one document")
	}
	return nil
}

// TestGitLabSchema: the schema refuses what GitLab would.
func TestGitLabSchema(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{
		"login: {script: [make]}": true,
		"login: {script: [make], artifacts: {when: on_failure, paths: [log]}}": true,
		"login: {script: [make], artifacts: {when: on_failur, paths: [log]}}":  false,
		"login: {script: [make], imag: golang}":                                false,
		"login: {script: [make], before_script: {a: b}}":                       false,
		"login: {script: {a: b}}":                                              false,
	} {
		if err := matchesGitLab(text); (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestActionVersions: what a recipe and our own workflows both use has the same version in all of them.
func TestActionVersions(t *testing.T) {
	t.Parallel()
	uses := regexp.MustCompile(`(?m)^\s*(?:- )?uses: ([\w./-]+)@(\S+)(?:\s+# (\S+))?`)
	versions := map[string][]string{}
	note := func(text string) {
		for _, found := range uses.FindAllStringSubmatch(text, -1) {
			version := found[2]
			if found[3] != "" { // a commit, with its version behind it
				version = found[3]
			}
			version, _, _ = strings.Cut(version, ".")
			if !slices.Contains(versions[found[1]], version) {
				versions[found[1]] = append(versions[found[1]], version)
			}
		}
	}
	workflows, err := filepath.Glob(filepath.Join("..", ".github", "workflows", "*.yml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(workflows, filepath.Join("..", "docs", "ci.md"), filepath.Join("..", "docs", "zh-CN", "ci.md")) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		note(string(text))
	}
	if len(versions) < 4 {
		t.Fatalf("only %d actions found: the search is broken", len(versions))
	}
	for action, found := range versions {
		if len(found) > 1 {
			t.Errorf("%s is used as %s", action, cmp.Diff([]string(nil), found))
		}
	}
}

package cmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// An issueForm is a form of .github/ISSUE_TEMPLATE, by GitHub's "Syntax for issue forms" and "Syntax for GitHub's form schema" (read in
// November 2026). A key that is not here is a mistake, and GitHub would show no form.
type issueForm struct {
	Name, Description, Title, Type string
	Labels, Assignees, Projects    []string
	Body                           []formElement
}

type formElement struct {
	Type, ID   string
	Attributes struct {
		Label, Description, Placeholder, Value, Render string
		Multiple                                       bool
		Default                                        *int
		Options                                        []any
	}
	Validations struct{ Required bool }
}

// TestIssueForms checks the forms as GitHub does, and that each warns of secrets, asks for commands that exist, and is the same in both languages.
func TestIssueForms(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join("..", ".github", "ISSUE_TEMPLATE", "*.yml"))
	if err != nil {
		t.Fatal(err)
	}
	forms := map[string]issueForm{}
	var names []string
	for _, path := range paths {
		file := filepath.Base(path)
		if file == "config.yml" {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var form issueForm
		if err := errors.Join(decodeYAML(string(text), true, &form), form.check()); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if slices.Contains(names, form.Name) {
			t.Errorf("%s: there are two forms of the name %q", file, form.Name)
		}
		names, forms[file] = append(names, form.Name), form
		for _, command := range regexp.MustCompile("`wxlogin ([^`]+)`").FindAllStringSubmatch(string(text), -1) {
			if err := parses(strings.Fields(command[1])); err != nil {
				t.Errorf("%s: wxlogin %s: %v", file, command[1], err)
			}
		}
	}
	for _, name := range []string{"bug", "diagnosis", "feature"} {
		english, chinese := forms[name+".yml"], forms[name+".zh-CN.yml"]
		if diff := cmp.Diff(english.shape(), chinese.shape()); diff != "" {
			t.Errorf("%s (-English +Chinese):\n%s", name, diff)
		}
	}
	if len(forms) != 6 {
		t.Errorf("there are %d forms", len(forms))
	}
}

// TestFormChecks: a form that GitHub would refuse is refused here.
func TestFormChecks(t *testing.T) {
	t.Parallel()
	const head = "name: n\ndescription: d\nbody:\n- {type: markdown, attributes: {value: AppSecret session_key}}\n"
	for text, good := range map[string]bool{
		head + "- {type: input, id: a, attributes: {label: l}}\n": true,
		head: false, // nothing to fill in
		head + "- {type: input, id: a, attributes: {label: l}, validation: {required: true}}\n":                        false,
		head + "- {type: input, id: a b, attributes: {label: l}}\n":                                                    false,
		head + "- {type: input, id: a}\n":                                                                              false,
		head + "- {type: text, id: a, attributes: {label: l}}\n":                                                       false,
		head + "- {type: dropdown, id: a, attributes: {label: l}}\n":                                                   false,
		head + "- {type: dropdown, id: a, attributes: {label: l, options: [yes, true]}}\n":                             false,
		head + "- {type: input, id: a, attributes: {label: l}}\n- {type: input, id: a, attributes: {label: m}}\n":      false,
		head + "- {type: input, id: a, attributes: {label: l}}\n- {type: input, id: b, attributes: {label: l}}\n":      false,
		strings.Replace(head, "name: n\n", "", 1) + "- {type: input, id: a, attributes: {label: l}}\n":                 false,
		strings.Replace(head, "session_key", "", 1) + "- {type: input, id: a, attributes: {label: l}}\n":               false,
		head + "- {type: checkboxes, id: a, attributes: {label: l, options: [{label: o, required: true}]}}\n":          true,
		head + "- {type: checkboxes, id: a, attributes: {label: l, options: [{labl: o}]}}\n":                           false,
		head + "- {type: checkboxes, id: a, attributes: {label: l, options: [o]}}\n":                                   false,
		head + "- {type: input, id: a, attributes: {label: l, render: text}}\n":                                        false,
		head + "- {type: markdown, id: a, attributes: {label: l}}\n- {type: input, id: b, attributes: {label: m}}\n":   false,
		head + "- {type: dropdown, id: a, attributes: {label: l, options: [one, one]}}\n":                              false,
		head + "- {type: dropdown, id: a, attributes: {label: l, options: [one, two], multiple: true, default: 1}}\n":  true,
		head + "- {type: dropdown, id: a, attributes: {label: l, options: [one, two], multiple: true, default: 2}}\n":  false,
		head + "- {type: checkboxes, id: a, attributes: {label: l, options: []}}\n":                                    false,
		head + "- {type: textarea, id: a, attributes: {label: l, render: text, options: [x]}}\n":                       false,
		head + "- {type: checkboxes, id: a, attributes: {label: l, options: [{label: o}, {label: o}]}}\n":              false,
		head + "- {type: checkboxes, id: a, attributes: {label: l, options: [{label: o, required: true, more: 1}]}}\n": false,
		head + "- {type: checkboxes, id: a, attributes: {label: l, options: [{label: o, required: \"yes\"}]}}\n":       false,
	} {
		var form issueForm
		err := decodeYAML(text, true, &form)
		if err == nil {
			err = form.check()
		}
		if (err == nil) != good {
			t.Errorf("%s%v", text, err)
		}
	}
}

func (f *issueForm) check() error {
	if f.Name == "" || f.Description == "" {
		return errors.New("a form needs a name and a description")
	}
	warned, asked := false, false
	seen := map[string]bool{}
	for i, e := range f.Body {
		if err := e.check(seen); err != nil {
			return fmt.Errorf("element %d: %w", i+1, err)
		}
		asked = asked || e.Type != "markdown"
		warned = warned || !asked && strings.Contains(e.Attributes.Value, "AppSecret") && strings.Contains(e.Attributes.Value, "session_key")
	}
	switch {
	case !asked:
		return errors.New("there is nothing to fill in")
	case !warned:
		return errors.New("nothing warns of pasting secrets before there is something to fill in")
	}
	return nil
}

func (e *formElement) check(seen map[string]bool) error {
	a := e.Attributes
	needsLabel, needsValue, takesOptions, takesRender := true, false, false, false
	switch e.Type {
	case "markdown":
		needsLabel, needsValue = false, true
	case "textarea":
		takesRender = true
	case "input":
	case "dropdown", "checkboxes":
		takesOptions = true
	default:
		return fmt.Errorf("there is no type %q", e.Type)
	}
	switch {
	case needsLabel && a.Label == "", needsValue && a.Value == "":
		return errors.New("it has no label, or no value")
	case !needsLabel && (a.Label != "" || e.ID != "" || e.Validations.Required):
		return errors.New("markdown asks for nothing")
	case needsLabel && !regexp.MustCompile(`^[A-Za-z0-9_-]+$`).MatchString(e.ID): // GitHub does not need one; our comparison does
		return fmt.Errorf("bad id %q", e.ID)
	case takesOptions != (len(a.Options) > 0):
		return errors.New("options are for dropdowns and checkboxes, which need them")
	case a.Render != "" && !takesRender:
		return errors.New("render is for textareas")
	case a.Default != nil && (*a.Default < 0 || *a.Default >= len(a.Options)):
		return errors.New("the default is none of the options")
	}
	for _, unique := range []string{"id " + e.ID, "label " + a.Label} {
		if needsLabel && seen[unique] {
			return fmt.Errorf("there are two of %s", unique)
		}
		seen[unique] = true
	}
	return e.checkOptions()
}

// checkOptions wants texts in a dropdown, which YAML makes something else of when they are true or 1, and objects as checkboxes.
func (e *formElement) checkOptions() error {
	var labels []string
	for _, option := range e.Attributes.Options {
		label, isText := option.(string)
		if e.Type == "checkboxes" {
			object, _ := option.(map[string]any)
			for key, value := range object {
				if _, isBool := value.(bool); key != "label" && (key != "required" || !isBool) {
					return fmt.Errorf("a checkbox has no %s of %v", key, value)
				}
			}
			label, isText = object["label"].(string)
		}
		if !isText || label == "" || slices.Contains(labels, label) {
			return fmt.Errorf("option %v is no text, or there twice", option)
		}
		labels = append(labels, label)
	}
	return nil
}

// shape is what both languages share: what is asked, in which form, and what must be answered.
func (f *issueForm) shape() []string {
	lines := slices.Clone(f.Labels)
	for _, e := range f.Body {
		lines = append(lines, fmt.Sprintf("%s %s %s, options: %d, required: %v", e.Type, e.ID, e.Attributes.Render, len(e.Attributes.Options), e.Validations.Required))
	}
	return lines
}

// TestIssueConfig: what stands beside the forms.
func TestIssueConfig(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", ".github", "ISSUE_TEMPLATE", "config.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Blank *bool                               `yaml:"blank_issues_enabled"`
		Links []struct{ Name, URL, About string } `yaml:"contact_links"`
	}
	if err := decodeYAML(string(text), true, &config); err != nil {
		t.Fatal(err)
	}
	if config.Blank == nil || *config.Blank || len(config.Links) == 0 {
		t.Errorf("%+v", config)
	}
	for _, link := range config.Links {
		if link.Name == "" || link.About == "" || !strings.HasPrefix(link.URL, "https://") {
			t.Errorf("%+v", link)
		}
	}
}

package diagnose

import (
	"slices"

	"github.com/wxlogin/wxlogin/internal/lang"
)

// An Entry is what the catalogue says about one cause, whatever the input.
type Entry struct {
	ID, Name string
	Group    Group
	Verdict  lang.T // what is wrong, in one sentence
	Test     lang.T // what confirms it
	Fix      lang.T
}

// A Group is a chapter of the catalogue.
type Group int

// The groups, in the order of the generated page.
const (
	GroupTransport Group = iota
	GroupField
	GroupProof
	groupCount
)

// Title returns the heading of a group.
func (g Group) Title() lang.T {
	switch g {
	case GroupTransport:
		return lang.T{En: "Damaged on the way", Zh: "传输中被改动"}
	case GroupField:
		return lang.T{En: "The wrong value in its place", Zh: "填错了值"}
	}
	return lang.T{En: "What the blocks prove", Zh: "从密文分组得出的证明"}
}

// Catalogue returns all entries in order of id.
func Catalogue() []Entry { return slices.Concat(transportEntries, fieldEntries, proofEntries) }

// Lookup returns the entry with the id.
func Lookup(id string) (Entry, bool) {
	for _, shelf := range [...][]Entry{transportEntries, fieldEntries, proofEntries} {
		for _, e := range shelf {
			if e.ID == id {
				return e, true
			}
		}
	}
	return Entry{}, false
}

// newFinding fills in what the catalogue knows.
func newFinding(id string) Finding {
	e, known := Lookup(id)
	if !known {
		panic("diagnose: internal error: no entry " + id)
	}
	return Finding{ID: e.ID, Name: e.Name, Verdict: e.Verdict.With(), Fix: e.Fix.With()}
}

// saying replaces the verdict of the catalogue by one that names what was found.
func (f Finding) saying(t lang.T, args ...any) Finding {
	f.Verdict = t.With(args...)
	return f
}

// since adds evidence.
func (f Finding) since(t lang.T, args ...any) Finding {
	f.Evidence = append(f.Evidence, t.With(args...))
	return f
}

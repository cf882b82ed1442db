package bulk

import (
	"slices"

	"github.com/wxlogin/wxlogin/internal/opendata"
)

// A Summary counts what has been written.
type Summary struct {
	Lines  int64 `json:"lines"` // of the input, blank ones included
	OK     int64 `json:"ok"`
	Failed int64 `json:"failed"`
	Blank  int64 `json:"blank"` // they have no result

	Kinds     []KindCount  `json:"kinds"`     // of the lines that are ok, in the order of their first
	Diagnoses []CauseCount `json:"diagnoses"` // of those that failed, the commonest first
	Repaired  int64        `json:"repaired"`  // of those that are ok
	Unmarked  int64        `json:"unmarked"`  // are ok, but have no watermark to tell for which mini program and when they were made
}

// A KindCount says how many lines are of a kind.
type KindCount struct {
	Kind  opendata.Kind `json:"kind"`
	Lines int64         `json:"lines"`
}

// A CauseCount says how many lines failed for one reason.
type CauseCount struct {
	ID    string `json:"id"` // empty for what is no matter of decryption
	Name  string `json:"name"`
	Lines int64  `json:"lines"`
	First int64  `json:"first"`          // number of the first such line
	Like  int64  `json:"like,omitempty"` // of lines that were not examined: the number of the first one that failed in this way, which was
}

// newSummary has lists that are empty in JSON, not null.
func newSummary() Summary { return Summary{Kinds: []KindCount{}, Diagnoses: []CauseCount{}} }

// add counts the results of c that lie in the first written bytes of its output.
func (s *Summary) add(c *chunk, written int) {
	for _, r := range c.results {
		if r.end > written {
			break
		}
		s.Lines++
		switch {
		case r.cause != cause{}:
			s.Failed++
			s.addCause(r.cause)
		case r.kind != "":
			s.OK++
			s.addKind(r.kind)
			if r.repaired {
				s.Repaired++
			}
			if r.unmarked {
				s.Unmarked++
			}
		default:
			s.Blank++
		}
	}
	slices.SortStableFunc(s.Diagnoses, func(a, b CauseCount) int { return int(b.Lines - a.Lines) })
}

func (s *Summary) addKind(kind opendata.Kind) {
	for i := range s.Kinds {
		if s.Kinds[i].Kind == kind {
			s.Kinds[i].Lines++
			return
		}
	}
	s.Kinds = append(s.Kinds, KindCount{kind, 1})
}

func (s *Summary) addCause(c cause) {
	for i := range s.Diagnoses {
		if d := &s.Diagnoses[i]; d.ID == c.id && d.Name == c.name && d.Like == c.like {
			d.Lines++
			return
		}
	}
	s.Diagnoses = append(s.Diagnoses, CauseCount{c.id, c.name, 1, s.Lines, c.like})
}

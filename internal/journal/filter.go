package journal

import "strings"

// A Filter says which records somebody wants. The zero Filter wants all.
type Filter struct {
	On      string // name of an API, or a path, which begins with a slash
	AppID   string
	User    string
	Failed  bool // only calls that did not get what they wanted
	ErrCode *int // only answers of this errcode; 0: only calls that got what they wanted
}

// Match reports whether a record is wanted.
func (f *Filter) Match(r *Record) bool {
	switch {
	case f.Failed && !r.Failed(),
		f.AppID != "" && f.AppID != string(r.AppID),
		f.User != "" && f.User != r.User,
		f.ErrCode != nil && (*f.ErrCode != r.ErrCode || *f.ErrCode == 0 && r.Failed()):
		return false
	}
	return f.On == "" || f.On == r.API || strings.HasPrefix(f.On, "/") && f.On == string(r.Path)
}

// Select returns the wanted records of a list, in its order; the newest limit of them if limit is positive.
func (f *Filter) Select(records []Record, limit int) []Record {
	wanted := make([]Record, 0, len(records))
	for i := range records {
		if f.Match(&records[i]) {
			wanted = append(wanted, records[i])
		}
	}
	if limit > 0 && len(wanted) > limit {
		wanted = wanted[len(wanted)-limit:]
	}
	return wanted
}

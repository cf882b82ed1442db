// Package problem writes and reads the error answers of our HTTP APIs: application/problem+json of RFC 9457, with the extension
// members reason, errcode and rid.
package problem

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/wxlogin/wxlogin/internal/redact"
)

const (
	// ContentType is the media type of RFC 9457, section 6.1.
	ContentType = "application/problem+json"

	typePrefix = "urn:wxlogin:problem:"
)

// A Problem is an error answer. As an error it is what a server of ours answered to a client of ours.
type Problem struct {
	Type   string `json:"type"`  // [Write] derives it from Reason when it is empty
	Title  string `json:"title"` // [Write] takes the status text when it is empty
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`

	Reason  string `json:"reason,omitempty"` // what a program branches on: "not_logged_in"
	ErrCode int    `json:"errcode,omitempty"`
	RID     string `json:"rid,omitempty"`
}

// Error returns the detail, or the title when there is none, with what a terminal must not see removed.
func (p *Problem) Error() string {
	const limit = 400 // characters: a few lines
	if p.Detail != "" {
		return redact.Shorten(p.Detail, limit)
	}
	return redact.Shorten(fmt.Sprintf("%s (HTTP status %d)", p.Title, p.Status), limit)
}

// Type is the type of problems with a reason.
func Type(reason string) string {
	if reason == "" {
		return "about:blank" // RFC 9457: no more than the status
	}
	return typePrefix + reason
}

// Write answers with the problem. Headers that are already set stay, except the ones about the body. A writer with a method
// NoteReason(string) is told the reason, which it could otherwise only read back from the body.
func Write(w http.ResponseWriter, p Problem) {
	if p.Type == "" {
		p.Type = Type(p.Reason)
	}
	if p.Title == "" {
		p.Title = http.StatusText(p.Status)
	}
	body, err := json.Marshal(p)
	if err != nil {
		panic("problem: internal error: " + err.Error()) // strings and integers always encode
	}
	body = append(body, '\n')
	if noter, ok := w.(interface{ NoteReason(reason string) }); ok {
		noter.NoteReason(p.Reason)
	}
	header := w.Header()
	header.Set("Content-Type", ContentType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // a client that is gone needs no answer
}

// Decode reads the body of an answer. The error says that it is not a problem.
func Decode(body []byte) (*Problem, error) {
	var p Problem
	if err := json.Unmarshal(body, &p); err != nil {
		return nil, fmt.Errorf("decode problem: %w", err)
	}
	if p.Status == 0 || p.Title == "" {
		return nil, errors.New("decode problem: no status or no title")
	}
	return &p, nil
}

package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/wxlogin/wxlogin/internal/redact"
)

// line is a record as JSON. Names and order are API; every field is always there.
type line struct {
	Seq     uint64    `json:"seq"`
	Time    time.Time `json:"time"` // of the clock of the server, UTC
	Method  string    `json:"method"`
	Path    string    `json:"path"`
	API     string    `json:"api"`
	Peer    string    `json:"peer"`
	Status  int       `json:"status"`
	MS      float64   `json:"ms"` // milliseconds
	ErrCode int       `json:"errcode"`
	AppID   string    `json:"appid"`
	User    string    `json:"user"`
	Reason  string    `json:"reason"`
	Mock    bool      `json:"mock"`
	Query   string    `json:"query"` // what may be seen of it
	Host    string    `json:"host"`  // that the call was meant for; empty: this server
}

// MarshalJSON encodes the record as one JSON object without line feeds. <, > and & stand as they are.
func (r Record) MarshalJSON() ([]byte, error) { return r.appendJSON(nil) }

func (r *Record) appendJSON(b []byte) ([]byte, error) {
	buffer := bytes.NewBuffer(b)
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(line{
		Seq: r.Seq, Time: r.Time.UTC(), Method: r.Method, Path: string(r.Path), API: r.API, Peer: r.Peer,
		Status: r.Status, MS: float64(r.Duration.Microseconds()) / 1000, ErrCode: r.ErrCode,
		AppID: string(r.AppID), User: r.User, Reason: r.Reason, Mock: r.Mock, Query: r.Masked, Host: r.Host,
	})
	if err != nil {
		return nil, fmt.Errorf("encode journal record: %w", err)
	}
	return bytes.TrimRight(buffer.Bytes(), "\n"), nil
}

// AppendLine appends the record as a line of NDJSON.
func (r *Record) AppendLine(b []byte) ([]byte, error) {
	b, err := r.appendJSON(b)
	return append(b, '\n'), err
}

// UnmarshalJSON decodes what MarshalJSON made; fields that are added later are ignored.
func (r *Record) UnmarshalJSON(data []byte) error {
	var l line
	if err := json.Unmarshal(data, &l); err != nil {
		return fmt.Errorf("decode journal record: %w", err)
	}
	*r = Record{
		Seq: l.Seq, Time: l.Time, Method: l.Method, Path: redact.Untrusted(l.Path), API: l.API, Peer: l.Peer,
		Status: l.Status, Duration: time.Duration(l.MS * float64(time.Millisecond)), ErrCode: l.ErrCode,
		AppID: redact.Untrusted(l.AppID), User: l.User, Reason: l.Reason, Mock: l.Mock, Masked: l.Query, Host: l.Host,
	}
	return nil
}

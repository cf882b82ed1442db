package stack

import (
	"log/slog"

	"github.com/wxlogin/wxlogin/internal/diagnose"
	"github.com/wxlogin/wxlogin/internal/login"
)

// diagnoser lets the login server ask why data was refused. What is found stays on this side of the API: in the log.
type diagnoser struct{}

func (diagnoser) Diagnose(r login.Refused) []login.Cause {
	in := diagnose.Input{
		SessionKey: r.Session.Key, Envelope: r.Envelope, OpenID: r.Session.OpenID,
		Policy: r.Policy, KeyTime: r.Session.KeyObtained, Quick: true,
	}
	for _, p := range r.Session.Previous {
		in.Keys = append(in.Keys, diagnose.Key{SessionKey: p.Key, Obtained: p.Obtained, Replaced: p.Replaced})
	}
	var causes []login.Cause
	for _, f := range diagnose.Data(in).Findings {
		causes = append(causes, login.Cause{ID: f.ID, Name: f.Name})
	}
	return causes
}

// logDiagnosis writes a line for each refusal, after the one of its request.
func logDiagnosis(logger *slog.Logger) func(login.Diagnosis) {
	return func(d login.Diagnosis) {
		if len(d.Causes) == 0 {
			logger.Warn("decrypt refused", "diagnosis", login.Unexplained, "count", d.Count)
			return
		}
		attrs := []any{"diagnosis", d.Causes[0].ID, "name", d.Causes[0].Name, "count", d.Count}
		if len(d.Causes) > 1 {
			var others []string
			for _, c := range d.Causes[1:] {
				others = append(others, c.ID)
			}
			attrs = append(attrs, "also", others)
		}
		logger.Warn("decrypt refused", attrs...)
	}
}

package security

import (
	"context"
	"fmt"
	"sync"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/redact"
	"github.com/quantumlayer/qlp/internal/validator/record"
)

// SecretsName is the name of the check.
const SecretsName = "secrets"

// Secrets looks for keys, tokens and passwords, with the detector that also keeps them out of prompts. It is safe for
// concurrent use.
type Secrets struct {
	detector func() (*redact.Detector, error)
}

// NewSecrets returns a scanner. The rules (more than two hundred expressions) are compiled when they are first used.
func NewSecrets() *Secrets { return &Secrets{detector: sync.OnceValues(redact.NewDetector)} }

// Check scans the content of all files. It returns an error only when ctx is done.
func (s *Secrets) Check(ctx context.Context, files []qlp.File) (qlp.Check, error) {
	ev := record.Reading(files)
	d, err := s.detector()
	if err != nil {
		return qlp.Broken(qlp.LayerSecurity, SecretsName, ev, err.Error()), nil
	}
	var found []qlp.Finding
	for _, f := range files {
		for _, leak := range d.Find(ctx, f.Path, string(f.Content)) {
			found = append(found, qlp.Finding{
				Path: f.Path, Line: leak.Line, Column: leak.Column, Rule: leak.Rule, Severity: "error", Message: leak.Description,
			})
		}
		if ctx.Err() != nil {
			return qlp.Check{}, context.Cause(ctx)
		}
	}
	if len(found) > 0 {
		return qlp.Fail(qlp.LayerSecurity, SecretsName, ev, fmt.Sprintf("%d secrets are in the files", len(found)), found...), nil
	}
	return qlp.Pass(qlp.LayerSecurity, SecretsName, ev), nil
}

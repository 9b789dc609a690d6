package security

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/spf13/viper"
	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/detect"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/validator/record"
)

// SecretsName is the name of the check.
const SecretsName = "secrets"

// exampleUUID matches the identifiers that RFC 4122, RFC 9562 and their readers use as examples: beside a field that is called
// key or token, a sample value would be taken for a secret. Any other identifier there still is one.
var exampleUUID = regexp.MustCompile(`(?i)^(?:6ba7b81[0-4]-9dad-11d1-80b4-00c04fd430c8|f81d4fae-7dec-11d0-a765-00a0c91e6bf6|550e8400-e29b-41d4-a716-446655440000|123e4567-e89b-12d3-a456-426614174000|[0f]{8}-[0f]{4}-[0f]{4}-[0f]{4}-[0f]{12})$`)

// Secrets looks for keys, tokens and passwords with gitleaks' own rules. It is safe for concurrent use.
type Secrets struct {
	detector func() (*detect.Detector, error)
}

// NewSecrets returns a scanner. The rules (more than two hundred expressions) are compiled when they are first used.
func NewSecrets() *Secrets { return &Secrets{detector: sync.OnceValues(newDetector)} }

// newDetector reads the default rules without the process-wide settings that the library's own constructor would use.
func newDetector() (*detect.Detector, error) {
	v := viper.New()
	v.SetConfigType("toml")
	if err := v.ReadConfig(strings.NewReader(config.DefaultConfig)); err != nil {
		return nil, fmt.Errorf("read the rules for secrets: %w", err)
	}
	var raw config.ViperConfig
	if err := v.Unmarshal(&raw); err != nil {
		return nil, fmt.Errorf("decode the rules for secrets: %w", err)
	}
	cfg, err := raw.Translate()
	if err != nil {
		return nil, fmt.Errorf("compile the rules for secrets: %w", err)
	}
	examples := &config.Allowlist{Description: "identifiers that documents use as examples", Regexes: []*regexp.Regexp{exampleUUID}}
	if err := examples.Validate(); err != nil {
		return nil, fmt.Errorf("compile the examples for secrets: %w", err)
	}
	cfg.Allowlists = append(cfg.Allowlists, examples)
	d := detect.NewDetector(cfg)
	d.IgnoreGitleaksAllow = true // the code under scan does not decide what is a secret
	d.MaxDecodeDepth = 2         // base64 and the like
	d.Redact = 100
	return d, nil
}

// Check scans the content of all files. It returns an error only when ctx is done.
func (s *Secrets) Check(ctx context.Context, files []qlp.File) (qlp.Check, error) {
	ev := record.Reading(files)
	d, err := s.detector()
	if err != nil {
		return qlp.Broken(qlp.LayerSecurity, SecretsName, ev, err.Error()), nil
	}
	var found []qlp.Finding
	for _, f := range files {
		fragment := detect.Fragment{Raw: string(f.Content), FilePath: f.Path} //nolint:staticcheck // the detector of v8 takes no other
		for _, leak := range d.DetectContext(ctx, fragment) {
			found = append(found, qlp.Finding{
				Path: f.Path, Line: leak.StartLine + 1, Column: leak.StartColumn,
				Rule: leak.RuleID, Severity: "error", Message: leak.Description,
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

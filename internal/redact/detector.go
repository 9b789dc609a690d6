package redact

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/spf13/viper"
	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/detect"
)

// exampleUUID matches the identifiers that RFC 4122, RFC 9562 and their readers use as examples: beside a field that is called
// key or token, a sample value would be taken for a secret. Any other identifier there still is one.
const exampleUUID = `(?i)^(?:6ba7b81[0-4]-9dad-11d1-80b4-00c04fd430c8|f81d4fae-7dec-11d0-a765-00a0c91e6bf6|550e8400-e29b-41d4-a716-446655440000|123e4567-e89b-12d3-a456-426614174000|[0f]{8}-[0f]{4}-[0f]{4}-[0f]{4}-[0f]{12})$`

// Detector finds the known forms of keys, tokens and passwords with gitleaks' own rules. It is safe for concurrent use.
type Detector struct{ rules *detect.Detector }

// NewDetector reads the default rules without the process-wide settings that the library's own constructor would use.
func NewDetector() (*Detector, error) {
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
	examples := &config.Allowlist{Description: "identifiers that documents use as examples", Regexes: []*regexp.Regexp{regexp.MustCompile(exampleUUID)}}
	if err := examples.Validate(); err != nil {
		return nil, fmt.Errorf("compile the examples for secrets: %w", err)
	}
	cfg.Allowlists = append(cfg.Allowlists, examples)
	d := detect.NewDetector(cfg)
	d.IgnoreGitleaksAllow = true // the code under scan does not decide what is a secret
	d.MaxDecodeDepth = 2         // base64 and the like
	return &Detector{rules: d}, nil
}

// Find returns the secrets in the text of the file at path; "" is no file. It stops early when ctx is done.
func (d *Detector) Find(ctx context.Context, path, text string) []Leak {
	var found []Leak
	fragment := detect.Fragment{Raw: text, FilePath: path} //nolint:staticcheck // the detector of v8 takes no other
	for _, leak := range d.rules.DetectContext(ctx, fragment) {
		found = append(found, Leak{
			Rule: leak.RuleID, Description: leak.Description, Line: leak.StartLine + 1, Column: leak.StartColumn, secret: leak.Secret,
		})
	}
	return found
}

var encoded = regexp.MustCompile(`(?:[A-Za-z0-9+/_-]{16,}={0,2})|(?:(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2}){16,})`)

// cut takes the secret out of text. One that stands there encoded goes with the whole of what encodes it, and one that
// cannot be found again with its whole line.
func (l Leak) cut(text string) string {
	mark := "[redacted " + l.Rule + "]"
	if l.secret != "" && strings.Contains(text, l.secret) {
		return strings.ReplaceAll(text, l.secret, mark)
	}
	changed := encoded.ReplaceAllStringFunc(text, func(token string) string {
		if hides(token, l.secret, 2) {
			return mark
		}
		return token
	})
	if changed != text || strings.Contains(text, mark) {
		return changed
	}
	lines := strings.SplitAfter(text, "\n")
	if l.Line <= len(lines) {
		lines[l.Line-1] = mark + "\n"
	}
	return strings.Join(lines, "")
}

// hides reports whether token, decoded at most depth times, holds secret.
func hides(token, secret string, depth int) bool {
	for _, decode := range []func(string) ([]byte, error){
		base64.StdEncoding.DecodeString, base64.RawStdEncoding.DecodeString, base64.URLEncoding.DecodeString,
		base64.RawURLEncoding.DecodeString, hex.DecodeString, unescape,
	} {
		plain, err := decode(token)
		if err != nil || string(plain) == token {
			continue
		}
		if strings.Contains(string(plain), secret) || depth > 1 && hides(string(plain), secret, depth-1) {
			return true
		}
	}
	return false
}

func unescape(s string) ([]byte, error) {
	plain, err := url.PathUnescape(s)
	return []byte(plain), err
}

package contract

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// notations returns the value and other ways to write it that must count as the same.
func notations(f qlp.Field, sent string) []string {
	out := []string{sent}
	var s string
	if json.Unmarshal([]byte(sent), &s) != nil {
		return out
	}
	switch f.Type {
	case qlp.TypeDecimal:
		longer := s + "0"
		if !strings.Contains(s, ".") {
			longer = s + ".0"
		}
		if len(longer) < maxDigits {
			out = append(out, text(longer), s)
		}
	case qlp.TypeDatetime:
		if t, err := time.Parse(time.RFC3339, s); err == nil {
			out = append(out, text(t.In(time.FixedZone("", 5400)).Format(time.RFC3339)))
		}
	case qlp.TypeUUID:
		out = append(out, text(strings.ToUpper(s)))
	}
	return out
}

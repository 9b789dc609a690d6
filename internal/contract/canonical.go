package contract

import (
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// canonicalDecimal returns the digits of a decimal as they are answered.
func canonicalDecimal(s string) string {
	digits, negative := strings.CutPrefix(s, "-")
	whole, fraction, point := strings.Cut(digits, ".")
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	out := whole
	if point {
		out += "." + fraction
	}
	if negative && strings.Trim(out, "0.") != "" {
		return "-" + out
	}
	return out
}

// canonicalTime returns a moment as it is answered: in UTC, a fraction only where there is one.
func canonicalTime(s string) string {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil { // our own samples parse; a default was checked by the Spec's own rules
		return s
	}
	return t.UTC().Format("2006-01-02T15:04:05.999999Z07:00")
}

// defaultJSON returns the JSON of a field's default as it is answered.
func defaultJSON(f qlp.Field) string {
	switch f.Type {
	case qlp.TypeDecimal:
		return text(canonicalDecimal(f.Default.Text()))
	case qlp.TypeDatetime:
		return text(canonicalTime(f.Default.Text()))
	case qlp.TypeUUID:
		return text(strings.ToLower(f.Default.Text()))
	default:
		return string(*f.Default)
	}
}

// safe writes doubled braces in a JSON text so that they are no placeholder of a Step.
func safe(json string) string { return strings.ReplaceAll(json, "{{", `{\u007b`) }

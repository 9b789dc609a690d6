package contracttest

import (
	"encoding/json"
	"math/big"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/quantumlayer/qlp/internal/qlp"
)

var (
	intToken  = regexp.MustCompile(`^-?[0-9]+$`)
	decimal   = regexp.MustCompile(`^(-?)0*([0-9]+)(\.[0-9]+)?$`)
	dateForm  = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	timeForm  = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`)
	emailForm = regexp.MustCompile(`^[^@]+@[^@]+\.[^@]+$`)
	uuidForm  = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

// typed returns the canonical JSON of a value of the field's type.
func (s *Service) typed(f qlp.Field, raw string) (string, bool) {
	switch f.Type {
	case qlp.TypeBool:
		return raw, raw == "true" || raw == "false"
	case qlp.TypeInt, qlp.TypeRef:
		if s.is(FaultIntString) {
			raw = strings.Trim(raw, `"`)
		}
		n, ok := new(big.Int).SetString(raw, 10)
		if s.is(FaultIntFraction) && !ok {
			if r, isNumber := new(big.Rat).SetString(raw); isNumber && r.IsInt() {
				n, ok, raw = r.Num(), true, r.Num().String()
			}
		}
		return raw, ok && intToken.MatchString(raw) && (n.CmpAbs(big.NewInt(9007199254740991)) <= 0 || s.is(FaultIntRange))
	case qlp.TypeDecimal:
		return s.decimal(raw)
	}
	var text string
	if !strings.HasPrefix(raw, `"`) || json.Unmarshal([]byte(raw), &text) != nil {
		return raw, false
	}
	text, ok := s.text(f, text)
	return quote(text), ok
}

func (s *Service) decimal(raw string) (string, bool) {
	var text string
	if json.Unmarshal([]byte(raw), &text) != nil {
		text = raw
	}
	m := decimal.FindStringSubmatch(text)
	if m == nil || strings.ContainsAny(text, "\n") {
		return "null", false
	}
	if digits := strings.Trim(strings.Replace(text, ".", "", 1), "-"); len(digits) > 30 {
		return "null", false
	}
	out := m[2] + m[3]
	if strings.Trim(out, "0.") != "" {
		out = m[1] + out
	}
	if s.is(FaultDecimalFloat) {
		if x, err := strconv.ParseFloat(text, 64); err == nil {
			out = strconv.FormatFloat(x, 'f', -1, 64)
		}
	}
	if s.is(FaultDecimalNumber) {
		return out, true
	}
	return quote(out), true
}

func (s *Service) text(f qlp.Field, text string) (string, bool) {
	switch f.Type {
	case qlp.TypeString:
		return text, !strings.ContainsAny(text, "\x00\r\n") || s.is(FaultLineBreak)
	case qlp.TypeText:
		return text, !strings.Contains(text, "\x00")
	case qlp.TypeDate:
		_, err := time.Parse(time.DateOnly, text)
		return text, dateForm.MatchString(text) && text[:4] != "0000" && (err == nil || s.is(FaultDate))
	case qlp.TypeDatetime:
		return s.moment(text)
	case qlp.TypeEmail:
		return text, emailForm.MatchString(text) && isCompact(text, 254) || s.is(FaultEmail) && strings.Contains(text, "@")
	case qlp.TypeURL:
		u, err := url.Parse(text)
		good := err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
		return text, (good || s.is(FaultURL) && err == nil) && isCompact(text, 2000)
	case qlp.TypeUUID:
		lower := strings.ToLower(text)
		if s.is(FaultUUIDCase) {
			return text, uuidForm.MatchString(lower)
		}
		return lower, uuidForm.MatchString(lower)
	default:
		return text, true
	}
}

func (s *Service) moment(text string) (string, bool) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || !timeForm.MatchString(text) || text[:4] == "0000" {
		return text, false
	}
	if s.is(FaultZone) {
		return text, true
	}
	t = t.UTC()
	return t.Format("2006-01-02T15:04:05.999999Z07:00"), t.Year() >= 1 && t.Year() <= 9999
}

func isCompact(text string, most int) bool {
	return !strings.ContainsFunc(text, unicode.IsSpace) && !strings.Contains(text, "\x00") && utf8.RuneCountInString(text) <= most
}

// bound returns the first bound that a number breaks.
func (s *Service) bound(f qlp.Field, text string) string {
	n, ok := new(big.Rat).SetString(text)
	if !ok || s.is(FaultBounds) {
		return ""
	}
	cmp := func(b *qlp.Number) int {
		if s.is(FaultBoundsFloat) {
			x, _ := n.Float64()
			y, _ := b.Rat().Float64()
			return big.NewFloat(x).Cmp(big.NewFloat(y))
		}
		return n.Cmp(b.Rat())
	}
	strict := 0
	if s.is(FaultExclusive) {
		strict = 1
	}
	switch {
	case f.Min != nil && (cmp(f.Min) < 0 || cmp(f.Min) == 0 && s.is(FaultMinStrict)):
		return "min"
	case f.Max != nil && (cmp(f.Max) > 0 || cmp(f.Max) == 0 && s.is(FaultMaxStrict)):
		return "max"
	case f.ExclusiveMin != nil && cmp(f.ExclusiveMin) <= -strict:
		return "exclusive_min"
	case f.ExclusiveMax != nil && cmp(f.ExclusiveMax) >= strict:
		return "exclusive_max"
	}
	return ""
}

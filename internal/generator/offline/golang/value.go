package golang

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// decimalText returns the canonical digits of a decimal: as they stand, but for superfluous zeros in front and -0.
func decimalText(s string) string {
	digits, negative := strings.CutPrefix(s, "-")
	whole, fraction, point := strings.Cut(digits, ".")
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if point {
		whole += "." + fraction
	}
	if negative && strings.Trim(whole, "0.") != "" {
		return "-" + whole
	}
	return whole
}

// defaultValue returns the field's default as an expression of its type.
func (f fieldView) defaultValue() string {
	text := f.Default.Text()
	switch f.Type {
	case qlp.TypeInt:
		return qlp.Number(text).Rat().Num().String()
	case qlp.TypeBool:
		return text
	case qlp.TypeDecimal:
		return strconv.Quote(decimalText(text))
	case qlp.TypeUUID:
		return strconv.Quote(strings.ToLower(text))
	case qlp.TypeDatetime:
		return timeExpression(text)
	default:
		return strconv.Quote(text)
	}
}

// timeExpression returns a point in time as an expression. The text was checked with the Spec.
func timeExpression(text string) string {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return "time.Time{}"
	}
	t = t.UTC().Truncate(time.Microsecond)
	return fmt.Sprintf("time.Date(%d, %d, %d, %d, %d, %d, %d, time.UTC)",
		t.Year(), int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond())
}

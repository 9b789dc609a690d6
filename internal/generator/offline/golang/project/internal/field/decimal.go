package field

import (
	"math/big"
	"strings"
)

// maxDigits is how many digits a decimal may have, before and after its point.
const maxDigits = 30

// Decimal is an exact decimal number: the digits as they were given, without superfluous zeros in front and never -0.
// Make one with ParseDecimal. No decimal ever passes through a float.
type Decimal string

// ParseDecimal reads -?[0-9]+(\.[0-9]+)? with at most 30 digits.
func ParseDecimal(s string) (Decimal, bool) {
	unsigned := strings.TrimPrefix(s, "-")
	whole, fraction, hasPoint := strings.Cut(unsigned, ".")
	if !allDigits(whole) || hasPoint && !allDigits(fraction) || len(whole)+len(fraction) > maxDigits {
		return "", false
	}
	digits := strings.TrimLeft(whole, "0")
	if digits == "" {
		digits = "0"
	}
	if hasPoint {
		digits += "." + fraction
	}
	if len(unsigned) < len(s) && strings.Trim(digits, "0.") != "" {
		digits = "-" + digits
	}
	return Decimal(digits), true
}

// Cmp compares by value: 1.0 equals 1.
func (d Decimal) Cmp(e Decimal) int { return d.rat().Cmp(e.rat()) }

// Key returns the form in which equal decimals are equal strings.
func (d Decimal) Key() string {
	if !strings.Contains(string(d), ".") {
		return string(d)
	}
	return strings.TrimSuffix(strings.TrimRight(string(d), "0"), ".")
}

func (d Decimal) rat() *big.Rat {
	r, ok := new(big.Rat).SetString(string(d))
	if !ok { // the zero Decimal
		return new(big.Rat)
	}
	return r
}

func allDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

package qlp

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// microsInDollar is what a dollar has. Money is counted in whole micro-dollars and never in floating point.
const microsInDollar = 1_000_000

var dollars = regexp.MustCompile(`^([0-9]{1,9})(?:\.([0-9]{1,6}))?$`)

// ParseUSD reads an amount of dollars, "2.50", as micro-dollars, exactly: at most six decimals, no sign, no exponent.
func ParseUSD(text string) (int64, error) {
	m := dollars.FindStringSubmatch(text)
	if m == nil {
		return 0, Errorf(Invalid, "%.40q is no amount of dollars", text).WithRemedy("write it like 2.50, with at most six decimals")
	}
	micros, err := strconv.ParseInt(m[1]+(m[2] + "000000")[:6], 10, 64)
	if err != nil { // the expression allows nothing that does not fit
		return 0, Errorf(Invalid, "%.40q is no amount of dollars: %w", text, err)
	}
	return micros, nil
}

// FormatUSD writes micro-dollars as dollars: two decimals, and more where there is more to say.
func FormatUSD(micros int64) string {
	sign := ""
	if micros < 0 {
		sign, micros = "-", -micros
	}
	text := fmt.Sprintf("%d.%06d", micros/microsInDollar, micros%microsInDollar)
	cut := strings.TrimRight(text, "0")
	if whole := strings.Index(text, ".") + 3; len(cut) < whole {
		cut = text[:whole]
	}
	return sign + "$" + cut
}

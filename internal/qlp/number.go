package qlp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strings"
)

// Number is an exact decimal as it was written: a bound must not change on its way through a float.
type Number string

var numberPattern = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)

// ParseNumber reads a plain decimal such as -12.50. Exponents, signs in front of a plus and leading zeros are refused.
func ParseNumber(s string) (Number, error) {
	if len(s) > 60 || !numberPattern.MatchString(s) {
		return "", Errorf(Invalid, "%.60q is not a plain decimal number", s)
	}
	return Number(s), nil
}

// Rat returns the exact value.
func (n Number) Rat() *big.Rat {
	r, ok := new(big.Rat).SetString(string(n))
	if !ok {
		return new(big.Rat)
	}
	return r
}

// Cmp compares by value: 1.0 equals 1.
func (n Number) Cmp(m Number) int { return n.Rat().Cmp(m.Rat()) }

// IsInt reports whether n has no fraction.
func (n Number) IsInt() bool { return n.Rat().IsInt() }

// MarshalJSON writes the digits as a JSON number.
func (n Number) MarshalJSON() ([]byte, error) {
	if _, err := ParseNumber(string(n)); err != nil {
		return nil, err
	}
	return []byte(n), nil
}

// UnmarshalJSON takes a JSON number, or a string that holds one.
func (n *Number) UnmarshalJSON(b []byte) error {
	v, err := ParseNumber(strings.Trim(string(b), `"`))
	if err != nil {
		return err
	}
	*n = v
	return nil
}

// Scalar is a default value: a JSON string, number or boolean, kept as its JSON text.
type Scalar string

// StringScalar makes a Scalar of a string.
func StringScalar(s string) Scalar {
	b, err := json.Marshal(s)
	if err != nil { // a string always marshals
		panic(err)
	}
	return Scalar(b)
}

// NumberScalar makes a Scalar of a number.
func NumberScalar(n Number) Scalar { return Scalar(n) }

// BoolScalar makes a Scalar of a boolean.
func BoolScalar(v bool) Scalar { return Scalar(fmt.Sprint(v)) }

// Text returns the value without JSON quotes.
func (s Scalar) Text() string {
	var t string
	if json.Unmarshal([]byte(s), &t) == nil {
		return t
	}
	return string(s)
}

// MarshalJSON writes the JSON text.
func (s Scalar) MarshalJSON() ([]byte, error) { return []byte(s), nil }

// UnmarshalJSON takes any JSON scalar but null.
func (s *Scalar) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	if len(b) == 0 || b[0] == '{' || b[0] == '[' || b[0] == 'n' {
		return Errorf(Invalid, "a default is a string, a number or a boolean")
	}
	*s = Scalar(b)
	return nil
}

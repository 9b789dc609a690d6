package qlp

import (
	"encoding/json"
	"fmt"
	"math/big"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The limits of values, which the service contract states.
const (
	maxSafeInt      = 9007199254740991
	maxDigits       = 30
	maxForcedLength = 100_000 // a longer least length would not fit into a request
)

// validate checks the rules of one field against its type and against one another.
func (f Field) validate(p *problems, at string) {
	if !slices.Contains(FieldTypes(), f.Type) {
		p.add(at+".type", "%q is not a type", f.Type)
		return
	}
	f.validateBounds(p, at)
	f.validateLengths(p, at)
	f.validateValues(p, at)
	if f.Unique && (f.Type == TypeBool || f.Type == TypeEnum) {
		p.add(at+".unique", "the values of type %s are so few that there could be no more rows than that; leave unique out", f.Type)
	}
	if f.Auto {
		if f.Type != TypeDate && f.Type != TypeDatetime {
			p.add(at+".auto", "only a date or a datetime is set by the service, not a %s", f.Type)
		}
		if f.Optional {
			p.add(at+".auto", "what the service always sets cannot be optional")
		}
	}
	if f.Default != nil {
		f.validateDefault(p, at+".default")
	}
}

func (f Field) validateBounds(p *problems, at string) {
	bounds := []struct {
		name string
		n    *Number
	}{{"min", f.Min}, {"max", f.Max}, {"exclusive_min", f.ExclusiveMin}, {"exclusive_max", f.ExclusiveMax}}
	for _, b := range bounds {
		if b.n == nil {
			continue
		}
		if f.Type != TypeInt && f.Type != TypeDecimal {
			p.add(at+"."+b.name, "only an int or a decimal has bounds, not a %s", f.Type)
			return
		}
		if why := numberFits(f.Type, *b.n); why != "" {
			p.add(at+"."+b.name, "%s", why)
			return
		}
	}
	if f.Min != nil && f.ExclusiveMin != nil {
		p.add(at+".exclusive_min", "there is a min too")
	}
	if f.Max != nil && f.ExclusiveMax != nil {
		p.add(at+".exclusive_max", "there is a max too")
	}
	if f.emptyRange() {
		p.add(at+".max", "no value can be within the bounds")
	}
}

// emptyRange reports whether no value lies within the bounds.
func (f Field) emptyRange() bool {
	low, lowOpen := bound(f.Min, f.ExclusiveMin)
	high, highOpen := bound(f.Max, f.ExclusiveMax)
	if low == nil || high == nil {
		return false
	}
	if f.Type == TypeInt {
		one := big.NewRat(1, 1)
		if lowOpen {
			low = new(big.Rat).Add(low, one)
		}
		if highOpen {
			high = new(big.Rat).Sub(high, one)
		}
		return low.Cmp(high) > 0
	}
	c := low.Cmp(high)
	return c > 0 || c == 0 && (lowOpen || highOpen)
}

func bound(inclusive, exclusive *Number) (value *big.Rat, open bool) {
	if exclusive != nil {
		return exclusive.Rat(), true
	}
	if inclusive != nil {
		return inclusive.Rat(), false
	}
	return nil, false
}

// numberFits says why n cannot be a value of type t.
func numberFits(t FieldType, n Number) string {
	if _, err := ParseNumber(string(n)); err != nil {
		return err.Error()
	}
	if digits := len(strings.Trim(strings.ReplaceAll(string(n), ".", ""), "-")); digits > maxDigits {
		return fmt.Sprintf("%s has more than %d digits", n, maxDigits)
	}
	if t == TypeInt {
		if !n.IsInt() {
			return fmt.Sprintf("%s is not a whole number", n)
		}
		if new(big.Rat).Abs(n.Rat()).Cmp(new(big.Rat).SetInt64(maxSafeInt)) > 0 {
			return fmt.Sprintf("%s is beyond ±%d", n, int64(maxSafeInt))
		}
	}
	return ""
}

func (f Field) validateLengths(p *problems, at string) {
	if f.Length == 0 && f.MinLength == 0 && f.MaxLength == 0 {
		return
	}
	switch {
	case f.Type != TypeString && f.Type != TypeText:
		p.add(at+".length", "only a string or a text has a length, not a %s", f.Type)
	case f.Length < 0 || f.MinLength < 0 || f.MaxLength < 0:
		p.add(at+".length", "a length cannot be negative")
	case f.Length > 0 && (f.MinLength > 0 || f.MaxLength > 0):
		p.add(at+".length", "an exact length leaves no room for a least or greatest one")
	case max(f.Length, f.MinLength) > maxForcedLength:
		p.add(at+".length", "more than %d characters cannot be required", maxForcedLength)
	case f.MaxLength > 0 && f.MinLength > f.MaxLength:
		p.add(at+".max_length", "it is less than min_length")
	}
}

func (f Field) validateValues(p *problems, at string) {
	if f.Type != TypeEnum {
		if len(f.Values) > 0 {
			p.add(at+".values", "only an enum has a list of values, not a %s", f.Type)
		}
		return
	}
	if len(f.Values) == 0 {
		p.add(at+".values", "an enum needs its values")
	}
	for i, v := range f.Values {
		switch {
		case strings.TrimSpace(v) == "" || strings.TrimSpace(v) != v:
			p.add(at+".values", "%q is blank, or has white space around it", v)
		case len(v) > 200 || !utf8.ValidString(v) || strings.ContainsFunc(v, isControl):
			p.add(at+".values", "%.40q is not one line of at most 200 bytes", v)
		case slices.Contains(f.Values[:i], v):
			p.add(at+".values", "%q is listed twice", v)
		}
	}
}

// validateDefault checks that a row which takes the default would be accepted.
func (f Field) validateDefault(p *problems, at string) {
	switch {
	case f.Auto:
		p.add(at, "what the service sets has no default")
		return
	case f.Unique:
		p.add(at, "a unique field cannot have a default: its second row would clash")
		return
	case f.Type == TypeRef:
		p.add(at, "a reference cannot have a default")
		return
	}
	var v any
	if err := json.Unmarshal([]byte(*f.Default), &v); err != nil {
		p.add(at, "%.40q is not a JSON value", string(*f.Default))
		return
	}
	if why := f.refuses(v); why != "" {
		p.add(at, "%s", why)
	}
}

// refuses says why a value, as JSON gives it, cannot be the field's value.
func (f Field) refuses(v any) string {
	if f.Type == TypeBool {
		if _, ok := v.(bool); !ok {
			return "it is not true or false"
		}
		return ""
	}
	text := f.Default.Text()
	switch v.(type) {
	case string:
		if f.Type == TypeInt {
			return "it is not a number"
		}
	case float64:
		if f.Type != TypeInt && f.Type != TypeDecimal {
			return fmt.Sprintf("a number is not a %s; put it in quotes", f.Type)
		}
	default:
		return fmt.Sprintf("it is not a %s", f.Type)
	}
	switch f.Type {
	case TypeInt, TypeDecimal:
		return f.refusesNumber(Number(text))
	case TypeString, TypeText:
		return f.refusesText(text)
	case TypeEnum:
		if !slices.Contains(f.Values, text) {
			return fmt.Sprintf("%q is not one of %s", text, strings.Join(f.Values, ", "))
		}
	default:
		if !hasForm(f.Type, text) {
			return fmt.Sprintf("%q is not a %s", text, f.Type)
		}
	}
	return ""
}

func (f Field) refusesNumber(n Number) string {
	if why := numberFits(f.Type, n); why != "" {
		return why
	}
	switch {
	case f.Min != nil && n.Cmp(*f.Min) < 0, f.ExclusiveMin != nil && n.Cmp(*f.ExclusiveMin) <= 0:
		return fmt.Sprintf("%s is below the least value", n)
	case f.Max != nil && n.Cmp(*f.Max) > 0, f.ExclusiveMax != nil && n.Cmp(*f.ExclusiveMax) >= 0:
		return fmt.Sprintf("%s is above the greatest value", n)
	}
	return ""
}

func (f Field) refusesText(text string) string {
	n := utf8.RuneCountInString(text)
	switch {
	case strings.ContainsRune(text, 0), f.Type == TypeString && strings.ContainsAny(text, "\r\n"):
		return "it holds a character that the field refuses"
	case !f.Optional && strings.TrimSpace(text) == "":
		return "a required field cannot be blank"
	case f.Length > 0 && n != f.Length, n < f.MinLength, f.MaxLength > 0 && n > f.MaxLength:
		return fmt.Sprintf("its %d characters break the field's length", n)
	}
	return ""
}

var (
	emailPattern = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
	uuidPattern  = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

// hasForm reports whether text has the form of a date, datetime, email, url or uuid.
func hasForm(t FieldType, text string) bool {
	switch t {
	case TypeDate:
		_, err := time.Parse(time.DateOnly, text)
		return err == nil
	case TypeDatetime:
		_, err := time.Parse(time.RFC3339, text)
		return err == nil
	case TypeEmail:
		return len(text) <= 254 && emailPattern.MatchString(text)
	case TypeURL:
		u, err := url.Parse(text)
		return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && !strings.ContainsAny(text, " \t\n")
	case TypeUUID:
		return uuidPattern.MatchString(text)
	default:
		return false
	}
}

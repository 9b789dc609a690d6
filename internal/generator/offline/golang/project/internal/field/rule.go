package field

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Rule is one demand on a value of the right type. Fields list their rules in the order in which they are documented; the
// first that is broken is told.
type Rule[T any] struct {
	name  string
	text  string // the end of the sentence "the field ...", with one verb for bound
	bound any
	holds func(*Form, T) bool
}

func (r Rule[T]) message() string { return fmt.Sprintf(r.text, r.bound) }

// OneOf demands one of the values.
func OneOf(values ...string) Rule[string] {
	return Rule[string]{"enum", "must be one of %s", list(values), func(_ *Form, s string) bool {
		return slices.Contains(values, s)
	}}
}

type list []string

func (l list) String() string { return strings.Join(l, ", ") }

// Min demands at least bound.
func Min(bound int64) Rule[int64] {
	return Rule[int64]{"min", "must be at least %d", bound, func(_ *Form, n int64) bool { return n >= bound }}
}

// Max demands at most bound.
func Max(bound int64) Rule[int64] {
	return Rule[int64]{"max", "must be at most %d", bound, func(_ *Form, n int64) bool { return n <= bound }}
}

// Above demands more than bound.
func Above(bound int64) Rule[int64] {
	return Rule[int64]{"exclusive_min", "must be greater than %d", bound, func(_ *Form, n int64) bool { return n > bound }}
}

// Below demands less than bound.
func Below(bound int64) Rule[int64] {
	return Rule[int64]{"exclusive_max", "must be less than %d", bound, func(_ *Form, n int64) bool { return n < bound }}
}

// DecimalMin demands at least bound.
func DecimalMin(bound Decimal) Rule[Decimal] {
	return Rule[Decimal]{"min", "must be at least %s", bound, func(_ *Form, d Decimal) bool { return d.Cmp(bound) >= 0 }}
}

// DecimalMax demands at most bound.
func DecimalMax(bound Decimal) Rule[Decimal] {
	return Rule[Decimal]{"max", "must be at most %s", bound, func(_ *Form, d Decimal) bool { return d.Cmp(bound) <= 0 }}
}

// DecimalAbove demands more than bound.
func DecimalAbove(bound Decimal) Rule[Decimal] {
	return Rule[Decimal]{"exclusive_min", "must be greater than %s", bound, func(_ *Form, d Decimal) bool { return d.Cmp(bound) > 0 }}
}

// DecimalBelow demands less than bound.
func DecimalBelow(bound Decimal) Rule[Decimal] {
	return Rule[Decimal]{"exclusive_max", "must be less than %s", bound, func(_ *Form, d Decimal) bool { return d.Cmp(bound) < 0 }}
}

// Length demands exactly n characters. Characters are Unicode code points.
func Length(n int) Rule[string] {
	return Rule[string]{"length", "must have exactly %d characters", n, func(_ *Form, s string) bool {
		return utf8.RuneCountInString(s) == n
	}}
}

// MinLength demands at least n characters.
func MinLength(n int) Rule[string] {
	return Rule[string]{"min_length", "must have at least %d characters", n, func(_ *Form, s string) bool {
		return utf8.RuneCountInString(s) >= n
	}}
}

// MaxLength demands at most n characters.
func MaxLength(n int) Rule[string] {
	return Rule[string]{"max_length", "must have at most %d characters", n, func(_ *Form, s string) bool {
		return utf8.RuneCountInString(s) <= n
	}}
}

// Reference demands the id of a row of that entity. It is asked within the transaction that keeps the value.
func Reference(entity string) Rule[int64] {
	return Rule[int64]{"reference", "must be the id of a %s that exists", strings.ReplaceAll(entity, "_", " "), func(f *Form, id int64) bool {
		return f.exists(entity, id)
	}}
}

// Check returns the first rule that v breaks, as the end of the sentence "the field ...", and "" if there is none.
func Check[T any](v T, rules ...Rule[T]) string {
	for _, r := range rules {
		if !r.holds(nil, v) {
			return r.message()
		}
	}
	return ""
}

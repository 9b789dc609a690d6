package field

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// MaxInt is the largest integer that every reader of JSON keeps exactly.
const MaxInt = 1<<53 - 1

// Kind is how a type of value is written. Its functions are pure.
type Kind[T any] struct {
	wants string // "must be ..."
	text  bool   // a JSON string
	token bool   // a JSON number, or true and false
	blank bool   // white space alone is no value
	parse func(string) (T, bool)
}

// Line is text without a line break.
func Line() Kind[string] {
	return Kind[string]{wants: "a text of one line", text: true, blank: true, parse: func(s string) (string, bool) {
		return s, !strings.ContainsAny(s, "\x00\r\n")
	}}
}

// Text is text of any number of lines.
func Text() Kind[string] {
	return Kind[string]{wants: "a text without the character U+0000", text: true, blank: true, parse: func(s string) (string, bool) {
		return s, !strings.Contains(s, "\x00")
	}}
}

// Word is text that a rule compares as it stands, as the values of an enumeration.
func Word() Kind[string] {
	return Kind[string]{wants: "a text", text: true, parse: func(s string) (string, bool) { return s, true }}
}

// Int is a whole number, written without fraction and exponent.
func Int() Kind[int64] {
	return Kind[int64]{wants: "an integer from -9007199254740991 to 9007199254740991", token: true, parse: parseInt}
}

// ID is an integer that names a row. One that no row can have is 0: whether there is such a row is asked by a rule.
func ID() Kind[int64] {
	return Kind[int64]{wants: "an integer", token: true, parse: func(s string) (int64, bool) {
		if id, ok := parseInt(s); ok && id > 0 {
			return id, true
		}
		return 0, isInteger(s)
	}}
}

// Bool is true or false.
func Bool() Kind[bool] {
	return Kind[bool]{wants: "true or false", token: true, parse: func(s string) (bool, bool) {
		return s == "true", s == "true" || s == "false"
	}}
}

// Number is an exact decimal: a string or a number.
func Number() Kind[Decimal] {
	return Kind[Decimal]{wants: "a decimal number such as 12.50, with at most 30 digits", text: true, token: true, parse: ParseDecimal}
}

// Day is a day of the calendar.
func Day() Kind[Date] {
	return Kind[Date]{wants: "a date such as 2026-02-28", text: true, parse: ParseDate}
}

// Moment is a point in time, kept in UTC.
func Moment() Kind[time.Time] {
	return Kind[time.Time]{wants: "a time such as 2026-02-28T09:30:00Z", text: true, parse: ParseTime}
}

// Email is an e-mail address, as far as its form can tell.
func Email() Kind[string] {
	return Kind[string]{wants: "an e-mail address", text: true, blank: true, parse: parseEmail}
}

// URL is an address on the web.
func URL() Kind[string] {
	return Kind[string]{wants: "an http or https URL", text: true, blank: true, parse: parseURL}
}

// UUID is a UUID, kept in lower case.
func UUID() Kind[string] {
	return Kind[string]{wants: "a UUID", text: true, blank: true, parse: parseUUID}
}

// Parse reads the value from a query parameter.
func (k Kind[T]) Parse(s string) (T, bool) { return k.parse(s) }

// Wants ends the sentence "the field must be ...".
func (k Kind[T]) Wants() string { return k.wants }

// fromJSON reads the value from valid JSON.
func (k Kind[T]) fromJSON(raw json.RawMessage) (T, bool) {
	var zero T
	s, isText := unquote(raw)
	if !isText {
		s = string(raw)
	}
	if isText && !k.text || !isText && !k.token {
		return zero, false
	}
	return k.parse(s)
}

// unquote returns the text of a JSON string.
func unquote(raw json.RawMessage) (string, bool) {
	var s string
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		return "", false
	}
	return s, true
}

func parseInt(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && isInteger(s) && -MaxInt <= n && n <= MaxInt
}

func isInteger(s string) bool { return allDigits(strings.TrimPrefix(s, "-")) }

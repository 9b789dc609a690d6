package field

import "time"

// Date is a day of the calendar, 2026-02-28. Make one with ParseDate.
type Date string

// ParseDate takes a day that exists, in the years 0001 to 9999.
func ParseDate(s string) (Date, bool) {
	day, err := time.Parse(time.DateOnly, s)
	return Date(s), err == nil && len(s) == len(time.DateOnly) && day.Year() > 0
}

// ParseTime takes RFC 3339 with Z or an offset and at most 6 digits of a second, and returns the time in UTC.
func ParseTime(s string) (time.Time, bool) {
	if !hasTimeForm(s) {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, s)
	t = t.UTC()
	return t, err == nil && t.Year() > 0 && t.Year() <= 9999
}

// hasTimeForm reports whether s looks like 2026-02-28T09:30:00.123456+01:00; time.Parse is more generous than RFC 3339.
func hasTimeForm(s string) bool {
	const form = "dddd-dd-ddTdd:dd:dd"
	if len(s) <= len(form) || !matches(s[:len(form)], form) || s[:4] == "0000" {
		return false
	}
	rest := s[len(form):]
	if rest[0] == '.' {
		digits := 0
		for digits+1 < len(rest) && '0' <= rest[digits+1] && rest[digits+1] <= '9' {
			digits++
		}
		if digits == 0 || digits > 6 {
			return false
		}
		rest = rest[digits+1:]
	}
	if rest == "Z" {
		return true
	}
	return (matches(rest, "+dd:dd") || matches(rest, "-dd:dd")) && rest[1:3] < "24" && rest[4:6] < "60"
}

// matches compares s with a form in which d is any digit.
func matches(s, form string) bool {
	if len(s) != len(form) {
		return false
	}
	for i := range len(s) {
		if form[i] == 'd' && (s[i] < '0' || s[i] > '9') || form[i] != 'd' && s[i] != form[i] {
			return false
		}
	}
	return true
}

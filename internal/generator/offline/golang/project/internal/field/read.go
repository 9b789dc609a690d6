package field

import (
	"encoding/json"
	"strings"
	"time"
)

// Required reads a field that must have a value.
func Required[T any](f *Form, key string, now T, kind Kind[T], rules ...Rule[T]) T {
	if f.stays(key) {
		return now
	}
	raw, ok := f.value(key)
	if !ok || kind.blank && isBlank(raw) {
		f.refuse(key, "required", "is required")
		return now
	}
	return read(f, key, raw, now, kind, rules)
}

// Optional reads a field that may have no value.
func Optional[T any](f *Form, key string, now *T, kind Kind[T], rules ...Rule[T]) *T {
	if f.stays(key) {
		return now
	}
	raw, ok := f.value(key)
	if !ok {
		return nil
	}
	var zero T
	v := read(f, key, raw, zero, kind, rules)
	return &v
}

// Defaulted reads a field that always has a value, though a caller need not give it.
func Defaulted[T any](f *Form, key string, now, usual T, kind Kind[T], rules ...Rule[T]) T {
	if f.stays(key) {
		return now
	}
	raw, ok := f.value(key)
	switch {
	case ok:
		return read(f, key, raw, now, kind, rules)
	case f.mode == Change: // null was given, and would leave it without a value
		f.refuse(key, "required", "is required")
		return now
	default:
		return usual
	}
}

// OptionalDefaulted reads a field that has a value unless a change takes it away.
func OptionalDefaulted[T any](f *Form, key string, now *T, usual T, kind Kind[T], rules ...Rule[T]) *T {
	v := Optional(f, key, now, kind, rules...)
	if v == nil && f.mode != Change {
		return &usual
	}
	return v
}

// CreatedAt is a time that the service sets when the row is created.
func CreatedAt(f *Form, key string, now time.Time) time.Time {
	f.readOnly(key)
	if f.mode == Create {
		return f.now
	}
	return now
}

// ChangedAt is a time that the service sets whenever the row changes.
func ChangedAt(f *Form, key string) time.Time {
	f.readOnly(key)
	return f.now
}

// CreatedOn is the day, in UTC, on which the row was created.
func CreatedOn(f *Form, key string, now Date) Date {
	f.readOnly(key)
	if f.mode == Create {
		return Date(f.now.Format(time.DateOnly))
	}
	return now
}

// ChangedOn is the day, in UTC, of the row's last change.
func ChangedOn(f *Form, key string) Date {
	f.readOnly(key)
	return Date(f.now.Format(time.DateOnly))
}

func (f *Form) readOnly(key string) {
	f.known[key] = true
	if _, ok := f.value(key); ok {
		f.refuse(key, "read_only", "is set by the service")
	}
}

// read returns the value in raw, or what the field had before and one violation: the first rule that is broken.
func read[T any](f *Form, key string, raw json.RawMessage, before T, kind Kind[T], rules []Rule[T]) T {
	v, ok := kind.fromJSON(raw)
	if !ok {
		f.refuse(key, "type", "must be "+kind.wants)
		return before
	}
	for _, rule := range rules {
		if !rule.holds(f, v) {
			f.refuse(key, rule.name, rule.message())
			return before
		}
	}
	return v
}

func isBlank(raw json.RawMessage) bool {
	s, ok := unquote(raw)
	return ok && strings.TrimSpace(s) == ""
}

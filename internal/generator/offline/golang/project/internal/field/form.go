package field

import (
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// Mode says what an absent field means.
type Mode int

// The modes.
const (
	Create  Mode = iota // a new row: absent fields have their default, or nothing
	Replace             // every field anew: the same, and times of creation stay
	Change              // some fields: absent ones keep their value
)

// Exists reports whether an entity has a row with that id.
type Exists func(entity string, id int64) bool

// Form is a row as a caller gave it, on its way to become one. It serves one row, and is not safe for concurrent use.
type Form struct {
	mode   Mode
	given  map[string]json.RawMessage
	now    time.Time
	exists Exists
	known  map[string]bool
	broken []Violation
}

// NewForm returns a form for the members of a JSON object, each of them valid JSON. Times are set to now.
func NewForm(mode Mode, given map[string]json.RawMessage, now time.Time, exists Exists) *Form {
	f := &Form{
		mode: mode, given: given, exists: exists,
		now:   now.UTC().Truncate(time.Microsecond),
		known: map[string]bool{"id": true},
	}
	if _, ok := f.value("id"); ok {
		f.refuse("id", "read_only", "is given by the service")
	}
	return f
}

// Err returns an *Invalid with every broken rule: in the order in which the fields were read, then the keys that are no
// field in the order of the alphabet. It returns nil when the row is good.
func (f *Form) Err() error {
	for _, key := range slices.Sorted(maps.Keys(f.given)) {
		if !f.known[key] {
			f.refuse(key, "unknown", "is not a field")
		}
	}
	if len(f.broken) == 0 {
		return nil
	}
	return &Invalid{Violations: f.broken}
}

// value returns what was given for key; null counts as absent.
func (f *Form) value(key string) (json.RawMessage, bool) {
	raw, ok := f.given[key]
	return raw, ok && string(raw) != "null"
}

// stays reports whether the field keeps the value that it has.
func (f *Form) stays(key string) bool {
	f.known[key] = true
	_, given := f.given[key]
	return f.mode == Change && !given
}

func (f *Form) refuse(key, rule, message string) {
	f.broken = append(f.broken, Violation{Field: key, Rule: rule, Message: key + " " + message})
}

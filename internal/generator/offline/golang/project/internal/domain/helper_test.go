package domain

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/generator/offline/golang/project/internal/field"
)

// row is what every entity can do.
type row interface{ Fill(*field.Form) }

// edit puts a JSON value in the place of a good one. An empty rule means that the value is good too.
type edit struct{ key, value, rule string }

// fill reads a JSON object into r. In the tests, every entity has one row: the one with the id 1.
func fill(t *testing.T, r row, mode field.Mode, object map[string]json.RawMessage) []field.Violation {
	t.Helper()
	form := field.NewForm(mode, object, time.Now(), func(_ string, id int64) bool { return id == 1 })
	r.Fill(form)
	var invalid *field.Invalid
	if errors.As(form.Err(), &invalid) {
		return invalid.Violations
	}
	return nil
}

// checkEdits reads the good row with each edit in turn: as a new row, as a replaced one, and as a change of one field.
func checkEdits(t *testing.T, empty func() row, good string, edits []edit) {
	t.Helper()
	for _, e := range append(edits, edit{"id", "1", "read_only"}, edit{"no such field", "null", "unknown"}) {
		for _, mode := range []field.Mode{field.Create, field.Replace, field.Change} {
			object := map[string]json.RawMessage{}
			if err := json.Unmarshal([]byte(good), &object); err != nil {
				t.Fatal(err)
			}
			if found := fill(t, empty(), mode, object); found != nil {
				t.Fatalf("the good row is refused: %v", found)
			}
			object[e.key] = json.RawMessage(e.value)
			if mode == field.Change {
				object = map[string]json.RawMessage{e.key: object[e.key]}
			}
			found := fill(t, empty(), mode, object)
			switch {
			case e.rule == "" && found != nil:
				t.Errorf("%s = %.80s is refused: %v", e.key, e.value, found)
			case e.rule != "" && (len(found) != 1 || found[0].Field != e.key || found[0].Rule != e.rule):
				t.Errorf("%s = %.80s: want the rule %s, got %v", e.key, e.value, e.rule, found)
			}
		}
	}
}

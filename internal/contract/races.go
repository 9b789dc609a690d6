package contract

import (
	"net/http"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// writers is how many clients race for one unique value.
const writers = 6

// Race is a case in which several clients create rows with one unique value at the same moment: exactly one of Together may
// be answered 201, and each of the others must be answered as it expects.
type Race struct {
	ID       string     `json:"id"`
	Steps    []qlp.Step `json:"steps"` // first, one after another
	Together []qlp.Step `json:"together"`
}

// Races returns one race for each unique field.
func Races(spec *qlp.Spec, seed int64) []Race {
	out := []Race{}
	b := newBuilder(spec, seed)
	for _, e := range spec.Entities {
		for _, f := range e.Fields {
			if !f.Unique || f.Auto || !creatable(spec, e.Name) {
				continue
			}
			race := Race{ID: e.Name + "." + f.Name + ".race", Steps: []qlp.Step{}}
			b.add(qlp.Acceptance{ID: race.ID}, func(b *builder) {
				race.Together = nil
				one := b.one(e, f)
				for range writers {
					race.Together = append(race.Together, qlp.Step{
						Method: http.MethodPost, Path: PathOf(e), Body: body(b.fill(e, false, one)),
						Expect: qlp.Expect{Status: http.StatusConflict, Errors: []qlp.FieldError{fault(f, RuleUnique)}},
					})
				}
				race.Steps = append([]qlp.Step{}, b.steps...)
				b.steps = race.Together // so that the case counts as one
			})
			if !b.impossible && len(race.Together) == writers {
				out = append(out, race)
			}
		}
	}
	return out
}

// writes is how many rows the crash test creates at most.
const writes = 120

// Crash is what a test writes while it kills the service.
type Crash struct {
	Before []qlp.Step `json:"before"` // rows that the others refer to
	Path   string     `json:"path"`
	Bodies []string   `json:"bodies"` // each creates a row
	Get    bool       `json:"get"`    // rows can be read one by one; else they are listed
}

// CrashOf returns the crash test of the first entity whose rows can be created and read again. It is nil when there is none,
// or when nothing is meant to outlive the process.
func CrashOf(spec *qlp.Spec, seed int64) *Crash {
	if spec.Storage == qlp.StorageMemory {
		return nil
	}
	for _, e := range ByNeed(spec) {
		readable := spec.Allows(e.Name, qlp.OpGet) || spec.Allows(e.Name, qlp.OpList)
		if !readable || !creatable(spec, e.Name) || needsOwn(e) {
			continue
		}
		b := newBuilder(spec, seed)
		b.parents = map[string]row{}
		c := &Crash{Before: []qlp.Step{}, Path: PathOf(e), Get: spec.Allows(e.Name, qlp.OpGet)}
		for range writes {
			values := b.fill(e, false)
			if b.values.short {
				break
			}
			c.Bodies = append(c.Bodies, body(values))
		}
		if len(c.Bodies) >= 12 {
			c.Before = append(c.Before, b.steps...)
			return c
		}
	}
	return nil
}

// needsOwn reports whether every row needs a row of another entity for itself.
func needsOwn(e qlp.Entity) bool {
	for _, f := range e.Fields {
		if f.Type == qlp.TypeRef && f.Unique && f.Required() {
			return true
		}
	}
	return false
}

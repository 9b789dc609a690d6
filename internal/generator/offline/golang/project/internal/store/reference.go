package store

import (
	"fmt"

	"github.com/quantumlayer/qlp/internal/generator/offline/golang/project/internal/field"
)

// onDelete is what happens to a row when the one that it refers to is deleted.
type onDelete int

const (
	restrict onDelete = iota // it forbids the deletion
	cascade                  // it is deleted too
	setNull                  // it loses the reference
)

// reference is a field of one entity that holds the id of another's row.
type reference struct {
	from, to  string // entities
	action    onDelete
	referring func(id int64) []int64 // the rows that refer to id
	clear     func(tx *transaction, id int64) error
}

// refer declares that the field key of from holds the id of a row of to. empty takes the reference out of a row.
func refer[T any](from *Table[T], key, to string, action onDelete, value func(*T) *int64, empty func(*T)) {
	x := newIndex(key, false, value)
	from.indexes = append(from.indexes, x)
	from.db.references = append(from.db.references, reference{
		from: from.name, to: to, action: action,
		referring: func(id int64) []int64 { return x.ids[field.Key(id)] },
		clear: func(tx *transaction, id int64) error {
			row := *from.find(id).(*T)
			empty(&row)
			return from.set(tx, id, &row)
		},
	})
}

// place is one row of one entity.
type place struct {
	entity string
	id     int64
}

// delete removes a row and what goes with it. All that is concerned is found before anything is changed: one row that
// holds on to any of it forbids the whole.
func (tx *transaction) delete(entity string, id int64) error {
	doomed := []place{{entity, id}}
	seen := map[place]bool{doomed[0]: true}
	var clears []func() error
	for i := 0; i < len(doomed); i++ {
		p := doomed[i]
		for _, r := range tx.db.references {
			if r.to != p.entity {
				continue
			}
			for _, from := range r.referring(p.id) {
				at := place{r.from, from}
				switch {
				case at == p: // a row does not hold itself
				case r.action == restrict:
					return conflict("id", "referenced", fmt.Sprintf("%s %d refers to this row", r.from, from))
				case r.action == setNull:
					clears = append(clears, func() error { return r.clear(tx, from) })
				case !seen[at]:
					seen[at] = true
					doomed = append(doomed, at)
				}
			}
		}
	}
	for _, empty := range clears {
		if err := empty(); err != nil {
			return err
		}
	}
	for _, p := range doomed {
		if err := tx.remove(p); err != nil {
			return err
		}
	}
	return nil
}

// remove takes one row out of its table and out of all links.
func (tx *transaction) remove(p place) error {
	for _, name := range tx.db.order {
		if links, ok := tx.db.parts[name].(*Links); ok {
			links.drop(tx, p)
		}
	}
	t, ok := tx.db.parts[p.entity].(*rows)
	if !ok {
		return fmt.Errorf("delete %s %d: there is no such table", p.entity, p.id)
	}
	return t.remove(tx, p.id)
}

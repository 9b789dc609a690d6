package store

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/quantumlayer/qlp/internal/generator/offline/golang/project/internal/field"
)

// rows is the part of a table that is the same whatever its rows are, and is compiled once for all of them. A row is a
// pointer to its struct, which is never changed once it is here: a change puts another in its place.
type rows struct {
	db      *database
	name    string // of the entity
	blank   func() any
	id      func(row any) *int64
	list    []any // ascending by id
	next    int64
	indexes []*index
}

// create adds a row, once fill has set its fields.
func (t *rows) create(row any, fill func(field.Exists) error) error {
	return t.db.write(func(tx *transaction) error {
		if err := fill(t.db.exists); err != nil {
			return err
		}
		*t.id(row) = t.next
		return t.put(tx, row)
	})
}

// update puts row in the place of the one with that id, once change has made it from the old one.
func (t *rows) update(id int64, row any, change func(old any, exists field.Exists) error) error {
	return t.db.write(func(tx *transaction) error {
		old := t.find(id)
		if old == nil {
			return ErrNotFound
		}
		if err := change(old, t.db.exists); err != nil {
			return err
		}
		*t.id(row) = id
		return t.put(tx, row)
	})
}

// Delete removes a row, and does to those that refer to it what the schema says.
func (t *rows) Delete(id int64) error {
	return t.db.write(func(tx *transaction) error {
		if !t.has(id) {
			return ErrNotFound
		}
		return tx.delete(t.name, id)
	})
}

func (t *rows) get(id int64) (row any, err error) {
	err = t.db.read(func() error {
		if row = t.find(id); row == nil {
			return ErrNotFound
		}
		return nil
	})
	return row, err
}

// put checks the unique values and takes the row.
func (t *rows) put(tx *transaction, row any) error {
	id := *t.id(row)
	for _, x := range t.indexes {
		if other := x.holder(row); x.unique && other != 0 && other != id {
			return conflict(x.key, "unique", x.key+" is already taken")
		}
	}
	return t.set(tx, id, row)
}

// set puts row in the place of the one with that id; nil removes it.
func (t *rows) set(tx *transaction, id int64, row any) error {
	c := change{Part: t.name, ID: id}
	if row != nil {
		text, err := json.Marshal(row)
		if err != nil {
			return fmt.Errorf("write %s %d: %w", t.name, id, err)
		}
		c.Row = text
	}
	old := t.swap(id, row)
	tx.record(c, func() { t.swap(id, old) })
	return nil
}

// swap changes rows and indexes and returns what was there. Ids only ever grow, so that none is used twice.
func (t *rows) swap(id int64, row any) any {
	t.next = max(t.next, id+1)
	at, found := t.search(id)
	var old any
	if found {
		old = t.list[at]
	}
	for _, x := range t.indexes {
		x.move(id, old, row)
	}
	switch {
	case found && row != nil:
		t.list[at] = row
	case found:
		t.list = slices.Delete(t.list, at, at+1)
	case row != nil:
		t.list = slices.Insert(t.list, at, row)
	}
	return old
}

func (t *rows) search(id int64) (int, bool) {
	return slices.BinarySearchFunc(t.list, id, func(row any, id int64) int { return cmp.Compare(*t.id(row), id) })
}

// find returns nil where there is no such row.
func (t *rows) find(id int64) any {
	at, ok := t.search(id)
	if !ok {
		return nil
	}
	return t.list[at]
}

func (t *rows) has(id int64) bool { return t.find(id) != nil }

// remove is what a deletion calls; the row is there.
func (t *rows) remove(tx *transaction, id int64) error { return t.set(tx, id, nil) }

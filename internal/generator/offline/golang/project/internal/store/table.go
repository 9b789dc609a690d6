package store

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/quantumlayer/qlp/internal/generator/offline/golang/project/internal/field"
)

// Table holds the rows of one entity. Its methods are safe for concurrent use. A row is never changed once it is in the
// table: a change puts another in its place.
type Table[T any] struct {
	db      *database
	name    string // of the entity
	id      func(*T) *int64
	rows    []*T // ascending by id
	next    int64
	indexes []*index[T]
}

// newTable adds the table of an entity to the database.
func newTable[T any](db *database, name string, id func(*T) *int64) *Table[T] {
	t := &Table[T]{db: db, name: name, id: id, next: 1}
	db.add(name, t)
	return t
}

// Create adds a row. fill sets its fields, and may ask which rows exist; the table sets the id.
func (t *Table[T]) Create(fill func(*T, field.Exists) error) (T, error) {
	row := new(T)
	err := t.db.write(func(tx *transaction) error {
		if err := fill(row, t.db.exists); err != nil {
			return err
		}
		*t.id(row) = t.next
		return t.put(tx, row)
	})
	return *row, err
}

// Update puts a row in the place of another: a copy that change was applied to.
func (t *Table[T]) Update(id int64, change func(*T, field.Exists) error) (T, error) {
	var row T
	err := t.db.write(func(tx *transaction) error {
		old := t.find(id)
		if old == nil {
			return ErrNotFound
		}
		row = *old
		if err := change(&row, t.db.exists); err != nil {
			return err
		}
		*t.id(&row) = id
		return t.put(tx, &row)
	})
	return row, err
}

// Delete removes a row, and does to those that refer to it what the schema says.
func (t *Table[T]) Delete(id int64) error {
	return t.db.write(func(tx *transaction) error {
		if !t.has(id) {
			return ErrNotFound
		}
		return tx.delete(t.name, id)
	})
}

// Get returns a row.
func (t *Table[T]) Get(id int64) (T, error) {
	var row T
	err := t.db.read(func() error {
		found := t.find(id)
		if found == nil {
			return ErrNotFound
		}
		row = *found
		return nil
	})
	return row, err
}

// put checks the unique values and takes the row.
func (t *Table[T]) put(tx *transaction, row *T) error {
	id := *t.id(row)
	for _, x := range t.indexes {
		if other := x.holder(row); x.unique && other != 0 && other != id {
			return conflict(x.key, "unique", x.key+" is already taken")
		}
	}
	return t.set(tx, id, row)
}

// set puts row in the place of the one with that id; nil removes it.
func (t *Table[T]) set(tx *transaction, id int64, row *T) error {
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
func (t *Table[T]) swap(id int64, row *T) *T {
	t.next = max(t.next, id+1)
	at, found := t.search(id)
	var old *T
	if found {
		old = t.rows[at]
	}
	for _, x := range t.indexes {
		x.move(id, old, row)
	}
	switch {
	case found && row != nil:
		t.rows[at] = row
	case found:
		t.rows = slices.Delete(t.rows, at, at+1)
	case row != nil:
		t.rows = slices.Insert(t.rows, at, row)
	}
	return old
}

func (t *Table[T]) search(id int64) (int, bool) {
	return slices.BinarySearchFunc(t.rows, id, func(row *T, id int64) int { return cmp.Compare(*t.id(row), id) })
}

func (t *Table[T]) find(id int64) *T {
	at, ok := t.search(id)
	if !ok {
		return nil
	}
	return t.rows[at]
}

func (t *Table[T]) has(id int64) bool { return t.find(id) != nil }

// remove is what a deletion calls; the row is there.
func (t *Table[T]) remove(tx *transaction, id int64) error { return t.set(tx, id, nil) }

// ID returns the id of a row of this table.
func (t *Table[T]) ID(row *T) int64 { return *t.id(row) }

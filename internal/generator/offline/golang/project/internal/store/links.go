package store

import (
	"encoding/json"
	"slices"
)

// Links holds the pairs of a many-to-many relation. Its methods are safe for concurrent use.
type Links struct {
	db          *database
	name        string
	left, right string            // entities
	toRight     map[int64][]int64 // ascending
	toLeft      map[int64][]int64
}

// newLinks adds the links between two entities to the database.
func newLinks(db *database, name, left, right string) *Links {
	l := &Links{db: db, name: name, left: left, right: right, toRight: map[int64][]int64{}, toLeft: map[int64][]int64{}}
	db.add(name, l)
	return l
}

// Link links two rows; linked ones stay linked.
func (l *Links) Link(left, right int64) error {
	return l.db.write(func(tx *transaction) error {
		if !l.db.exists(l.left, left) || !l.db.exists(l.right, right) {
			return ErrNotFound
		}
		if !l.has(left, right) {
			l.set(tx, left, right, true)
		}
		return nil
	})
}

// Unlink takes the link between two rows away.
func (l *Links) Unlink(left, right int64) error {
	return l.db.write(func(tx *transaction) error {
		if !l.has(left, right) {
			return ErrNotFound
		}
		l.set(tx, left, right, false)
		return nil
	})
}

func (l *Links) has(left, right int64) bool {
	_, ok := slices.BinarySearch(l.toRight[left], right)
	return ok
}

func (l *Links) set(tx *transaction, left, right int64, linked bool) {
	c := change{Part: l.name, ID: left, To: right}
	if linked {
		c.Row = json.RawMessage("true")
	}
	l.swap(left, right, linked)
	tx.record(c, func() { l.swap(left, right, !linked) })
}

func (l *Links) swap(left, right int64, linked bool) {
	edit := without
	if linked {
		edit = with
	}
	l.toRight[left] = edit(l.toRight[left], right)
	l.toLeft[right] = edit(l.toLeft[right], left)
	if len(l.toRight[left]) == 0 {
		delete(l.toRight, left)
	}
	if len(l.toLeft[right]) == 0 {
		delete(l.toLeft, right)
	}
}

// drop takes every link of a row away.
func (l *Links) drop(tx *transaction, p place) {
	if p.entity == l.left {
		for _, right := range slices.Clone(l.toRight[p.id]) {
			l.set(tx, p.id, right, false)
		}
	}
	if p.entity == l.right {
		for _, left := range slices.Clone(l.toLeft[p.id]) {
			l.set(tx, left, p.id, false)
		}
	}
}

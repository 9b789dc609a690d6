package store

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
)

// part is a table, or the links between two, as the disk sees it. Its methods are called with the lock held.
type part interface {
	replay(change) error
	frozen() iter.Seq2[change, error] // the whole state, read later and without the lock
}

// replay puts a change of the journal into its part.
func (db *database) replay(c change) error {
	p, ok := db.parts[c.Part].(part)
	if !ok {
		return fmt.Errorf("%q is no table of this service", c.Part)
	}
	return p.replay(c)
}

// replay puts a change of the journal into the table.
func (t *rows) replay(c change) error {
	if c.Next > 0 {
		t.next = max(t.next, c.Next)
		return nil
	}
	if c.Row == nil {
		t.swap(c.ID, nil)
		return nil
	}
	row := t.blank()
	if err := json.Unmarshal(c.Row, row); err != nil {
		return fmt.Errorf("read %s %d: %w", t.name, c.ID, err)
	}
	if *t.id(row) != c.ID || c.ID < 1 {
		return fmt.Errorf("read %s %d: the row has the id %d", t.name, c.ID, *t.id(row))
	}
	t.swap(c.ID, row)
	return nil
}

func (t *rows) frozen() iter.Seq2[change, error] {
	list, next := slices.Clone(t.list), t.next
	return func(yield func(change, error) bool) {
		if !yield(change{Part: t.name, Next: next}, nil) {
			return
		}
		for _, row := range list {
			text, err := json.Marshal(row)
			if !yield(change{Part: t.name, ID: *t.id(row), Row: text}, err) {
				return
			}
		}
	}
}

// replay puts a change of the journal into the links.
func (l *Links) replay(c change) error {
	if c.ID < 1 || c.To < 1 {
		return fmt.Errorf("read %s: a link needs two ids", l.name)
	}
	l.swap(c.ID, c.To, c.Row != nil)
	return nil
}

func (l *Links) frozen() iter.Seq2[change, error] {
	pairs := maps.Clone(l.toRight)
	for left, rights := range pairs {
		pairs[left] = slices.Clone(rights)
	}
	return func(yield func(change, error) bool) {
		for _, left := range slices.Sorted(maps.Keys(pairs)) {
			for _, right := range pairs[left] {
				if !yield(change{Part: l.name, ID: left, To: right, Row: json.RawMessage("true")}, nil) {
					return
				}
			}
		}
	}
}

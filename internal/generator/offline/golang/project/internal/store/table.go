package store

import "github.com/quantumlayer/qlp/internal/generator/offline/golang/project/internal/field"

// Table holds the rows of one entity. Its methods are safe for concurrent use.
type Table[T any] struct{ rows }

// newTable adds the table of an entity to the database.
func newTable[T any](db *database, name string, id func(*T) *int64) *Table[T] {
	t := &Table[T]{rows{
		db: db, name: name, next: 1,
		blank: func() any { return new(T) },
		id:    func(row any) *int64 { return id(row.(*T)) },
	}}
	db.add(name, &t.rows)
	return t
}

// Create adds a row. fill sets its fields, and may ask which rows exist; the table sets the id.
func (t *Table[T]) Create(fill func(*T, field.Exists) error) (T, error) {
	row := new(T)
	err := t.create(row, func(exists field.Exists) error { return fill(row, exists) })
	return *row, err
}

// Update puts a row in the place of another: a copy that change was applied to.
func (t *Table[T]) Update(id int64, change func(*T, field.Exists) error) (T, error) {
	row := new(T)
	err := t.update(id, row, func(old any, exists field.Exists) error {
		*row = *old.(*T)
		return change(row, exists)
	})
	return *row, err
}

// Get returns a row.
func (t *Table[T]) Get(id int64) (T, error) {
	found, err := t.get(id)
	if err != nil {
		return *new(T), err
	}
	return *found.(*T), nil
}

// Page returns one page of the rows that the query wants.
func (t *Table[T]) Page(q Query[T]) (Page[T], error) {
	w := wanted{page: q.Page, size: q.Size, among: q.Among, exists: q.Exists}
	for _, holds := range q.Where {
		w.where = append(w.where, func(row any) bool { return holds(row.(*T)) })
	}
	found, total, err := t.page(w)
	page := Page[T]{Items: make([]T, 0, len(found)), Number: q.Page, Size: q.Size, Total: total}
	for _, row := range found {
		page.Items = append(page.Items, *row.(*T))
	}
	return page, err
}

// ID returns the id of a row of this table.
func (t *Table[T]) ID(row *T) int64 { return *t.id(row) }

package store

import "github.com/quantumlayer/qlp/internal/generator/offline/golang/project/internal/field"

// Query says which rows of a list are wanted.
type Query[T any] struct {
	Page, Size int             // Page counts from 1
	Where      []func(*T) bool // all must hold
	Among      func() []int64  // where not nil: the rows with these ids only; called with the lock held
	Exists     func() bool     // where not nil and false: the list itself is not there
}

// Page is one page of a list, ascending by id.
type Page[T any] struct {
	Items  []T `json:"items"`
	Number int `json:"page"`
	Size   int `json:"page_size"`
	Total  int `json:"total"` // of all pages
}

// Page returns one page of the rows that the query wants.
func (t *Table[T]) Page(q Query[T]) (Page[T], error) {
	page := Page[T]{Items: []T{}, Number: q.Page, Size: q.Size}
	err := t.db.read(func() error {
		if q.Exists != nil && !q.Exists() {
			return ErrNotFound
		}
		rows := t.rows
		if q.Among != nil {
			rows = t.pick(q.Among())
		}
		t.fill(&page, rows, q.Where)
		return nil
	})
	return page, err
}

// fill counts the rows that satisfy every condition, and takes those of the page.
func (t *Table[T]) fill(page *Page[T], rows []*T, where []func(*T) bool) {
	first := len(rows) // a page so far behind the end that its number is no int
	if page.Number-1 <= len(rows)/page.Size {
		first = (page.Number - 1) * page.Size
	}
	if len(where) == 0 { // nothing to look at but the page itself
		page.Total = len(rows)
		for _, row := range rows[min(first, len(rows)):min(first+page.Size, len(rows))] {
			page.Items = append(page.Items, *row)
		}
		return
	}
	for _, row := range rows {
		if !all(where, row) {
			continue
		}
		if page.Total >= first && len(page.Items) < page.Size {
			page.Items = append(page.Items, *row)
		}
		page.Total++
	}
}

// Having returns, for a query's Among, the rows whose reference key is id.
func (t *Table[T]) Having(key string, id int64) func() []int64 {
	for _, x := range t.indexes {
		if x.key == key {
			return func() []int64 { return x.ids[field.Key(id)] }
		}
	}
	return nil
}

// OfLeft returns, for a query, the rows that are linked to the left row id, and whether that row exists.
func (l *Links) OfLeft(id int64) (among func() []int64, exists func() bool) {
	return func() []int64 { return l.toRight[id] }, func() bool { return l.db.exists(l.left, id) }
}

// OfRight is the same from the other side.
func (l *Links) OfRight(id int64) (among func() []int64, exists func() bool) {
	return func() []int64 { return l.toLeft[id] }, func() bool { return l.db.exists(l.right, id) }
}

func (t *Table[T]) pick(ids []int64) []*T {
	rows := make([]*T, 0, len(ids))
	for _, id := range ids {
		if row := t.find(id); row != nil {
			rows = append(rows, row)
		}
	}
	return rows
}

func all[T any](where []func(*T) bool, row *T) bool {
	for _, holds := range where {
		if !holds(row) {
			return false
		}
	}
	return true
}

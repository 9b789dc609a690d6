package store

import (
	"slices"

	"github.com/quantumlayer/qlp/internal/generator/offline/golang/project/internal/field"
)

// Query says which rows of a list are wanted.
type Query[T any] struct {
	Page, Size int             // Page counts from 1
	Where      []func(*T) bool // all must hold
	Among      func() []int64  // where not nil: the rows with these ids only; called with the lock held
	Exists     func() bool     // where not nil and false: the list itself is not there
}

// wanted is a query, whatever the rows are.
type wanted struct {
	page, size int
	where      []func(row any) bool
	among      func() []int64
	exists     func() bool
}

// Page is one page of a list, ascending by id.
type Page[T any] struct {
	Items  []T `json:"items"`
	Number int `json:"page"`
	Size   int `json:"page_size"`
	Total  int `json:"total"` // of all pages
}

// page returns the rows of one page, and how many there are on all of them.
func (t *rows) page(q wanted) (page []any, total int, err error) {
	err = t.db.read(func() error {
		if q.exists != nil && !q.exists() {
			return ErrNotFound
		}
		list := t.list
		if q.among != nil {
			list = t.pick(q.among())
		}
		page, total = q.cut(list)
		return nil
	})
	return page, total, err
}

// cut counts the rows that satisfy every condition, and takes those of the page.
func (q wanted) cut(list []any) (page []any, total int) {
	first := len(list) // a page so far behind the end that its number is no int
	if q.page-1 <= len(list)/q.size {
		first = (q.page - 1) * q.size
	}
	if len(q.where) == 0 { // nothing to look at but the page itself
		return slices.Clone(list[min(first, len(list)):min(first+q.size, len(list))]), len(list)
	}
	for _, row := range list {
		if !q.holds(row) {
			continue
		}
		if total >= first && len(page) < q.size {
			page = append(page, row)
		}
		total++
	}
	return page, total
}

// Having returns, for a query's Among, the rows whose reference key is id.
func (t *rows) Having(key string, id int64) func() []int64 {
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

func (t *rows) pick(ids []int64) []any {
	list := make([]any, 0, len(ids))
	for _, id := range ids {
		if row := t.find(id); row != nil {
			list = append(list, row)
		}
	}
	return list
}

func (q wanted) holds(row any) bool {
	for _, holds := range q.where {
		if !holds(row) {
			return false
		}
	}
	return true
}

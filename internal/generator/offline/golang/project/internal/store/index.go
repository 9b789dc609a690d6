package store

import (
	"slices"

	"github.com/quantumlayer/qlp/internal/generator/offline/golang/project/internal/field"
)

// index finds rows by the value of one field. Rows without a value are not in it.
type index struct {
	key    string // of the field in JSON
	unique bool
	value  func(row any) (string, bool)
	ids    map[string][]int64 // ascending
}

// unique makes the table refuse a second row with the same value. value returns nil for a row without one.
func unique[T, V any](t *Table[T], key string, value func(*T) *V) {
	t.indexes = append(t.indexes, newIndex(key, true, value))
}

func newIndex[T, V any](key string, isUnique bool, value func(*T) *V) *index {
	return &index{key: key, unique: isUnique, ids: map[string][]int64{}, value: func(row any) (string, bool) {
		v := value(row.(*T))
		if v == nil {
			return "", false
		}
		return field.Key(*v), true
	}}
}

// holder returns the id of the first row that has row's value, 0 if there is none.
func (x *index) holder(row any) int64 {
	v, ok := x.value(row)
	if !ok || len(x.ids[v]) == 0 {
		return 0
	}
	return x.ids[v][0]
}

// move takes the old row out and puts the new one in; either may be nil.
func (x *index) move(id int64, old, row any) {
	if old != nil {
		if v, ok := x.value(old); ok {
			x.ids[v] = without(x.ids[v], id)
			if len(x.ids[v]) == 0 {
				delete(x.ids, v)
			}
		}
	}
	if row != nil {
		if v, ok := x.value(row); ok {
			x.ids[v] = with(x.ids[v], id)
		}
	}
}

// with returns the ascending ids with id among them.
func with(ids []int64, id int64) []int64 {
	at, found := slices.BinarySearch(ids, id)
	if found {
		return ids
	}
	return slices.Insert(ids, at, id)
}

// without returns the ascending ids without id.
func without(ids []int64, id int64) []int64 {
	at, found := slices.BinarySearch(ids, id)
	if !found {
		return ids
	}
	return slices.Delete(ids, at, at+1)
}

package httpapi

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/quantumlayer/qlp/internal/generator/offline/golang/project/internal/field"
	"github.com/quantumlayer/qlp/internal/generator/offline/golang/project/internal/store"
)

// filter narrows a list to the rows in which one field has a value.
type filter[T any] struct {
	key string
	// read returns what a row must fulfil, or why the text is not valid.
	read func(text string) (holds func(*T) bool, fault string)
	// none reports whether a row has no value.
	none func(*T) bool
	// reference says that the store can find the rows by the id in the text.
	reference bool
}

// by narrows a list by a field. value returns nil for a row without one.
func by[T, V any](key string, kind field.Kind[V], value func(*T) *V, rules ...field.Rule[V]) filter[T] {
	read := func(text string) (func(*T) bool, string) {
		want, ok := kind.Parse(text)
		if !ok {
			return nil, "must be " + kind.Wants()
		}
		if fault := field.Check(want, rules...); fault != "" {
			return nil, fault
		}
		wanted := field.Key(want)
		return func(row *T) bool {
			v := value(row)
			return v != nil && field.Key(*v) == wanted
		}, ""
	}
	return filter[T]{key: key, read: read, none: func(row *T) bool { return value(row) == nil }}
}

// byReference narrows a list by the row that a field refers to.
func byReference[T any](key string, value func(*T) *int64) filter[T] {
	f := by(key, field.ID(), value)
	read := f.read
	f.read = func(text string) (func(*T) bool, string) {
		if id, ok := field.ID().Parse(text); !ok || id == 0 {
			return nil, "must be an id"
		}
		return read(text)
	}
	f.reference = true
	return f
}

// orNull lets the filter also find the rows without a value.
func (f filter[T]) orNull() filter[T] {
	read := f.read
	f.read = func(text string) (func(*T) bool, string) {
		if text == "null" {
			return f.none, ""
		}
		return read(text)
	}
	return f
}

// query reads the parameters of a list.
func (s *resource[T]) query(r *http.Request) (store.Query[T], error) {
	q := store.Query[T]{Page: 1, Size: s.size}
	given, err := parameters(r)
	if err != nil {
		return q, err
	}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if err := s.parameter(&q, key, given[key]); err != nil {
			return q, err
		}
	}
	return q, nil
}

func (s *resource[T]) parameter(q *store.Query[T], key, text string) (err error) {
	switch {
	case key == "page":
		q.Page, err = number(key, text, 0)
		return err
	case key == "page_size":
		q.Size, err = number(key, text, s.largest)
		return err
	case key == "q" && s.search != nil:
		wanted := fold(text)
		q.Where = append(q.Where, func(row *T) bool {
			return slices.ContainsFunc(s.search(row), func(v *string) bool { return v != nil && strings.Contains(fold(*v), wanted) })
		})
		return nil
	}
	for _, f := range s.filters {
		if f.key == key {
			holds, fault := f.read(text)
			if fault != "" {
				return badParameter(key, fault)
			}
			q.Where = append(q.Where, holds)
			if id, ok := field.ID().Parse(text); ok && f.reference {
				q.Among = s.table.Having(key, id)
			}
			return nil
		}
	}
	return badParameter(key, "is not a parameter of this path")
}

// parameters splits the query of a request; no parameter may be there twice.
func parameters(r *http.Request) (map[string]string, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, problemf(http.StatusBadRequest, "the query is not valid")
	}
	given := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if len(values[key]) > 1 {
			return nil, badParameter(key, "is given twice")
		}
		if text := values[key][0]; utf8.ValidString(text) {
			given[key] = text
			continue
		}
		return nil, badParameter(key, "must be UTF-8 text")
	}
	return given, nil
}

// refuseParameters refuses a query where a path has none.
func refuseParameters(r *http.Request) error {
	given, err := parameters(r)
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		return badParameter(key, "is not a parameter of this path")
	}
	return nil
}

func badParameter(key, fault string) error {
	message := fmt.Sprintf("%.80s %s", key, fault)
	return problemf(http.StatusBadRequest, "%s", message).with(field.Violation{Field: key, Rule: "query", Message: message})
}

// number reads a positive number; largest 0 means no limit.
func number(key, text string, largest int) (int, error) {
	n, err := strconv.Atoi(text)
	if err == nil && n > 0 && text[0] != '+' && (largest == 0 || n <= largest) {
		return n, nil
	}
	if largest == 0 {
		return 0, badParameter(key, "must be a number from 1")
	}
	return 0, badParameter(key, fmt.Sprintf("must be a number from 1 to %d", largest))
}

// fold returns the text that two texts share when they differ only in the case of their letters.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf {
			return unicode.ToLower(r)
		}
		least := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			least = min(least, other)
		}
		return unicode.ToLower(least)
	}, s)
}

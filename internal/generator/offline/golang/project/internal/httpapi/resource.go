package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/quantumlayer/qlp/internal/generator/offline/golang/project/internal/field"
	"github.com/quantumlayer/qlp/internal/generator/offline/golang/project/internal/store"
)

// resource answers the requests for the rows of one entity.
type resource[T any] struct {
	path          string // /books
	table         *store.Table[T]
	fill          func(*T, *field.Form)
	size, largest int // of a page, unless a caller asks for another, and at most
	filters       []filter[T]
	search        func(*T) []*string // the texts that q is looked for in; nil: there is no q
}

func (s *resource[T]) create(w http.ResponseWriter, r *http.Request, _ []int64) error {
	given, err := readRow(w, r)
	if err != nil {
		return err
	}
	row, err := s.table.Create(s.reader(field.Create, given))
	if err != nil {
		return err
	}
	w.Header().Set("Location", fmt.Sprintf("%s/%d", s.path, s.table.ID(&row)))
	return answer(w, http.StatusCreated, row)
}

func (s *resource[T]) list(w http.ResponseWriter, r *http.Request, _ []int64) error {
	q, err := s.query(r)
	if err != nil {
		return err
	}
	return s.page(w, q)
}

func (s *resource[T]) page(w http.ResponseWriter, q store.Query[T]) error {
	page, err := s.table.Page(q)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, page)
}

func (s *resource[T]) get(w http.ResponseWriter, r *http.Request, ids []int64) error {
	if err := refuseParameters(r); err != nil {
		return err
	}
	row, err := s.table.Get(ids[0])
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, row)
}

// replace gives every field a new value.
func (s *resource[T]) replace(w http.ResponseWriter, r *http.Request, ids []int64) error {
	return s.update(w, r, ids[0], field.Replace)
}

// change gives the fields in the body a new value.
func (s *resource[T]) change(w http.ResponseWriter, r *http.Request, ids []int64) error {
	return s.update(w, r, ids[0], field.Change)
}

func (s *resource[T]) update(w http.ResponseWriter, r *http.Request, id int64, mode field.Mode) error {
	given, err := readRow(w, r)
	if err != nil {
		return err
	}
	row, err := s.table.Update(id, s.reader(mode, given))
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, row)
}

func (s *resource[T]) remove(w http.ResponseWriter, r *http.Request, ids []int64) error {
	if err := refuseParameters(r); err != nil {
		return err
	}
	if err := s.table.Delete(ids[0]); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// reader returns what the store calls to turn the members of a JSON object into a row.
func (s *resource[T]) reader(mode field.Mode, given map[string]json.RawMessage) func(*T, field.Exists) error {
	return func(row *T, exists field.Exists) error {
		form := field.NewForm(mode, given, time.Now(), exists)
		s.fill(row, form)
		return form.Err()
	}
}

// readRow returns the members of the row in the body.
func readRow(w http.ResponseWriter, r *http.Request) (map[string]json.RawMessage, error) {
	text, err := readBody(w, r)
	if err != nil {
		return nil, err
	}
	if err := refuseParameters(r); err != nil {
		return nil, err
	}
	return readObject(text)
}

package httpapi

import (
	"net/http"

	"github.com/quantumlayer/qlp/internal/generator/offline/golang/project/internal/store"
)

// linked answers with the rows of s that are linked to the one in the path. of finds them.
func (s *resource[T]) linked(of func(id int64) (among func() []int64, exists func() bool)) handler {
	return func(w http.ResponseWriter, r *http.Request, ids []int64) error {
		q, err := s.query(r)
		if err != nil {
			return err
		}
		q.Among, q.Exists = of(ids[0])
		return s.page(w, q)
	}
}

// link links the two rows in the path.
func link(links *store.Links) handler { return linkHandler(links.Link) }

// unlink takes the link between the two rows in the path away.
func unlink(links *store.Links) handler { return linkHandler(links.Unlink) }

func linkHandler(do func(left, right int64) error) handler {
	return func(w http.ResponseWriter, r *http.Request, ids []int64) error {
		if err := refuseParameters(r); err != nil {
			return err
		}
		if err := do(ids[0], ids[1]); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

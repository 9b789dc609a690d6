package contracttest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// routes returns what is routed on a path, by method.
func (s *Service) routes(parts []string) map[string]handler {
	switch {
	case len(parts) == 1 && parts[0] == "healthz":
		return only(`{"status":"ok"}`)
	case len(parts) == 1 && parts[0] == "openapi.json":
		return only(string(s.description))
	}
	for _, e := range s.spec.Entities {
		if strings.ReplaceAll(e.Plural, "_", "-") != parts[0] {
			continue
		}
		switch len(parts) {
		case 1:
			return s.ofAll(e)
		case 2:
			if parts[1] == "" {
				return nil
			}
			return s.ofOne(e, parts[1])
		default:
			return s.ofLinks(e, parts)
		}
	}
	return nil
}

func only(body string) map[string]handler {
	return map[string]handler{http.MethodGet: func(*http.Request) answer { return answer{status: http.StatusOK, body: body} }}
}

func (s *Service) allows(e qlp.Entity, op qlp.Operation) bool {
	return s.spec.Allows(e.Name, op) || s.is(FaultLeftOut)
}

func (s *Service) ofAll(e qlp.Entity) map[string]handler {
	out := map[string]handler{}
	if s.allows(e, qlp.OpCreate) {
		out[http.MethodPost] = func(r *http.Request) answer { return s.create(e, r) }
	}
	if s.allows(e, qlp.OpList) {
		out[http.MethodGet] = func(r *http.Request) answer { return s.list(e, r, nil) }
	}
	return out
}

func (s *Service) ofOne(e qlp.Entity, idText string) map[string]handler {
	out := map[string]handler{}
	on := func(method string, handle func(*http.Request, int64) answer) {
		out[method] = func(r *http.Request) answer {
			id, ok := parseID(idText)
			if !ok {
				return refuse(http.StatusNotFound)
			}
			return handle(r, id)
		}
	}
	if s.allows(e, qlp.OpGet) {
		on(http.MethodGet, func(r *http.Request, id int64) answer { return s.get(e, r, id) })
	}
	if s.allows(e, qlp.OpUpdate) {
		on(http.MethodPut, func(r *http.Request, id int64) answer { return s.update(e, r, id, s.is(FaultPutKeeps)) })
		on(http.MethodPatch, func(r *http.Request, id int64) answer { return s.update(e, r, id, !s.is(FaultPatchReplaces)) })
	}
	if s.allows(e, qlp.OpDelete) {
		on(http.MethodDelete, func(r *http.Request, id int64) answer { return s.remove(e, r, id) })
	}
	return out
}

func parseID(text string) (int64, bool) {
	id, err := strconv.ParseInt(text, 10, 64)
	return id, err == nil && id > 0 && text == fmt.Sprint(id)
}

// ofLinks returns the routes below a row: /students/1/courses and /students/1/courses/2.
func (s *Service) ofLinks(e qlp.Entity, parts []string) map[string]handler {
	for _, pair := range s.spec.ManyToMany {
		left, _ := s.spec.Entity(pair[0])
		right, _ := s.spec.Entity(pair[1])
		name := pair[0] + "." + pair[1]
		below := func(o qlp.Entity) bool { return strings.ReplaceAll(o.Plural, "_", "-") == parts[2] }
		switch {
		case len(parts) == 3 && e.Name == left.Name && below(right):
			return s.linked(name, left, right, parts[1], 0)
		case len(parts) == 3 && e.Name == right.Name && below(left):
			return s.linked(name, right, left, parts[1], 1)
		case len(parts) == 4 && e.Name == left.Name && below(right):
			return s.pair(name, left, right, parts[1], parts[3])
		}
	}
	return nil
}

// linked lists the rows at the far end; side is where the near one stands in the pair.
func (s *Service) linked(name string, near, far qlp.Entity, idText string, side int) map[string]handler {
	return map[string]handler{http.MethodGet: func(r *http.Request) answer {
		id, ok := parseID(idText)
		if !ok || s.state.Rows[near.Name][id] == nil {
			return refuse(http.StatusNotFound)
		}
		return s.list(far, r, func(other int64) bool {
			p := [2]int64{id, other}
			if side == 1 {
				p = [2]int64{other, id}
			}
			return s.state.Links[name][p]
		})
	}}
}

func (s *Service) pair(name string, left, right qlp.Entity, l, r string) map[string]handler {
	on := func(change func([2]int64) answer) handler {
		return func(*http.Request) answer {
			a, okA := parseID(l)
			b, okB := parseID(r)
			if !okA || !okB || s.state.Rows[left.Name][a] == nil || s.state.Rows[right.Name][b] == nil {
				return refuse(http.StatusNotFound)
			}
			return change([2]int64{a, b})
		}
	}
	links := s.state.Links[name]
	return map[string]handler{
		http.MethodPut: on(func(p [2]int64) answer {
			if s.is(FaultLinkTwice) && links[p] {
				return refuse(http.StatusConflict)
			}
			links[p] = true
			return answer{status: http.StatusNoContent}
		}),
		http.MethodDelete: on(func(p [2]int64) answer {
			if !links[p] && !s.is(FaultUnlink) {
				return refuse(http.StatusNotFound)
			}
			delete(links, p)
			return answer{status: http.StatusNoContent}
		}),
	}
}

package contracttest

import (
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

func (s *Service) show(e qlp.Entity, id int64) string {
	row := s.state.Rows[e.Name][id]
	out := fmt.Sprintf(`{"id":%d`, id)
	for _, f := range e.Fields {
		if row[f.Key()] == "null" && s.is(FaultLeavesNull) {
			continue
		}
		out += "," + quote(f.Key()) + ":" + row[f.Key()]
	}
	return out + "}"
}

func (s *Service) noQuery(r *http.Request) (answer, bool) {
	for name := range r.URL.Query() {
		if !s.is(FaultQuery) {
			return refuse(http.StatusBadRequest, single(name, "query")), false
		}
	}
	return answer{}, true
}

func (s *Service) get(e qlp.Entity, r *http.Request, id int64) answer {
	if a, ok := s.noQuery(r); !ok {
		return a
	}
	if s.state.Rows[e.Name][id] == nil {
		return refuse(http.StatusNotFound)
	}
	return answer{status: http.StatusOK, body: s.show(e, id)}
}

func (s *Service) create(e qlp.Entity, r *http.Request) answer {
	given, a, ok := s.read(r)
	if !ok {
		return a
	}
	row, errors := s.form(e, given, nil, false)
	if len(errors) > 0 {
		return s.invalid(errors)
	}
	if f, clash := s.clash(e, 0, row); clash {
		return s.conflict(single(f, "unique"))
	}
	id := s.state.Next[e.Name]
	if s.is(FaultIDReused) {
		for id = 1; s.state.Rows[e.Name][id] != nil; id++ {
		}
	}
	s.state.Next[e.Name] = id + 1
	s.state.Rows[e.Name][id] = row
	out := answer{status: http.StatusCreated, body: s.show(e, id)}
	if !s.is(FaultLocation) {
		out.headers = map[string]string{"Location": fmt.Sprintf("/%s/%d", strings.ReplaceAll(e.Plural, "_", "-"), id)}
	}
	return out
}

func (s *Service) invalid(errors []qlp.FieldError) answer {
	status := http.StatusUnprocessableEntity
	if s.is(FaultInvalidStatus) {
		status = http.StatusBadRequest
	}
	if s.is(FaultFirstErrorOnly) {
		errors = errors[:1]
	}
	return refuse(status, errors...)
}

func (s *Service) conflict(e qlp.FieldError) answer {
	if s.is(FaultConflictStatus) {
		return refuse(http.StatusUnprocessableEntity, e)
	}
	return refuse(http.StatusConflict, e)
}

func (s *Service) update(e qlp.Entity, r *http.Request, id int64, partial bool) answer {
	given, a, ok := s.read(r)
	if !ok {
		return a
	}
	old := s.state.Rows[e.Name][id]
	if old == nil {
		return refuse(http.StatusNotFound)
	}
	row, errors := s.form(e, given, old, partial)
	if len(errors) > 0 {
		if s.is(FaultKeepsRefused) {
			maps.Copy(old, row)
		}
		return s.invalid(errors)
	}
	if f, clash := s.clash(e, id, row); clash && !s.is(FaultUpdateUnique) {
		return s.conflict(single(f, "unique"))
	}
	s.state.Rows[e.Name][id] = row
	return answer{status: http.StatusOK, body: s.show(e, id)}
}

// clash returns the first unique field whose value another row has.
func (s *Service) clash(e qlp.Entity, id int64, row kept) (string, bool) {
	for _, f := range e.Fields {
		if !f.Unique || row[f.Key()] == "null" || s.is(FaultUnique) {
			continue
		}
		for other, o := range s.state.Rows[e.Name] {
			if (other != id || s.is(FaultOwnClash)) && s.equal(f, o[f.Key()], row[f.Key()]) {
				return f.Key(), true
			}
		}
	}
	return "", false
}

// equal compares canonical values: only decimals have several texts of one value.
func (s *Service) equal(f qlp.Field, a, b string) bool {
	if f.Type != qlp.TypeDecimal || a == "null" || b == "null" || s.is(FaultDecimalText) {
		return a == b
	}
	x, okX := new(big.Rat).SetString(strings.Trim(a, `"`))
	y, okY := new(big.Rat).SetString(strings.Trim(b, `"`))
	return okX && okY && x.Cmp(y) == 0
}

func (s *Service) now(f qlp.Field) string {
	t := time.Now().UTC().Truncate(time.Microsecond)
	if f.Type == qlp.TypeDate {
		return quote(t.Format(time.DateOnly))
	}
	return quote(t.Format("2006-01-02T15:04:05.999999Z07:00"))
}

type rowKey struct {
	entity string
	id     int64
}

func (s *Service) remove(e qlp.Entity, r *http.Request, id int64) answer {
	if a, ok := s.noQuery(r); !ok {
		return a
	}
	if s.state.Rows[e.Name][id] == nil {
		return refuse(http.StatusNotFound)
	}
	doomed := map[rowKey]bool{}
	emptied := map[rowKey][]string{}
	if s.follow(rowKey{e.Name, id}, doomed, emptied, 0) || s.is(FaultLinksHold) && s.isLinked(rowKey{e.Name, id}) {
		return s.conflict(single("id", "referenced"))
	}
	for k, fields := range emptied {
		for _, f := range fields {
			s.state.Rows[k.entity][k.id][f] = "null"
		}
	}
	for k := range doomed {
		delete(s.state.Rows[k.entity], k.id)
		s.unlink(k)
	}
	return answer{status: http.StatusNoContent}
}

// follow gathers what goes with a row, and reports whether some row holds it.
func (s *Service) follow(k rowKey, doomed map[rowKey]bool, emptied map[rowKey][]string, depth int) bool {
	if doomed[k] {
		return false
	}
	doomed[k] = true
	for _, ref := range s.spec.ReferencesTo(k.entity) {
		for id, row := range s.state.Rows[ref.Entity.Name] {
			other := rowKey{ref.Entity.Name, id}
			if row[ref.Field.Key()] != fmt.Sprint(k.id) || other == k {
				continue
			}
			switch ref.Field.OnDelete {
			case qlp.Cascade:
				if s.is(FaultCascade) || s.is(FaultCascadeOnce) && depth > 0 {
					continue
				}
				if s.follow(other, doomed, emptied, depth+1) {
					return true
				}
			case qlp.SetNull:
				if !s.is(FaultSetNull) {
					emptied[other] = append(emptied[other], ref.Field.Key())
				}
			default:
				if s.is(FaultRestrict) || s.is(FaultRestrictDeep) && depth > 0 {
					continue
				}
				return true
			}
		}
	}
	return false
}

func (s *Service) unlink(k rowKey) {
	for _, pair := range s.spec.ManyToMany {
		links := s.state.Links[pair[0]+"."+pair[1]]
		for p := range links {
			if pair[0] == k.entity && p[0] == k.id || pair[1] == k.entity && p[1] == k.id {
				delete(links, p)
			}
		}
	}
}

func (s *Service) isLinked(k rowKey) bool {
	for _, pair := range s.spec.ManyToMany {
		for p := range s.state.Links[pair[0]+"."+pair[1]] {
			if pair[0] == k.entity && p[0] == k.id || pair[1] == k.entity && p[1] == k.id {
				return true
			}
		}
	}
	return false
}

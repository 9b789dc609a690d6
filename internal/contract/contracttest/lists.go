package contracttest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// list answers a page of the rows that keep returns true for; nil keeps all.
func (s *Service) list(e qlp.Entity, r *http.Request, keep func(int64) bool) answer {
	size, largest := s.spec.Page()
	page := 1
	conditions := []func(kept) bool{}
	values := r.URL.Query()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		bad := refuse(http.StatusBadRequest, single(name, "query"))
		if len(values[name]) > 1 && !s.is(FaultQueryTwice) {
			return bad
		}
		text := values[name][0]
		n, err := strconv.Atoi(text)
		isNumber := err == nil && n > 0 && strings.Trim(text, "0123456789") == ""
		f, isFilter := s.filter(e, name)
		switch {
		case name == "page" && isNumber:
			page = n
		case name == "page_size" && isNumber && (n <= largest || s.is(FaultPageSize)):
			size = n
		case name == "q" && len(s.spec.Search[e.Name]) > 0:
			conditions = append(conditions, s.contains(e, text))
		case isFilter:
			want, ok := s.wanted(f, text)
			if !ok {
				return bad
			}
			if !s.is(FaultFilter) {
				conditions = append(conditions, func(row kept) bool { return s.equal(f, row[f.Key()], want) })
			}
		case name == "page", name == "page_size", !s.is(FaultQuery):
			return bad
		}
	}
	var found []int64
	for _, id := range slices.Sorted(maps.Keys(s.state.Rows[e.Name])) {
		if keep != nil && !keep(id) || !all(conditions, s.state.Rows[e.Name][id]) {
			continue
		}
		found = append(found, id)
	}
	return s.page(e, found, page, size)
}

func (s *Service) page(e qlp.Entity, found []int64, page, size int) answer {
	if s.is(FaultOrder) {
		slices.Reverse(found)
	}
	start := (page - 1) * size
	if s.is(FaultPage) {
		start = page * size
	}
	start = min(start, len(found))
	end := min(start+size, len(found))
	total := len(found)
	if s.is(FaultTotal) {
		total = end - start
	}
	var items []string
	for _, id := range found[start:end] {
		items = append(items, s.show(e, id))
	}
	body := fmt.Sprintf(`{"items":[%s],"page":%d,"page_size":%d,"total":%d}`, strings.Join(items, ","), page, size, total)
	return answer{status: http.StatusOK, body: body}
}

func all(conditions []func(kept) bool, row kept) bool {
	for _, c := range conditions {
		if !c(row) {
			return false
		}
	}
	return true
}

func (s *Service) filter(e qlp.Entity, name string) (qlp.Field, bool) {
	for _, f := range s.spec.FilterFields(e.Name) {
		if f.Key() == name {
			return f, true
		}
	}
	return qlp.Field{}, false
}

// wanted returns the canonical JSON that a filter's text stands for.
func (s *Service) wanted(f qlp.Field, text string) (string, bool) {
	if text == "null" && f.Optional {
		return "null", true
	}
	raw := quote(text)
	if f.Type == qlp.TypeInt || f.Type == qlp.TypeBool || f.Type == qlp.TypeRef {
		raw = text
	}
	value, ok := s.typed(f, raw)
	if f.Type == qlp.TypeEnum {
		ok = ok && slices.Contains(f.Values, text)
	}
	if f.Type == qlp.TypeRef {
		_, isID := parseID(text)
		ok = ok && isID
	}
	return value, ok
}

func (s *Service) contains(e qlp.Entity, text string) func(kept) bool {
	fold := func(t string) string {
		if s.is(FaultSearchCase) {
			return t
		}
		return strings.ToLower(t)
	}
	return func(row kept) bool {
		for i, name := range s.spec.Search[e.Name] {
			var value string
			if raw := row[name]; raw == "null" || json.Unmarshal([]byte(raw), &value) != nil || i > 0 && s.is(FaultSearchFirst) {
				continue
			}
			if s.is(FaultSearchPattern) {
				if isLike(fold(value), fold(text)) {
					return true
				}
			}
			if strings.Contains(fold(value), fold(text)) {
				return true
			}
		}
		return false
	}
}

// isLike is SQL's LIKE '%text%' with the wildcards of the text left in.
func isLike(value, text string) bool {
	for _, p := range strings.FieldsFunc(text, func(r rune) bool { return r == '%' || r == '_' }) {
		_, rest, ok := strings.Cut(value, p)
		if !ok {
			return false
		}
		value = rest
	}
	return true
}

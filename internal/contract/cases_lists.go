package contract

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// lists writes the cases that count all rows of e. Each needs a service without rows of e: it removes its own at the end,
// and where the Spec leaves no way to do that, the next one begins a new group.
func (b *builder) lists(e qlp.Entity) {
	if !b.spec.Allows(e.Name, qlp.OpList) {
		return
	}
	b.counted(e, about(e.Name+".list.empty", "there is no row", "the list is empty", true), func(b *builder) {
		size, _ := b.spec.Page()
		b.page(PathOf(e), 1, size, 0)
		b.status(http.MethodHead, PathOf(e), http.StatusOK)
	})
	b.add(about(e.Name+".list.parameters", "a parameter of a list is not valid", "it is refused with 400 and named", false), func(b *builder) { b.parameters(e) })
	if !creatable(b.spec, e.Name) {
		return
	}
	b.counted(e, about(e.Name+".list.pages", "a list is longer than a page", "every row is on one page, ascending by id", true), func(b *builder) {
		rows := []row{b.create(e, true), b.create(e, false), b.create(e, false)}
		b.pages(e, PathOf(e)+"?", rows)
	})
	for _, f := range b.spec.FilterFields(e.Name) {
		b.filter(e, f)
	}
	b.filtersTogether(e)
	if len(b.spec.Search[e.Name]) > 0 {
		c := about(e.Name+".list.search", "rows are searched by q", "those that contain the text are found, without regard to case", true)
		c.Rule = "search." + e.Name
		b.counted(e, c, func(b *builder) { b.search(e) })
	}
}

// counted adds a case that needs no row of e before it, and leaves none where the Spec allows deletion.
func (b *builder) counted(e qlp.Entity, c qlp.Acceptance, write func(*builder)) {
	if b.dirty[e.Name] {
		b.nextGroup()
	}
	deletes := b.spec.Allows(e.Name, qlp.OpDelete)
	b.add(c, func(b *builder) {
		write(b)
		if !deletes || b.impossible {
			return
		}
		for i := len(b.created) - 1; i >= 0; i-- { // what refers goes before what it refers to
			if b.created[i].entity == e.Name {
				b.status(http.MethodDelete, PathOf(e)+"/"+b.created[i].id, http.StatusNoContent)
			}
		}
		b.touched = drop(b.touched, e.Name)
	})
}

func drop(list []string, s string) []string {
	var out []string
	for _, x := range list {
		if x != s {
			out = append(out, x)
		}
	}
	return out
}

// page expects the first page of a list to hold rows in this order.
func (b *builder) page(path string, number, size, total int, rows ...row) {
	x := qlp.Expect{
		Status: http.StatusOK, Count: map[string]int{}, Keys: map[string][]string{"": {"items", "page", "page_size", "total"}},
		Body: map[string]string{"/page": strconv.Itoa(number), "/page_size": strconv.Itoa(size), "/total": strconv.Itoa(total)},
	}
	rows = rows[:min(len(rows), size)]
	x.Count["/items"] = len(rows)
	for i, r := range rows {
		x.Body[fmt.Sprintf("/items/%d/id", i)] = r.id
	}
	b.step(qlp.Step{Method: http.MethodGet, Path: path, Expect: x})
}

// pages walks through three rows; path ends in ? or &.
func (b *builder) pages(e qlp.Entity, path string, rows []row) {
	size, largest := b.spec.Page()
	b.page(strings.TrimRight(path, "?&"), 1, size, 3, rows...)
	first := &b.steps[len(b.steps)-1].Expect
	whole := b.rowOf(e, "/items/0", rows[0].values)
	for p, want := range whole.Body {
		first.Body[p] = want
	}
	first.Match = whole.Match
	first.Keys["/items/0"] = whole.Keys["/items/0"]
	b.page(path+"page_size=2", 1, 2, 3, rows[:2]...)
	b.page(path+"page_size=2&page=2", 2, 2, 3, rows[2])
	b.page(path+"page=3&page_size=2", 3, 2, 3)
	b.page(path+"page_size=1&page=2", 2, 1, 3, rows[1])
	b.page(path+"page_size=3", 1, 3, 3, rows...)
	b.page(fmt.Sprintf("%spage_size=%d", path, largest), 1, largest, 3, rows...)
}

func (b *builder) parameters(e qlp.Entity) {
	_, largest := b.spec.Page()
	bad := func(name, value string) {
		b.send(http.MethodGet, PathOf(e)+"?"+name+"="+url.QueryEscape(value), "", http.StatusBadRequest, query(name))
	}
	for _, v := range []string{"0", "-1", "x", "", "1.5", "1e1"} {
		bad("page", v)
		bad("page_size", v)
	}
	bad("page_size", strconv.Itoa(largest+1))
	bad("no_such_parameter", "1")
	bad("Page", "1")
	if len(b.spec.Search[e.Name]) == 0 {
		bad("q", "x")
	}
	filters := map[string]bool{"q": true}
	for _, f := range b.spec.FilterFields(e.Name) {
		filters[f.Key()] = true
		if v := notOf(f); v != "" {
			bad(f.Key(), v)
		}
		if !f.Optional && f.Type != qlp.TypeString && f.Type != qlp.TypeText && !contains(f.Values, "null") {
			bad(f.Key(), "null")
		}
	}
	for _, key := range append(Keys(e), "sort") {
		if !filters[key] {
			bad(key, "1")
			break
		}
	}
	b.send(http.MethodGet, PathOf(e)+"?page=1&page=1", "", http.StatusBadRequest, query("page"))
}

// notOf returns a text that is no value of the field's type, "" if every text is one.
func notOf(f qlp.Field) string {
	switch f.Type {
	case qlp.TypeString, qlp.TypeText:
		return ""
	case qlp.TypeEnum:
		return (&sampler{f: f}).noValue()
	case qlp.TypeDate:
		return "2026-02-30"
	case qlp.TypeBool:
		return "yes"
	case qlp.TypeRef:
		return "0"
	default:
		return "no such value"
	}
}

// filter writes the case of one parameter that narrows the list of e.
func (b *builder) filter(e qlp.Entity, f qlp.Field) {
	if isAmbiguous(f) {
		return
	}
	c := about(e.Name+".list.filter."+f.Name, "a list is narrowed by "+f.Key(), "rows with the equal value are found, and no others", true)
	c.Rule = "filters." + e.Name
	b.counted(e, c, func(b *builder) {
		if f.Auto {
			b.filterAuto(e, f)
			return
		}
		mine, other := b.two(e, f)
		first := b.create(e, false, mine)
		var second []row
		if other.Sent != "" {
			second = append(second, b.create(e, false, other))
		}
		firsts := []row{first}
		if !f.Unique {
			firsts = append(firsts, b.create(e, false, mine))
		}
		size, _ := b.spec.Page()
		for _, sent := range notations(f, mine.Sent) {
			b.page(PathOf(e)+"?"+f.Key()+"="+queryText(sent), 1, size, len(firsts), firsts...)
		}
		for _, r := range second {
			b.page(PathOf(e)+"?"+f.Key()+"="+queryText(other.Sent), 1, size, 1, r)
		}
		b.page(PathOf(e)+"?"+f.Key()+"="+queryText(mine.Sent)+"&page_size=1&page=2", 2, 1, len(firsts), firsts[1:]...)
		if f.Optional && f.Default == nil {
			b.create(e, false)
			var none []row
			for _, m := range b.created {
				if m.entity == e.Name && len(without(m.values, f)) == len(m.values) {
					none = append(none, m.row)
				}
			}
			b.page(PathOf(e)+"?"+f.Key()+"=null", 1, size, len(none), none...)
		}
	})
}

// isAmbiguous reports whether null in a query could be one of the field's values.
func isAmbiguous(f qlp.Field) bool { return f.Optional && contains(f.Values, "null") }

// two returns different values of f; the second has no Sent when there is but one.
func (b *builder) two(e qlp.Entity, f qlp.Field) (mine, other given) {
	mine = b.one(e, f)
	if f.Type == qlp.TypeRef {
		if b.impossible {
			return mine, given{}
		}
		target, _ := b.spec.Entity(f.To)
		return mine, given{f, same(b.create(target, false).id)}
	}
	for range 3 {
		if other = b.one(e, f); other.Sent != mine.Sent {
			return mine, other
		}
	}
	return mine, given{}
}

func (b *builder) filterAuto(e qlp.Entity, f qlp.Field) {
	r := b.create(e, false)
	if b.impossible {
		return
	}
	b.steps[len(b.steps)-1].Save["when"] = "/" + f.Key()
	size, _ := b.spec.Page()
	b.page(PathOf(e)+"?"+f.Key()+"={{when}}", 1, size, 1, r)
	past := "2001-01-01"
	if f.Type == qlp.TypeDatetime {
		past += "T00:00:00Z"
	}
	b.page(PathOf(e)+"?"+f.Key()+"="+past, 1, size, 0)
}

// queryText writes the JSON value of a filter as it stands in a query.
func queryText(sent string) string {
	if strings.HasPrefix(sent, "{{") { // an id
		return sent
	}
	return url.QueryEscape(qlp.Scalar(sent).Text())
}

// filtersTogether writes the case of two filters at once.
func (b *builder) filtersTogether(e qlp.Entity) {
	var fields []qlp.Field
	for _, f := range b.spec.FilterFields(e.Name) {
		if !f.Auto && !f.Unique && !isAmbiguous(f) && (f.Type != qlp.TypeRef || creatable(b.spec, f.To)) {
			fields = append(fields, f)
		}
	}
	if len(fields) < 2 {
		return
	}
	c := about(e.Name+".list.filters", "a list is narrowed by two parameters", "rows that have both values are found", true)
	c.Rule = "filters." + e.Name
	b.counted(e, c, func(b *builder) {
		x, y := fields[0], fields[1]
		x1, x2 := b.two(e, x)
		y1, y2 := b.two(e, y)
		if x2.Sent == "" || y2.Sent == "" {
			b.impossible = true
			return
		}
		both := b.create(e, false, x1, y1)
		b.create(e, false, x1, y2)
		b.create(e, false, x2, y1)
		size, _ := b.spec.Page()
		b.page(PathOf(e)+"?"+x.Key()+"="+queryText(x1.Sent)+"&"+y.Key()+"="+queryText(y1.Sent), 1, size, 1, both)
	})
}

package golang

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/quantumlayer/qlp/internal/contract"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// call is one request of the routes' test, and of the README, and the status of its answer.
type call struct {
	method, path, body string
	status             int
	readme             bool
	row                string // the entity whose example row the body is, then the name of that row in the test
}

// Method, Path, Body and Status are for the test's template, the texts as Go expressions.
func (c call) Method() string { return c.method }

// Path returns the path as an expression.
func (c call) Path() string { return strconv.Quote(c.path) }

// Body returns the body as an expression: example rows have a name.
func (c call) Body() string {
	if c.row != "" {
		return c.row
	}
	return goText(c.body)
}

// Status returns the status.
func (c call) Status() int { return c.status }

// callsOf returns calls in an order that works on an empty service: the first row of every entity is made, used and, from
// the last to the first, deleted.
func callsOf(spec *qlp.Spec) []call {
	var out []call
	made := map[string]bool{}
	var order []qlp.Entity
	for _, e := range contract.ByNeed(spec) {
		if !canMake(spec, e, made) {
			continue
		}
		out = append(out, callsOfRow(spec, e, made)...)
		made[e.Name] = true
		order = append(order, e)
	}
	for _, pair := range spec.ManyToMany {
		if !made[pair[0]] || !made[pair[1]] {
			continue
		}
		left, _ := spec.Entity(pair[0])
		right, _ := spec.Entity(pair[1])
		one := contract.PathOf(left) + "/1" + contract.PathOf(right)
		out = append(out,
			call{"PUT", one + "/1", "", 204, true, ""},
			call{"GET", one, "", 200, true, ""},
			call{"GET", contract.PathOf(right) + "/1" + contract.PathOf(left), "", 200, false, ""},
			call{"DELETE", one + "/1", "", 204, false, ""},
			call{"DELETE", one + "/1", "", 404, false, ""})
	}
	slices.Reverse(order)
	return append(out, deletions(spec, order, made)...)
}

// canMake reports whether a caller can create a row of e: the operation is there, and all that it must refer to.
func canMake(spec *qlp.Spec, e qlp.Entity, made map[string]bool) bool {
	if !spec.Allows(e.Name, qlp.OpCreate) {
		return false
	}
	return !slices.ContainsFunc(e.Fields, func(f qlp.Field) bool { return f.Type == qlp.TypeRef && !f.Optional && !made[f.To] })
}

func callsOfRow(spec *qlp.Spec, e qlp.Entity, made map[string]bool) []call {
	path := contract.PathOf(e)
	members := exampleRow(e, func(name string) bool { return made[name] })
	row := object(members)
	missing := 201
	if slices.ContainsFunc(e.Fields, qlp.Field.Required) {
		missing = 422
	}
	first := len(made) == 0 // the README shows all that can be done with the first entity
	out := []call{{"POST", path, row, 201, true, e.Name}, {"POST", path, `{"no such field":1}`, 422, false, ""}}
	if missing == 422 {
		out = append(out, call{"POST", path, `{}`, 422, false, ""})
	}
	if slices.ContainsFunc(members, func(m member) bool { return isUnique(e, m.key) }) {
		out = append(out, call{"POST", path, row, 409, false, e.Name})
	}
	if spec.Allows(e.Name, qlp.OpList) {
		out = append(out, listCalls(spec, e, path, first)...)
	}
	if spec.Allows(e.Name, qlp.OpGet) {
		out = append(out, call{"GET", path + "/1", "", 200, first, ""}, call{"GET", path + "/99", "", 404, false, ""})
	}
	if spec.Allows(e.Name, qlp.OpUpdate) {
		out = append(out, call{"PUT", path + "/1", row, 200, false, e.Name}, call{"PATCH", path + "/1", "{}", 200, false, ""})
		if i := slices.IndexFunc(e.Fields, func(f qlp.Field) bool { return !f.Auto && f.Type != qlp.TypeRef }); i >= 0 {
			change := object([]member{{e.Fields[i].Key(), example(e.Fields[i])}})
			out = append(out, call{"PATCH", path + "/1", change, 200, first, ""})
		}
	}
	return out
}

func isUnique(e qlp.Entity, key string) bool {
	return slices.ContainsFunc(e.Fields, func(f qlp.Field) bool { return f.Key() == key && f.Unique })
}

func listCalls(spec *qlp.Spec, e qlp.Entity, path string, first bool) []call {
	out := []call{
		{"GET", path + "?page=1&page_size=5", "", 200, first, ""},
		{"GET", path + "?page=0", "", 400, false, ""},
		{"GET", path + "?no=1", "", 400, false, ""},
	}
	for i, f := range spec.FilterFields(e.Name) {
		if f.Type == qlp.TypeRef {
			out = append(out, call{"GET", path + "?" + f.Key() + "=1", "", 200, i == 0, ""})
		}
	}
	if len(spec.Search[e.Name]) > 0 {
		out = append(out, call{"GET", path + "?q=a", "", 200, true, ""})
	}
	return out
}

// deletions deletes what can be deleted, those who refer before those who are referred to.
func deletions(spec *qlp.Spec, order []qlp.Entity, made map[string]bool) []call {
	var out []call
	for _, e := range order {
		if spec.Allows(e.Name, qlp.OpDelete) && !held(spec, e.Name, made, map[string]bool{}) {
			out = append(out, call{"DELETE", contract.PathOf(e) + "/1", "", 204, len(out) == 0, ""})
			made[e.Name] = false
		}
	}
	return out
}

// held reports whether a row that is still there forbids the deletion of a row of entity, or of one that goes with it.
func held(spec *qlp.Spec, entity string, made, seen map[string]bool) bool {
	if seen[entity] {
		return false
	}
	seen[entity] = true
	return slices.ContainsFunc(spec.ReferencesTo(entity), func(r qlp.Reference) bool {
		if !made[r.Entity.Name] || r.Entity.Name == entity {
			return false
		}
		switch r.Field.OnDelete {
		case qlp.Cascade:
			return held(spec, r.Entity.Name, made, seen)
		case qlp.SetNull:
			return false
		default:
			return true
		}
	})
}

// curl returns the call as a command line for a shell.
func (c call) curl(auth bool) string {
	line := "curl -sS"
	if c.method != "GET" {
		line += " -X " + c.method
	}
	if auth {
		line += ` -H "X-API-Key: $API_KEY"`
	}
	if c.body != "" {
		line += " -H 'Content-Type: application/json' -d " + shellText(c.body)
	}
	return fmt.Sprintf("%s %s", line, shellText("http://127.0.0.1:8080"+c.path))
}

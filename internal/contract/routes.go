package contract

import (
	"net/http"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// The operations that a service has beside those of its entities.
const (
	OpLink        qlp.Operation = "link"
	OpUnlink      qlp.Operation = "unlink"
	OpLinked      qlp.Operation = "linked"
	OpHealth      qlp.Operation = "health"
	OpDescription qlp.Operation = "description"
)

// Paths that every service has, open also when the service is protected.
const (
	HealthPath      = "/healthz"
	DescriptionPath = "/openapi.json"
)

// Limits and formats of the contract.
const (
	MaxBody      = 1 << 20 // bytes
	ProblemType  = "application/problem+json"
	KeyHeader    = "X-API-Key"
	MinKeyLength = 16
)

// Route is one method of one path. HEAD is not listed: it is there wherever GET is.
type Route struct {
	Method    string        // GET
	Path      string        // /books/{id}, /students/{id}/courses/{course_id}
	Operation qlp.Operation // of the Spec, or one of those above
	Entity    string        // whose rows are made or answered; "" for health and description
	Other     string        // of a link: the entity at the other end
	Open      bool          // needs no key
}

// ID names the operation in the OpenAPI file: create_book, replace_book, list_student_courses.
func (r Route) ID() string {
	switch {
	case r.Operation == OpHealth, r.Operation == OpDescription:
		return "get_" + string(r.Operation)
	case r.Method == http.MethodPut && r.Operation == qlp.OpUpdate:
		return "replace_" + r.Entity
	case r.Operation == OpLinked:
		return "list_" + r.Entity + "_of_" + r.Other
	case r.Other != "":
		return string(r.Operation) + "_" + r.Entity + "_and_" + r.Other
	default:
		return string(r.Operation) + "_" + r.Entity
	}
}

// HasBody reports whether the operation reads a JSON body.
func (r Route) HasBody() bool { return r.Operation == qlp.OpCreate || r.Operation == qlp.OpUpdate }

// IsList reports whether the operation answers a page of rows.
func (r Route) IsList() bool { return r.Operation == qlp.OpList || r.Operation == OpLinked }

// PathOf returns where the rows of e live: /line-items.
func PathOf(e qlp.Entity) string { return "/" + strings.ReplaceAll(e.Plural, "_", "-") }

// Routes returns every route of the service in the order of the Spec: entities, links, health, description.
func Routes(spec *qlp.Spec) []Route {
	var out []Route
	for _, e := range spec.Entities {
		all, one := PathOf(e), PathOf(e)+"/{id}"
		for _, r := range []Route{
			{Method: http.MethodPost, Path: all, Operation: qlp.OpCreate},
			{Method: http.MethodGet, Path: all, Operation: qlp.OpList},
			{Method: http.MethodGet, Path: one, Operation: qlp.OpGet},
			{Method: http.MethodPut, Path: one, Operation: qlp.OpUpdate},
			{Method: http.MethodPatch, Path: one, Operation: qlp.OpUpdate},
			{Method: http.MethodDelete, Path: one, Operation: qlp.OpDelete},
		} {
			if spec.Allows(e.Name, r.Operation) {
				r.Entity = e.Name
				out = append(out, r)
			}
		}
	}
	for _, pair := range spec.ManyToMany {
		left, _ := spec.Entity(pair[0])
		right, _ := spec.Entity(pair[1])
		lists := PathOf(left) + "/{id}" + PathOf(right)
		one := lists + "/{" + right.Name + "_id}"
		out = append(out,
			Route{Method: http.MethodPut, Path: one, Operation: OpLink, Entity: left.Name, Other: right.Name},
			Route{Method: http.MethodDelete, Path: one, Operation: OpUnlink, Entity: left.Name, Other: right.Name},
			Route{Method: http.MethodGet, Path: lists, Operation: OpLinked, Entity: right.Name, Other: left.Name},
			Route{Method: http.MethodGet, Path: PathOf(right) + "/{id}" + PathOf(left), Operation: OpLinked, Entity: left.Name, Other: right.Name},
		)
	}
	return append(out,
		Route{Method: http.MethodGet, Path: HealthPath, Operation: OpHealth, Open: true},
		Route{Method: http.MethodGet, Path: DescriptionPath, Operation: OpDescription, Open: true})
}

// Methods returns the methods that are routed on path, sorted, with HEAD where there is GET; none if path is not routed.
func Methods(spec *qlp.Spec, path string) []string {
	var out []string
	for _, r := range Routes(spec) {
		if r.Path != path {
			continue
		}
		out = append(out, r.Method)
		if r.Method == http.MethodGet {
			out = append(out, http.MethodHead)
		}
	}
	slices.Sort(out)
	return out
}

// Keys returns the JSON keys of a row of e, in their order.
func Keys(e qlp.Entity) []string {
	keys := []string{"id"}
	for _, f := range e.Fields {
		keys = append(keys, f.Key())
	}
	return keys
}

// ByNeed returns the entities in an order in which the required references of each point at entities before it, and
// otherwise in the order of the Spec.
func ByNeed(spec *qlp.Spec) []qlp.Entity {
	var out []qlp.Entity
	seen := map[string]bool{}
	var add func(e qlp.Entity)
	add = func(e qlp.Entity) {
		if seen[e.Name] {
			return
		}
		seen[e.Name] = true
		for _, f := range e.Fields {
			if target, ok := spec.Entity(f.To); ok && f.Type == qlp.TypeRef && f.Required() {
				add(target)
			}
		}
		out = append(out, e)
	}
	for _, e := range spec.Entities {
		add(e)
	}
	return out
}

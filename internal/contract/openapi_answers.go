package contract

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// problems are the error answers that operations share, by the name of their component.
func problems() []struct {
	name, text string
	status     int
} {
	return []struct {
		name, text string
		status     int
	}{
		{"BadRequest", "The body is not a JSON object, or a query parameter is not valid", http.StatusBadRequest},
		{"Unauthorized", "The key is missing or wrong", http.StatusUnauthorized},
		{"NotFound", "There is no such row", http.StatusNotFound},
		{"Conflict", "Another row has a value that must be unique, or other rows refer to this one", http.StatusConflict},
		{"TooLarge", "The body is larger than 1 MiB", http.StatusRequestEntityTooLarge},
		{"UnsupportedMediaType", "The body is not of a type that is read here", http.StatusUnsupportedMediaType},
		{"Invalid", "Fields break their rules; each is listed with the first rule that it breaks", http.StatusUnprocessableEntity},
		{"Fault", "A fault of the service", http.StatusInternalServerError},
	}
}

func responses(spec *qlp.Spec, r Route, e qlp.Entity) object {
	out := success(r, e)
	statuses := refusals(spec, r, e)
	for _, p := range problems() {
		if statuses[p.status] {
			out = out.with(strconv.Itoa(p.status), ref("responses", p.name))
		}
	}
	return out
}

func success(r Route, e qlp.Entity) object {
	answer := func(text string, schema object) object {
		return object{{"200", object{{"description", text}, {"content", object{{"application/json", object{{"schema", schema}}}}}}}}
	}
	row := ref("schemas", rowType(e))
	switch r.Operation {
	case qlp.OpCreate:
		location := object{{"Location", object{{"description", "Where the new row lives"}, {"schema", object{{"type", "string"}}}}}}
		body := object{{"application/json", object{{"schema", row}}}}
		return object{{"201", object{{"description", "Created"}, {"headers", location}, {"content", body}}}}
	case qlp.OpList, OpLinked:
		return answer("A page of rows, ascending by id", ref("schemas", rowType(e)+"Page"))
	case qlp.OpGet, qlp.OpUpdate:
		return answer("The row", row)
	case OpHealth:
		return answer("The service is well", ref("schemas", "Health"))
	case OpDescription:
		return answer("An OpenAPI 3.1 document", object{{"type", "object"}})
	default:
		return object{{"204", object{{"description", "Done"}}}}
	}
}

// rowType is the name of the schema of a row, and "" for operations that answer no row.
func rowType(e qlp.Entity) string {
	if e.Name == "" {
		return ""
	}
	return typeName(e)
}

// refusals returns the statuses of errors that the operation can answer.
func refusals(spec *qlp.Spec, r Route, e qlp.Entity) map[int]bool {
	out := map[int]bool{http.StatusInternalServerError: true}
	if r.Open {
		return out
	}
	out[http.StatusBadRequest] = true
	out[http.StatusUnauthorized] = spec.Auth == qlp.AuthAPIKey
	out[http.StatusNotFound] = strings.Contains(r.Path, "{")
	switch {
	case r.HasBody():
		for _, status := range []int{http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity} {
			out[status] = true
		}
		for _, f := range e.Fields {
			out[http.StatusConflict] = out[http.StatusConflict] || f.Unique
		}
	case r.Operation == qlp.OpDelete:
		out[http.StatusConflict] = canBeHeld(spec, e.Name, map[string]bool{})
	}
	return out
}

// canBeHeld reports whether some row can forbid the deletion of a row of that entity.
func canBeHeld(spec *qlp.Spec, name string, seen map[string]bool) bool {
	if seen[name] {
		return false
	}
	seen[name] = true
	for _, r := range spec.ReferencesTo(name) {
		switch r.Field.OnDelete {
		case qlp.Cascade:
			if canBeHeld(spec, r.Entity.Name, seen) {
				return true
			}
		case qlp.SetNull:
		default:
			return true
		}
	}
	return false
}

func listParameters(spec *qlp.Spec, e qlp.Entity) []object {
	size, largest := spec.Page()
	out := []object{
		parameter("query", "page", object{{"type", "integer"}, {"minimum", 1}, {"default", 1}}, ""),
		parameter("query", "page_size", object{{"type", "integer"}, {"minimum", 1}, {"maximum", largest}, {"default", size}}, ""),
	}
	if fields := spec.Search[e.Name]; len(fields) > 0 {
		out = append(out, parameter("query", "q", object{{"type", "string"}}, "Finds rows in which "+strings.Join(fields, " or ")+" contains the text, letters compared without case"))
	}
	for _, f := range spec.FilterFields(e.Name) {
		text := "Finds rows with this " + words(f.Name)
		if f.Optional {
			text += "; null finds those without one"
		}
		out = append(out, parameter("query", f.Key(), filterSchema(f), text))
	}
	return out
}

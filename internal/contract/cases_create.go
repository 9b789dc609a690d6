package contract

import (
	"fmt"
	"net/http"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// creates writes the cases of creating a row as a whole.
func (b *builder) creates(e qlp.Entity) {
	if !creatable(b.spec, e.Name) {
		b.uncreatable(e)
		return
	}
	b.add(about(e.Name+".create", "every field is given", "the row is answered and can be read", true), func(b *builder) {
		b.get(e, b.create(e, true))
	})
	b.add(about(e.Name+".create.minimal", "only the required fields are given", "the others have their default, or null", true), func(b *builder) {
		b.get(e, b.create(e, false))
	})
	b.add(about(e.Name+".create.id", "a caller sets the id", "it is refused as read_only", false), func(b *builder) {
		values := b.fill(e, false)
		for _, id := range []string{"1", `"x"`} {
			b.send(http.MethodPost, PathOf(e), body(values, `"id":`+id), http.StatusUnprocessableEntity, qlp.FieldError{Field: "id", Rule: RuleReadOnly})
		}
		b.postWith(e, values, `"id":null`)
	})
	b.add(about(e.Name+".create.unknown", "a key is no field", "it is refused as unknown", false), func(b *builder) {
		values := b.fill(e, false)
		unknown := func(names ...string) (out []qlp.FieldError) {
			for _, n := range names {
				out = append(out, qlp.FieldError{Field: n, Rule: RuleUnknown})
			}
			return out
		}
		b.send(http.MethodPost, PathOf(e), body(values, `"no_such_field":1`), http.StatusUnprocessableEntity, unknown("no_such_field")...)
		b.send(http.MethodPost, PathOf(e), body(values, `"zz_none":null`, `"no_such_field":{}`), http.StatusUnprocessableEntity, unknown("no_such_field", "zz_none")...)
	})
	b.add(about(e.Name+".create.several", "several fields break rules", "all are listed, in the order of the Spec, each once, unknown keys last", false), func(b *builder) {
		b.several(http.MethodPost, PathOf(e), e)
	})
	b.add(about(e.Name+".ids", "rows are created", "ids ascend, and none is used again", true), func(b *builder) {
		first := b.create(e, false)
		second := b.create(e, false)
		b.differs(first)
		if b.spec.Allows(e.Name, qlp.OpDelete) {
			b.status(http.MethodDelete, at(e, second), http.StatusNoContent)
			b.create(e, false)
			b.differs(first, second)
		}
	})
}

// uncreatable writes the case of an entity whose rows need rows that nobody can create.
func (b *builder) uncreatable(e qlp.Entity) {
	if !b.spec.Allows(e.Name, qlp.OpCreate) {
		return
	}
	b.add(about(e.Name+".create.missing", "nothing is given", "every required field is told", false), func(b *builder) {
		var errors []qlp.FieldError
		for _, f := range e.Fields {
			if f.Required() {
				errors = append(errors, fault(f, RuleRequired))
			}
		}
		b.send(http.MethodPost, PathOf(e), "{}", http.StatusUnprocessableEntity, errors...)
	})
}

// differs expects the row that the last step has created to have another id than earlier ones.
func (b *builder) differs(than ...row) {
	x := &b.steps[len(b.steps)-1].Expect
	x.Not = map[string][]string{}
	for _, r := range than {
		x.Not["/id"] = append(x.Not["/id"], r.id)
	}
}

// several sends a row in which every field a caller must give is wrong.
func (b *builder) several(method, path string, e qlp.Entity) {
	var errors []qlp.FieldError
	json := "{"
	json += `"zz_none":1,"id":5`
	errors = append(errors, qlp.FieldError{Field: "id", Rule: RuleReadOnly})
	for i, f := range e.Fields {
		switch {
		case f.Auto:
			json += "," + text(f.Key()) + `:"x"`
			errors = append(errors, fault(f, RuleReadOnly))
		case f.Required() && i%2 == 0:
			errors = append(errors, fault(f, RuleRequired))
		default:
			json += "," + text(f.Key()) + ":[1]"
			errors = append(errors, fault(f, RuleType))
		}
	}
	errors = append(errors, qlp.FieldError{Field: "zz_none", Rule: RuleUnknown})
	b.send(method, path, json+"}", http.StatusUnprocessableEntity, errors...)
}

// requests writes the cases of bodies that are no rows, and of content types.
func (b *builder) requests(e qlp.Entity) {
	if !creatable(b.spec, e.Name) {
		return
	}
	b.add(about(e.Name+".create.malformed", "the body is not a JSON object", "it is refused with 400", false), func(b *builder) {
		values := b.fill(e, false)
		json := body(values)
		twice := body(values, text(e.Fields[0].Key())+":1", text(e.Fields[0].Key())+":1")
		for _, bad := range []string{
			"", " ", "{", json[:len(json)-1], json + "}", json + "{}", json[:len(json)-1] + ",}", "[" + json + "]", "null", `"x"`, "1",
			`{"x":NaN}`, `{"x":01}`, `{'x':1}`, `{x:1}`, twice,
		} {
			b.send(http.MethodPost, PathOf(e), bad, http.StatusBadRequest)
		}
	})
	b.add(about(e.Name+".create.content_type", "the body is said to be something else than JSON", "it is refused with 415", false), func(b *builder) {
		values := b.fill(e, false)
		for _, t := range []string{"text/plain", "application/xml", "application/x-www-form-urlencoded", "application/merge-patch+json"} {
			b.typed(http.MethodPost, PathOf(e), body(values), t, qlp.Expect{Status: http.StatusUnsupportedMediaType})
		}
	})
	b.add(about(e.Name+".create.content_type.good", "the body is said to be JSON, or nothing is said", "it is accepted", true), func(b *builder) {
		for _, t := range []string{"application/json; charset=utf-8", "Application/JSON", ""} {
			b.create(e, false)
			b.steps[len(b.steps)-1].Headers = map[string]string{"Content-Type": t}
		}
	})
	b.add(about(e.Name+".create.too_large", "the body is larger than 1 MiB", "it is refused with 413", false), func(b *builder) {
		values := b.fill(e, false)
		b.send(http.MethodPost, PathOf(e), body(values)+fmt.Sprintf("{{ *%d}}", MaxBody), http.StatusRequestEntityTooLarge)
		b.post(e, values) // the service goes on
	})
	b.add(about(e.Name+".create.large", "the body is exactly 1 MiB", "it is accepted", true), func(b *builder) {
		values := b.fill(e, false)
		if len(b.steps) > 0 { // ids of other rows have unknown lengths
			b.impossible = true
			return
		}
		json := body(values)
		b.post(e, values)
		b.steps[0].Body = json + fmt.Sprintf("{{ *%d}}", MaxBody-len(json))
	})
	b.add(about(e.Name+".create.query", "a query parameter is given where there is none", "it is refused with 400", false), func(b *builder) {
		b.send(http.MethodPost, PathOf(e)+"?x=1", body(b.fill(e, false)), http.StatusBadRequest, query("x"))
	})
}

func query(name string) qlp.FieldError { return qlp.FieldError{Field: name, Rule: RuleQuery} }

// typed sends a body with a content type; "" leaves the header out.
func (b *builder) typed(method, path, json, contentType string, expect qlp.Expect) {
	b.step(qlp.Step{Method: method, Path: path, Body: json, Headers: map[string]string{"Content-Type": contentType}, Expect: expect})
}

// reads writes the cases of reading one row.
func (b *builder) reads(e qlp.Entity) {
	if !b.spec.Allows(e.Name, qlp.OpGet) {
		return
	}
	b.add(about(e.Name+".get.missing", "a row that is not there is read", "it answers 404", false), func(b *builder) {
		for _, id := range []string{"999999999", "0", "-1", "abc", "1.5", "1e3", "99999999999999999999999", "%20"} {
			b.status(http.MethodGet, PathOf(e)+"/"+id, http.StatusNotFound)
		}
		b.status(http.MethodHead, PathOf(e)+"/999999999", http.StatusNotFound)
	})
	if !creatable(b.spec, e.Name) {
		return
	}
	b.add(about(e.Name+".get", "a row is read", "it is answered as it was created", true), func(b *builder) {
		r := b.create(e, true)
		b.get(e, r)
		b.status(http.MethodHead, at(e, r), http.StatusOK)
		b.send(http.MethodGet, at(e, r)+"?x=1", "", http.StatusBadRequest, query("x"))
		b.status(http.MethodGet, at(e, r)+"/", http.StatusNotFound)
	})
}

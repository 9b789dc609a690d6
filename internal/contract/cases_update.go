package contract

import (
	"net/http"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// updates writes the cases of PUT and PATCH.
func (b *builder) updates(e qlp.Entity) {
	if !b.spec.Allows(e.Name, qlp.OpUpdate) {
		return
	}
	b.add(about(e.Name+".update.missing", "a row that is not there is changed", "it answers 404", false), func(b *builder) {
		for _, id := range []string{"999999999", "0", "x"} {
			b.send(http.MethodPut, PathOf(e)+"/"+id, "{}", http.StatusNotFound)
			b.send(http.MethodPatch, PathOf(e)+"/"+id, "{}", http.StatusNotFound)
		}
	})
	if !creatable(b.spec, e.Name) {
		return
	}
	b.replaces(e)
	b.changes(e)
	b.add(about(e.Name+".update.refused", "a change breaks rules", "it is refused as at creation, and changes nothing", false), func(b *builder) { b.refusedUpdates(e) })
	b.add(about(e.Name+".update.malformed", "the body of a change is not a JSON object", "it is refused with 400 or 415", false), func(b *builder) {
		r := b.create(e, false)
		for _, method := range []string{http.MethodPut, http.MethodPatch} {
			for _, bad := range []string{"", "[]", "null", "{", `{"a":1,"a":1}`} {
				b.send(method, at(e, r), bad, http.StatusBadRequest)
			}
			b.typed(method, at(e, r), body(r.values), "text/plain", qlp.Expect{Status: http.StatusUnsupportedMediaType})
			b.send(method, at(e, r)+"?x=1", body(r.values), http.StatusBadRequest, query("x"))
		}
		b.typed(http.MethodPut, at(e, r), body(r.values), "application/merge-patch+json", qlp.Expect{Status: http.StatusUnsupportedMediaType})
		b.typed(http.MethodPatch, at(e, r), "{}", "application/merge-patch+json", qlp.Expect{Status: http.StatusOK})
		b.get(e, r)
	})
	b.automatic(e)
}

func (b *builder) replaces(e qlp.Entity) {
	b.add(about(e.Name+".put", "PUT gives every field", "all are replaced", true), func(b *builder) {
		r := b.create(e, true)
		next := row{id: r.id, values: b.fill(e, true)}
		b.answered(http.MethodPut, e, r, body(next.values), next.values)
		b.get(e, next)
	})
	b.add(about(e.Name+".put.minimal", "PUT leaves out what may be left out", "the others become their default, or null", true), func(b *builder) {
		r := b.create(e, true)
		next := row{id: r.id, values: b.fill(e, false)}
		b.answered(http.MethodPut, e, r, body(next.values), next.values)
		b.get(e, next)
	})
}

// answered writes a change and expects the row as it is then.
func (b *builder) answered(method string, e qlp.Entity, r row, json string, values []given) {
	expect := b.rowOf(e, "", values)
	expect.Status = http.StatusOK
	expect.Body["/id"] = r.id
	b.step(qlp.Step{Method: method, Path: at(e, r), Body: json, Expect: expect})
}

func (b *builder) changes(e qlp.Entity) {
	b.add(about(e.Name+".patch", "PATCH gives one field after another", "it changes, and the others stay", true), func(b *builder) {
		now := b.create(e, true)
		for _, f := range e.Fields {
			if f.Auto || f.Type == qlp.TypeRef && !creatable(b.spec, f.To) {
				continue
			}
			one := b.one(e, f)
			now.values = replace(now.values, one)
			b.answered(http.MethodPatch, e, now, body([]given{one}), now.values)
		}
		b.answered(http.MethodPatch, e, now, "{}", now.values)
		b.get(e, now)
	})
	b.add(about(e.Name+".patch.null", "PATCH gives null", "an optional field is cleared, any other is refused as required", false), func(b *builder) {
		now := b.create(e, true)
		for _, f := range e.Fields {
			switch {
			case f.Auto:
			case f.Optional:
				now.values = replace(now.values, given{f, Value{Sent: "null", Want: cleared}})
				b.answered(http.MethodPatch, e, now, "{"+text(f.Key())+":null}", now.values)
			default:
				b.send(http.MethodPatch, at(e, now), "{"+text(f.Key())+":null}", http.StatusUnprocessableEntity, fault(f, RuleRequired))
			}
		}
		b.get(e, now)
	})
}

// refusedUpdates sends one value for each rule of each field by PATCH, and one for each field by PUT.
func (b *builder) refusedUpdates(e qlp.Entity) {
	now := b.create(e, true)
	for _, f := range e.Fields {
		if f.Auto {
			continue
		}
		told := map[string]bool{}
		for _, s := range Samples(f) {
			if !s.Refuse || told[s.Rule] {
				continue
			}
			if len(told) == 0 {
				b.send(http.MethodPut, at(e, now), body(replace(now.values, given{f, s.Value})), http.StatusUnprocessableEntity, fault(f, s.Rule))
			}
			told[s.Rule] = true
			b.send(http.MethodPatch, at(e, now), body([]given{{f, s.Value}}), http.StatusUnprocessableEntity, fault(f, s.Rule))
		}
		if f.Required() {
			b.send(http.MethodPut, at(e, now), body(without(now.values, f)), http.StatusUnprocessableEntity, fault(f, RuleRequired))
		}
	}
	b.several(http.MethodPut, at(e, now), e)
	b.send(http.MethodPatch, at(e, now), `{"no_such_field":null}`, http.StatusUnprocessableEntity, qlp.FieldError{Field: "no_such_field", Rule: RuleUnknown})
	b.send(http.MethodPatch, at(e, now), `{"id":1}`, http.StatusUnprocessableEntity, qlp.FieldError{Field: "id", Rule: RuleReadOnly})
	b.get(e, now)
}

// automatic writes the case of the times that the service sets.
func (b *builder) automatic(e qlp.Entity) {
	saved := map[string]string{} // field → variable
	for _, f := range e.Fields {
		if f.Auto && f.Type == qlp.TypeDatetime {
			saved[f.Name] = "time_" + f.Name
		}
	}
	if len(saved) == 0 {
		return
	}
	c := about(e.Name+".automatic_times", "a row is changed", "times of creation stay, times of change move", true)
	b.add(c, func(b *builder) {
		r := b.create(e, false)
		created := &b.steps[len(b.steps)-1]
		for _, f := range e.Fields {
			if v, ok := saved[f.Name]; ok {
				created.Save[v] = "/" + f.Key()
			}
		}
		for _, method := range []string{http.MethodPut, http.MethodPatch} {
			b.answered(method, e, r, body(r.values), r.values)
			x := &b.steps[len(b.steps)-1].Expect
			x.Not = map[string][]string{}
			for _, f := range e.Fields {
				v, ok := saved[f.Name]
				switch {
				case !ok:
				case f.OnUpdate():
					x.Not["/"+f.Key()] = []string{`"{{` + v + `}}"`}
				default:
					x.Body["/"+f.Key()] = `"{{` + v + `}}"`
				}
			}
		}
	})
}

package contract

import (
	"net/http"
	"slices"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// fields writes the cases of every rule of every field of e.
func (b *builder) fields(e qlp.Entity) {
	if !creatable(b.spec, e.Name) {
		return
	}
	for _, f := range e.Fields {
		if f.Auto {
			b.readOnly(e, f)
			continue
		}
		b.absent(e, f)
		b.sampled(e, f)
		if f.Type == qlp.TypeRef {
			b.reference(e, f)
		}
		if f.Unique {
			b.unique(e, f)
		}
	}
}

func (b *builder) readOnly(e qlp.Entity, f qlp.Field) {
	c := ruled(e, f, e.Name+".create."+f.Name+".read_only", RuleReadOnly, "a caller sets "+f.Name, "it is refused", false)
	b.add(c, func(b *builder) {
		sent := `"2020-01-02"`
		if f.Type == qlp.TypeDatetime {
			sent = `"2020-01-02T03:04:05Z"`
		}
		values := b.fill(e, false)
		member := text(f.Key()) + ":" + sent
		b.send(http.MethodPost, PathOf(e), body(values, member), http.StatusUnprocessableEntity, fault(f, RuleReadOnly))
		b.send(http.MethodPost, PathOf(e), body(values, text(f.Key())+`:"x"`), http.StatusUnprocessableEntity, fault(f, RuleReadOnly))
		r := b.postWith(e, values, text(f.Key())+":null")
		if b.spec.Allows(e.Name, qlp.OpUpdate) {
			b.send(http.MethodPatch, at(e, r), "{"+member+"}", http.StatusUnprocessableEntity, fault(f, RuleReadOnly))
			b.send(http.MethodPut, at(e, r), body(values, member), http.StatusUnprocessableEntity, fault(f, RuleReadOnly))
		}
	})
}

// postWith creates a row from values and members that must change nothing.
func (b *builder) postWith(e qlp.Entity, values []given, members ...string) row {
	r := b.post(e, values)
	b.steps[len(b.steps)-1].Body = body(values, members...)
	return r
}

// absent writes the case of a field that is not given, or given as null.
func (b *builder) absent(e qlp.Entity, f qlp.Field) {
	if f.Required() {
		c := ruled(e, f, e.Name+".create."+f.Name+".absent", RuleRequired, f.Key()+" is absent or null", "it is refused as required", false)
		b.add(c, func(b *builder) {
			values := without(b.fill(e, false), f)
			b.send(http.MethodPost, PathOf(e), body(values), http.StatusUnprocessableEntity, fault(f, RuleRequired))
			b.send(http.MethodPost, PathOf(e), body(values, text(f.Key())+":null"), http.StatusUnprocessableEntity, fault(f, RuleRequired))
		})
		return
	}
	c := ruled(e, f, e.Name+".create."+f.Name+".absent", "", f.Key()+" is absent or null", "the row has its default, or null", true)
	if f.Default != nil {
		c.Rule += ".default"
	} else {
		c.Rule += ".optional"
	}
	b.add(c, func(b *builder) {
		b.create(e, false)
		values := b.fill(e, false)
		b.postWith(e, values, text(f.Key())+":null")
	})
}

// sampled writes two cases for each rule that the field's samples are about.
func (b *builder) sampled(e qlp.Entity, f qlp.Field) {
	samples := Samples(f)
	for _, rule := range Rules() {
		var good, bad []Sample
		for _, s := range samples {
			switch {
			case s.Rule != rule:
			case s.Refuse:
				bad = append(bad, s)
			default:
				good = append(good, s)
			}
		}
		if len(good) > 0 {
			c := ruled(e, f, e.Name+".create."+f.Name+"."+rule+".good", rule, f.Key()+" is at the edge of "+rule, "it is accepted", true)
			b.add(c, func(b *builder) { b.accepts(e, f, good) })
		}
		if len(bad) > 0 {
			c := ruled(e, f, e.Name+".create."+f.Name+"."+rule, rule, f.Key()+" breaks "+rule, "it is refused by that name", false)
			b.add(c, func(b *builder) { b.refuses(e, f, bad) })
		}
	}
}

func (b *builder) accepts(e qlp.Entity, f qlp.Field, good []Sample) {
	for _, s := range good {
		if b.values.Take(e.Name, f, s.Value) {
			b.create(e, false, given{f, s.Value})
		}
	}
}

func (b *builder) refuses(e qlp.Entity, f qlp.Field, bad []Sample) {
	values := b.fill(e, false)
	for _, s := range bad {
		json := body(replace(values, given{f, s.Value}))
		b.send(http.MethodPost, PathOf(e), json, http.StatusUnprocessableEntity, fault(f, s.Rule))
	}
}

// reference writes the cases of a row that is there and of one that was deleted.
func (b *builder) reference(e qlp.Entity, f qlp.Field) {
	if !creatable(b.spec, f.To) {
		return
	}
	target, _ := b.spec.Entity(f.To)
	c := ruled(e, f, e.Name+".create."+f.Name+".reference.good", RuleReference, f.Key()+" names a "+f.To+" that exists", "it is accepted", true)
	b.add(c, func(b *builder) { b.create(e, false, given{f, same(b.target(f).id)}) })
	if !b.spec.Allows(f.To, qlp.OpDelete) {
		return
	}
	c = ruled(e, f, e.Name+".create."+f.Name+".reference.gone", RuleReference, f.Key()+" names a "+f.To+" that was deleted", "it is refused", false)
	b.add(c, func(b *builder) {
		values := b.fill(e, false)
		r := b.create(target, false)
		b.status(http.MethodDelete, at(target, r), http.StatusNoContent)
		json := body(replace(values, given{f, same(r.id)}))
		b.send(http.MethodPost, PathOf(e), json, http.StatusUnprocessableEntity, fault(f, RuleReference))
	})
}

// unique writes the cases of a value that another row has.
func (b *builder) unique(e qlp.Entity, f qlp.Field) {
	conflict := func(c qlp.Field) qlp.FieldError { return fault(c, RuleUnique) }
	c := ruled(e, f, e.Name+".create."+f.Name+".unique", RuleUnique, "two rows have the same "+f.Key(), "the second is refused with 409, and nothing of it is kept", false)
	b.add(c, func(b *builder) {
		mine := b.one(e, f)
		first := b.create(e, false, mine)
		if b.impossible {
			return
		}
		for _, sent := range notations(f, b.sent(first, f)) {
			values := b.fill(e, false, given{f, same(sent)})
			b.send(http.MethodPost, PathOf(e), body(values), http.StatusConflict, conflict(f))
		}
		b.invalidFirst(e, f, first)
		b.updateConflicts(e, f, first)
		if b.spec.Allows(e.Name, qlp.OpDelete) { // a value is free again when its row has gone
			b.status(http.MethodDelete, at(e, first), http.StatusNoContent)
			b.create(e, false, given{f, same(b.sent(first, f))})
		}
	})
	c = ruled(e, f, e.Name+".create."+f.Name+".unique.good", RuleUnique, "two rows differ in "+f.Key()+", or have none", "both are accepted", true)
	b.add(c, func(b *builder) {
		b.create(e, false, b.one(e, f))
		b.create(e, false, b.one(e, f))
		if f.Optional && f.Default == nil {
			b.create(e, false)
			b.create(e, false)
		}
	})
}

// one returns a fresh value of f, also when it is optional.
func (b *builder) one(e qlp.Entity, f qlp.Field) given {
	if f.Type != qlp.TypeRef {
		return given{f, b.values.Fresh(e.Name, f)}
	}
	if !creatable(b.spec, f.To) {
		b.impossible = true
		return given{f, same("0")}
	}
	return given{f, same(b.target(f).id)}
}

func (b *builder) sent(r row, f qlp.Field) string {
	i := slices.IndexFunc(r.values, func(g given) bool { return g.field.Name == f.Name })
	return r.values[i].Sent
}

// invalidFirst sends a value that clashes beside one that breaks a rule: the rule is told.
func (b *builder) invalidFirst(e qlp.Entity, f qlp.Field, first row) {
	for _, other := range e.Fields {
		if other.Name == f.Name || other.Auto || !other.Required() || other.Type == qlp.TypeRef {
			continue
		}
		values := without(replace(first.values, given{f, same(b.sent(first, f))}), other)
		b.send(http.MethodPost, PathOf(e), body(values), http.StatusUnprocessableEntity, fault(other, RuleRequired))
		return
	}
}

func (b *builder) updateConflicts(e qlp.Entity, f qlp.Field, first row) {
	if !b.spec.Allows(e.Name, qlp.OpUpdate) {
		return
	}
	second := b.create(e, false, b.one(e, f))
	clash := given{f, same(b.sent(first, f))}
	b.send(http.MethodPatch, at(e, second), body([]given{clash}), http.StatusConflict, fault(f, RuleUnique))
	b.send(http.MethodPut, at(e, second), body(replace(second.values, clash)), http.StatusConflict, fault(f, RuleUnique))
	b.get(e, second)
	own := b.rowOf(e, "", second.values) // its own value is no clash
	own.Status = http.StatusOK
	b.step(qlp.Step{Method: http.MethodPut, Path: at(e, second), Body: body(second.values), Expect: own})
}

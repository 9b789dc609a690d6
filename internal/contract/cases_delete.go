package contract

import (
	"net/http"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// deletes writes the cases of deleting rows, and of what that does to the rows that refer to them.
func (b *builder) deletes(e qlp.Entity) {
	if !b.spec.Allows(e.Name, qlp.OpDelete) {
		return
	}
	b.add(about(e.Name+".delete.missing", "a row that is not there is deleted", "it answers 404", false), func(b *builder) {
		for _, id := range []string{"999999999", "0", "x"} {
			b.status(http.MethodDelete, PathOf(e)+"/"+id, http.StatusNotFound)
		}
	})
	if !creatable(b.spec, e.Name) {
		return
	}
	b.add(about(e.Name+".delete", "a row is deleted", "it is gone, and only it", true), func(b *builder) {
		other, r := b.create(e, false), b.create(e, false)
		b.send(http.MethodDelete, at(e, r)+"?x=1", "", http.StatusBadRequest, query("x"))
		b.status(http.MethodDelete, at(e, r), http.StatusNoContent)
		b.gone(e, r)
		b.status(http.MethodDelete, at(e, r), http.StatusNotFound)
		if b.spec.Allows(e.Name, qlp.OpUpdate) {
			b.send(http.MethodPatch, at(e, r), "{}", http.StatusNotFound)
		}
		b.get(e, other)
	})
	for _, ref := range b.spec.ReferencesTo(e.Name) {
		if !creatable(b.spec, ref.Entity.Name) {
			continue
		}
		switch ref.Field.OnDelete {
		case qlp.Cascade:
			b.cascades(e, ref)
		case qlp.SetNull:
			b.empties(e, ref)
		default:
			b.restricts(e, ref)
		}
	}
}

func reaction(e qlp.Entity, ref qlp.Reference, then string, good bool) qlp.Acceptance {
	id := e.Name + ".delete." + ref.Entity.Name + "." + ref.Field.Name
	return ruled(ref.Entity, ref.Field, id, RuleReferenced, "a "+e.Name+" is deleted that a "+ref.Entity.Name+" refers to", then, good)
}

func (b *builder) restricts(e qlp.Entity, ref qlp.Reference) {
	b.add(reaction(e, ref, "it is refused with 409, and both stay", false), func(b *builder) {
		parent, child := b.pair(e, ref)
		b.send(http.MethodDelete, at(e, parent), "", http.StatusConflict, qlp.FieldError{Field: "id", Rule: RuleReferenced})
		b.get(e, parent)
		b.get(ref.Entity, child)
		if b.spec.Allows(ref.Entity.Name, qlp.OpDelete) && ref.Entity.Name != e.Name {
			b.status(http.MethodDelete, at(ref.Entity, child), http.StatusNoContent)
			b.status(http.MethodDelete, at(e, parent), http.StatusNoContent)
			b.gone(e, parent)
		}
	})
}

// pair creates a row and one that refers to it, with nothing else between them.
func (b *builder) pair(e qlp.Entity, ref qlp.Reference) (parent, child row) {
	parent = b.create(e, false)
	child = b.create(ref.Entity, false, given{ref.Field, same(parent.id)})
	return parent, child
}

func (b *builder) empties(e qlp.Entity, ref qlp.Reference) {
	b.add(reaction(e, ref, "the reference is emptied", true), func(b *builder) {
		parent, child := b.pair(e, ref)
		b.status(http.MethodDelete, at(e, parent), http.StatusNoContent)
		b.gone(e, parent)
		b.get(ref.Entity, row{id: child.id, values: without(child.values, ref.Field)})
	})
}

func (b *builder) cascades(e qlp.Entity, ref qlp.Reference) {
	b.add(reaction(e, ref, "the referring rows go with it, and no others", true), func(b *builder) {
		parent, child := b.pair(e, ref)
		sibling := child
		if !ref.Field.Unique {
			sibling = b.create(ref.Entity, false, given{ref.Field, same(parent.id)})
		}
		_, spared := b.pair(e, ref)
		b.status(http.MethodDelete, at(e, parent), http.StatusNoContent)
		b.gone(e, parent)
		b.gone(ref.Entity, child)
		b.gone(ref.Entity, sibling)
		b.get(ref.Entity, spared)
	})
	for _, next := range b.spec.ReferencesTo(ref.Entity.Name) {
		if next.Entity.Name != e.Name && creatable(b.spec, next.Entity.Name) && !refersTo(next.Entity, e.Name) {
			b.cascadesOn(e, ref, next)
		}
	}
}

// refersTo reports whether the entity has a required reference to another: then the row in the middle is not what decides.
func refersTo(e qlp.Entity, name string) bool {
	for _, f := range e.Fields {
		if f.Type == qlp.TypeRef && f.To == name && f.Required() {
			return true
		}
	}
	return false
}

// cascadesOn writes the case of a deletion that goes on to the rows behind the referring ones.
func (b *builder) cascadesOn(e qlp.Entity, ref, next qlp.Reference) {
	c := reaction(e, ref, "", true)
	c.ID += "." + next.Entity.Name + "." + next.Field.Name
	c.When += ", which a " + next.Entity.Name + " refers to"
	switch next.Field.OnDelete {
	case qlp.Cascade:
		c.Then = "all three go"
	case qlp.SetNull:
		c.Then = "the last one's reference is emptied"
	default:
		c.Then, c.Good = "the whole is refused, and all three stay", false
	}
	b.add(c, func(b *builder) {
		parent, child := b.pair(e, ref)
		last := b.create(next.Entity, false, given{next.Field, same(child.id)})
		if c.Good {
			b.status(http.MethodDelete, at(e, parent), http.StatusNoContent)
			b.gone(e, parent)
			b.gone(ref.Entity, child)
		} else {
			b.send(http.MethodDelete, at(e, parent), "", http.StatusConflict, qlp.FieldError{Field: "id", Rule: RuleReferenced})
			b.get(e, parent)
			b.get(ref.Entity, child)
		}
		switch next.Field.OnDelete {
		case qlp.Cascade:
			b.gone(next.Entity, last)
		case qlp.SetNull:
			b.get(next.Entity, row{id: last.id, values: without(last.values, next.Field)})
		default:
			b.get(next.Entity, last)
		}
	})
}

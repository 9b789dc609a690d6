package qlp

import (
	"slices"
	"strings"
)

// Entity returns the entity of that name.
func (s *Spec) Entity(name string) (Entity, bool) {
	for _, e := range s.Entities {
		if e.Name == name {
			return e, true
		}
	}
	return Entity{}, false
}

// Allows reports whether entity keeps operation op, which it does unless the words left it out.
func (s *Spec) Allows(entity string, op Operation) bool {
	return !slices.Contains(s.Without[entity], op)
}

// Page returns the page size and the largest one a caller may ask for.
func (s *Spec) Page() (size, largest int) {
	size = s.PageSize
	if size == 0 {
		size = DefaultPageSize
	}
	return size, max(size, MaxPageSize)
}

// FilterFields returns the fields a list of entity can be narrowed by: those that the words name, then every reference
// (a list by its parent is how one-to-many is read), each once, in the order of the entity's fields.
func (s *Spec) FilterFields(entity string) []Field {
	e, _ := s.Entity(entity)
	var out []Field
	for _, f := range e.Fields {
		if f.Type == TypeRef || slices.Contains(s.Filters[entity], f.Name) {
			out = append(out, f)
		}
	}
	return out
}

// Reference is a field of one entity that points at another.
type Reference struct {
	Entity Entity // the one that holds the field
	Field  Field
}

// ReferencesTo returns every field that points at the entity of that name, in the order of the Spec.
func (s *Spec) ReferencesTo(name string) []Reference {
	var out []Reference
	for _, e := range s.Entities {
		for _, f := range e.Fields {
			if f.Type == TypeRef && f.To == name {
				out = append(out, Reference{Entity: e, Field: f})
			}
		}
	}
	return out
}

// Field returns the entity's field of that name.
func (e Entity) Field(name string) (Field, bool) {
	for _, f := range e.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// Required reports whether a caller must give the field when creating.
func (f Field) Required() bool { return !f.Optional && !f.Auto && f.Default == nil }

// OnUpdate reports whether an automatic time is set at every change and not only at creation. The name says so.
func (f Field) OnUpdate() bool {
	if !f.Auto {
		return false
	}
	for _, word := range []string{"updated", "modified", "changed", "edited"} {
		if strings.Contains(f.Name, word) {
			return true
		}
	}
	return false
}

// Key returns the field's name in JSON: a reference is named by its id.
func (f Field) Key() string {
	if f.Type == TypeRef {
		return f.Name + "_id"
	}
	return f.Name
}

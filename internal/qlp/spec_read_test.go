package qlp

import (
	"slices"
	"testing"
)

func TestReadingASpec(t *testing.T) {
	t.Parallel()
	s := sound()
	if e, ok := s.Entity("loan"); !ok || e.Plural != "loans" {
		t.Errorf("loan: %+v", e)
	}
	if _, ok := s.Entity("loans"); ok {
		t.Error("an entity is found by its plural")
	}
	if s.Allows("loan", OpUpdate) || !s.Allows("loan", OpDelete) || !s.Allows("book", OpUpdate) {
		t.Error("the operations that were left out are told wrongly")
	}
	var names []string
	for _, f := range s.FilterFields("loan") {
		names = append(names, f.Key())
	}
	if !slices.Equal(names, []string{"book_id", "previous_id"}) {
		t.Errorf("loans are narrowed by %v", names)
	}
	if refs := s.ReferencesTo("loan"); len(refs) != 1 || refs[0].Entity.Name != "loan" || refs[0].Field.Name != "previous" {
		t.Errorf("at loan point %+v", refs)
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	for given, want := range map[int][2]int{0: {DefaultPageSize, MaxPageSize}, 5: {5, MaxPageSize}, MaxPageSize + 1: {MaxPageSize + 1, MaxPageSize + 1}} {
		size, largest := (&Spec{PageSize: given}).Page()
		if size != want[0] || largest != want[1] {
			t.Errorf("%d: %d, at most %d", given, size, largest)
		}
	}
}

func TestField(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		field              Field
		required, onUpdate bool
	}{
		{Field{Name: "title"}, true, false},
		{Field{Name: "title", Optional: true}, false, false},
		{Field{Name: "title", Default: scalar(`"x"`)}, false, false},
		{Field{Name: "created_at", Auto: true}, false, false},
		{Field{Name: "updated_at", Auto: true}, false, true},
		{Field{Name: "last_modified", Auto: true}, false, true},
		{Field{Name: "updated_at"}, true, false}, // a caller gives it
	} {
		if c.field.Required() != c.required || c.field.OnUpdate() != c.onUpdate {
			t.Errorf("%+v: required %t, on update %t", c.field, c.field.Required(), c.field.OnUpdate())
		}
	}
}

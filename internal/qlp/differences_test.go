package qlp_test

import (
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
)

func TestDifferences(t *testing.T) {
	t.Parallel()
	before := qlp.Spec{
		Title: "Library", Kind: qlp.KindService, Stack: "go", Extras: []string{"dockerfile", "readme"},
		Entities: []qlp.Entity{
			{Name: "author", Plural: "authors", Fields: []qlp.Field{{Name: "name", Type: qlp.TypeString}}},
			{Name: "book", Plural: "books", Fields: []qlp.Field{{Name: "title", Type: qlp.TypeString}, {Name: "isbn", Type: qlp.TypeString, Unique: true}}},
		},
		Sources: []qlp.Source{{}},
	}
	after := before
	after.Stack = "python"
	after.Extras = []string{"ci", "readme"}
	after.Sources = nil
	after.Entities = []qlp.Entity{ // the same two in another order, one field changed, one gone, one new
		{Name: "book", Plural: "books", Fields: []qlp.Field{{Name: "isbn", Type: qlp.TypeString}, {Name: "pages", Type: qlp.TypeInt}}},
		before.Entities[0],
	}
	got, err := after.Differences(before)
	if err != nil {
		t.Fatal(err)
	}
	want := []struct{ path, before, after string }{
		{"entities.book.fields.isbn.unique", "true", ""},
		{"entities.book.fields.pages", "", `{"name":"pages","type":"int"}`},
		{"entities.book.fields.title", `{"name":"title","type":"string"}`, ""},
		{"extras", `"dockerfile"`, ""},
		{"extras", "", `"ci"`},
		{"stack", `"go"`, `"python"`},
	}
	if len(got) != len(want) {
		t.Fatalf("%d differences, want %d: %s", len(got), len(want), qlp.DigestJSON(got))
	}
	for i, w := range want {
		if got[i].Path != w.path || string(got[i].Before) != w.before || string(got[i].After) != w.after {
			t.Errorf("difference %d is %s: %s -> %s, want %+v", i, got[i].Path, got[i].Before, got[i].After, w)
		}
	}
	if same, err := before.Differences(before); err != nil || len(same) != 0 {
		t.Errorf("a Spec differs from itself: %v %v", same, err)
	}
}

func TestSearchWords(t *testing.T) {
	t.Parallel()
	spec := &qlp.Spec{Title: "Library", Entities: []qlp.Entity{{Name: "line_item", Plural: "line_items", Fields: []qlp.Field{{Name: "price"}}}}}
	if got := qlp.SearchWords(qlp.Intent{Words: "a shop", Spec: spec}); got != "a shop" {
		t.Errorf("got %q", got)
	}
	if got, want := qlp.SearchWords(qlp.Intent{Spec: spec}), "Library\nline items\nline item price\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

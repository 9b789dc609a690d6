package inflect

import "testing"

func TestWords(t *testing.T) {
	t.Parallel()
	pairs := map[string]string{
		"person": "people", "category": "categories", "address": "addresses", "status": "statuses", "news": "news", "series": "series",
		"species": "species", "virus": "viruses", "cache": "caches", "lens": "lenses", "line_item": "line_items", "child": "children",
		"expense": "expenses", "course": "courses", "warehouse": "warehouses", "class": "classes", "bus": "buses", "analysis": "analyses",
		"movie": "movies", "tax": "taxes", "bonus": "bonuses", "campus": "campuses", "criterion": "criteria", "index": "indices",
		"quiz": "quizzes", "employee": "employees", "purchase": "purchases", "license": "licenses", "house": "houses", "leave": "leaves",
		"staff": "staff", "gym_class": "gym_classes", "process": "processes", "invoice": "invoices", "diagnosis": "diagnoses", "gas": "gases",
		"bush": "bushes", "photo": "photos", "hero": "heroes", "knife": "knives", "database": "databases", "alias": "aliases",
	}
	w := New()
	for one, many := range pairs {
		if got := w.Plural(one); got != many {
			t.Errorf("Plural(%q) = %q, want %q", one, got, many)
		}
		if got := w.Singular(many); got != one {
			t.Errorf("Singular(%q) = %q, want %q", many, got, one)
		}
		if got := w.Singular(one); got != one {
			t.Errorf("Singular(%q) = %q: it is singular already", one, got)
		}
	}
}

func TestTitle(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"line_items": "Line Items", "event ticketing": "Event Ticketing", "": "", "éclair": "Éclair"} {
		if got := Title(in); got != want {
			t.Errorf("Title(%q) = %q, want %q", in, got, want)
		}
	}
}

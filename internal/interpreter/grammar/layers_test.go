package grammar

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/interpreter"
	"github.com/quantumlayer/qlp/internal/qlp"
)

func lows(tokens []token) string {
	var out []string
	for _, t := range tokens {
		switch t.kind {
		case newline:
		case item:
			out = append(out, "‖")
		default:
			out = append(out, t.low)
		}
	}
	return strings.Join(out, " ")
}

func TestLex(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"due-date due_date dueDate":          "due date due date due date",
		"can't cannot don't":                 "can not can not do not",
		"1,000 items, 0.50 or -3, 1-5":       "1000 items , 0.50 or -3 , 1 - 5",
		"a 3-letter code":                    "a 3 letter code",
		"price ≥ 0":                          "price >= 0",
		"Node.js, C#, .NET":                  "node.js , c# , .net",
		"an e-mail":                          "an email",
		"a to-do list":                       "a todo list",
		"OpenAPI GitHub":                     "openapi github",
		"the book's title":                   "the book 's title",
		"customers' “open” or 'in progress'": "customers open or in progress",
		"**title**: `isbn`":                  "title : isbn",
		"Größe":                              "größe",
		"a..b a -> b <-> c":                  "a .. b a -> b <-> c",
		"007 -0":                             "7 0",
		"price 10€":                          "price 10 €",
	} {
		if got := lows(lex(in)); got != want {
			t.Errorf("lex(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestClauses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][]string{
		"A. B; c": {"a", "b", "c"},
		"Books:\n- title\n- isbn (unique).\nDone.":                {"books : ‖ title ‖ isbn ( unique )", "done"},
		"Entities:\n- Book: title, author\n- Member: name, email": {"entities :", "book : title , author", "member : name , email"},
		"1. Book\n   - title\n2. Member\n   - name":               {"book ‖ title", "member ‖ name"},
		"a (b. c; d) e. f":                    {"a ( b . c ‖ d ) e", "f"},
		"books with title,\nauthor and\nisbn": {"books with title , author and isbn"},
		"books: title\nmembers: name":         {"books : title", "members : name"},
	} {
		var got []string
		for _, c := range clauses(lex(in)) {
			got = append(got, lows(c))
		}
		if !slices.Equal(got, want) {
			t.Errorf("clauses(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	g := New()
	for in, want := range map[string]string{
		"must be unique": "unique", "at least 3": "min 3", "no more than 5 characters": "max 5 chars", "between 1 and 12": "min 1 max 12", "1-5": "min 1 max 5",
		"exactly 3 letters": "length 3 chars unit letters", "greater than zero": "xmin 0", "not negative": "min 0", "cannot be negative": "min 0", "open by default": "default open",
		"defaults to in progress": "default in progress", "may be left empty": "optional", "set automatically": "auto", "on delete cascade": "on_delete cascade", "can repeat": "repeat", "frob": "",
	} {
		p := &parser{v: g.v, text: in, t: rematch(lex(in)[1:]), known: map[string]bool{}}
		facts, _ := p.ruleAt(0, len(p.t))
		var got []string
		for _, f := range facts {
			got = append(got, strings.TrimSpace(f.key+" "+f.val))
		}
		if len(facts) > 0 && facts[0].chars {
			got = slices.Insert(got, 1, "chars")
		}
		if strings.Join(got, " ") != want {
			t.Errorf("ruleAt(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestTypeByName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]qlp.FieldType{
		"email": qlp.TypeEmail, "holder_email": qlp.TypeEmail, "image_url": qlp.TypeURL, "unit_price": qlp.TypeDecimal, "price_per_night": qlp.TypeDecimal, "published_year": qlp.TypeInt,
		"number_of_rooms": qlp.TypeInt, "student_number": "", "starts_at": qlp.TypeDatetime, "spent_on": qlp.TypeDate, "date_of_birth": qlp.TypeDate, "due_date": qlp.TypeDate,
		"description": qlp.TypeText, "is_active": qlp.TypeBool, "title": "", "at": "", "on": "", "message": "", "published": "", "quantity_per_box": qlp.TypeInt,
	} {
		if got := typeByName(name); got != want {
			t.Errorf("typeByName(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	g := New()
	for name, c := range map[string]struct {
		words string
		opts  interpreter.Options
		stack string
		note  bool
	}{
		"named":           {"a Python API for books with title", interpreter.Options{DefaultStack: "node"}, "python", false},
		"default":         {"an API for books with title", interpreter.Options{DefaultStack: "node"}, "node", true},
		"none":            {"an API for books with title", interpreter.Options{}, "go", true},
		"forced":          {"an API for books with title", interpreter.Options{Stack: "python"}, "python", false},
		"forced, another": {"a Go API for books with title", interpreter.Options{Stack: "python"}, "python", true},
		"forced, two":     {"a Go API in Python for books with title", interpreter.Options{Stack: "python"}, "python", true},
	} {
		r, err := g.Interpret(context.Background(), c.words, c.opts)
		if err != nil || r.Spec == nil || r.Outcome != interpreter.Understood {
			t.Errorf("%s: %+v, %v", name, r, err)
			continue
		}
		noted := slices.ContainsFunc(r.Spec.Assumptions, func(a qlp.Assumption) bool { return a.Path == "stack" })
		if r.Spec.Stack != c.stack || noted != c.note {
			t.Errorf("%s: stack %s, noted %t; want %s, %t", name, r.Spec.Stack, noted, c.stack, c.note)
		}
	}
}

// TestSources checks that a fact is tied to the words it came from.
func TestSources(t *testing.T) {
	t.Parallel()
	const words = "Go API for books with title, unique isbn and price decimal > 0. Protect it with an API key."
	r, err := New().Interpret(context.Background(), words, interpreter.Options{})
	if err != nil || r.Outcome != interpreter.Understood {
		t.Fatalf("%+v, %v", r, err)
	}
	want := map[string]string{
		"stack": "Go", "entities.book": "books", "entities.book.fields.isbn": "isbn", "entities.book.fields.isbn.unique": "unique",
		"entities.book.fields.price.type": "decimal", "entities.book.fields.price.exclusive_min": "> 0", "auth": "API key",
	}
	for _, s := range r.Spec.Sources {
		if text, ok := want[s.Path]; ok {
			if got := words[s.Start:s.End]; got != text {
				t.Errorf("%s comes from %q, want %q", s.Path, got, text)
			}
			delete(want, s.Path)
		}
	}
	for path := range want {
		t.Errorf("no source for %s", path)
	}
}

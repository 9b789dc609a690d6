package python

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// names are such that Python, SQL, HTTP or the project itself has a use of its own for them.
var names = []string{
	"class", "import", "from", "type", "list", "none", "id_card", "self", "select", "order", "entity", "field", "row", "test",
	"value", "store", "route", "link", "links", "entities", "a", "x1", "line_item", "str", "int", "object", "dict", "page_view",
	"item10", "item2", "lambda", "async", "match", "sizes", "resource", "request", "print", "example", "rules", "errors",
	"a_rather_long_name_that_goes_on_for_fifty_letters",
}

// randomSpec makes a valid Spec.
func randomSpec(r *rand.Rand) qlp.Spec {
	spec := qlp.Spec{
		Title: "Random", Kind: qlp.KindService, Stack: Stack,
		Search: map[string][]string{}, Filters: map[string][]string{}, Without: map[string][]qlp.Operation{},
	}
	if r.IntN(2) == 0 {
		spec.Auth = qlp.AuthAPIKey
	}
	if r.IntN(4) == 0 {
		spec.Storage = qlp.StorageMemory
	}
	order := r.Perm(len(names))
	for _, n := range order[:1+r.IntN(6)] {
		e := qlp.Entity{Name: names[n], Plural: names[n] + "s"}
		for i, at := range r.Perm(len(names))[:1+r.IntN(9)] {
			f := randomField(r, names[at], spec.Entities)
			e.Fields = append(e.Fields, f)
			if i%2 == 0 && (f.Type == qlp.TypeString || f.Type == qlp.TypeText) {
				spec.Search[e.Name] = append(spec.Search[e.Name], f.Name)
			}
			if i%3 == 0 {
				spec.Filters[e.Name] = append(spec.Filters[e.Name], f.Name)
			}
		}
		if r.IntN(3) == 0 {
			spec.Without[e.Name] = []qlp.Operation{qlp.Operations()[r.IntN(5)]}
		}
		spec.Entities = append(spec.Entities, e)
	}
	if n := len(spec.Entities); n > 1 && r.IntN(2) == 0 {
		spec.ManyToMany = append(spec.ManyToMany, [2]string{spec.Entities[0].Name, spec.Entities[n-1].Name})
	}
	return spec
}

func randomField(r *rand.Rand, name string, before []qlp.Entity) qlp.Field {
	types := qlp.FieldTypes()
	if len(before) == 0 {
		types = types[:len(types)-1] // no reference
	}
	f := qlp.Field{Name: name, Type: types[r.IntN(len(types))], Optional: r.IntN(3) == 0, Unique: r.IntN(4) == 0}
	switch f.Type {
	case qlp.TypeRef:
		f.To = before[r.IntN(len(before))].Name
		f.OnDelete = []qlp.OnDelete{"", qlp.Restrict, qlp.Cascade}[r.IntN(3)]
		f.Unique = false
	case qlp.TypeEnum:
		for i := range 1 + r.IntN(12) {
			f.Values = append(f.Values, fmt.Sprintf("%s %d \"'", randomWord(r), i))
		}
		f.Unique = false
	case qlp.TypeString, qlp.TypeText:
		f.MinLength, f.MaxLength = r.IntN(5), 5+r.IntN(100)
	case qlp.TypeInt, qlp.TypeDecimal:
		low := qlp.Number(fmt.Sprint(r.IntN(1000) - 500))
		high := qlp.Number(fmt.Sprint(501 + r.IntN(1000)))
		f.Min, f.ExclusiveMax = &low, &high
	case qlp.TypeDate, qlp.TypeDatetime:
		if f.Auto = r.IntN(3) == 0; f.Auto {
			f.Optional, f.Unique = false, false
		}
	case qlp.TypeBool:
		f.Unique = false
	}
	return f
}

func randomWord(r *rand.Rand) string {
	letters := []rune("abcXYZ{}%$\\'\"<>&日本é😀-_#|`")
	word := []rune("w")
	for range r.IntN(12) {
		word = append(word, letters[r.IntN(len(letters))])
	}
	return string(word)
}

// parseAll is a Python program that parses every file of a folder.
const parseAll = `
import ast, pathlib, sys
for path in pathlib.Path(sys.argv[1]).rglob("*.py"):
    ast.parse(path.read_text("utf-8"), str(path))
`

func TestRandomSpecs(t *testing.T) {
	t.Parallel()
	need(t, "python3")
	root := t.TempDir()
	var dirs []string
	for seed := range uint64(25) {
		spec := randomSpec(rand.New(rand.NewPCG(seed, 1)))
		if problems := spec.Validate(); len(problems) > 0 {
			t.Fatalf("seed %d: the Spec is not valid: %v", seed, problems)
		}
		files, err := Project(spec)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		dir := filepath.Join(root, fmt.Sprint(seed))
		dirs = append(dirs, dir)
		for _, f := range files {
			path := filepath.Join(dir, filepath.FromSlash(f.Path))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, f.Content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	run(t, root, "python3", "-c", parseAll, root)
	for _, dir := range dirs[:3] {
		run(t, dir, "python3", "-m", "unittest", "discover", "-s", "tests", "-t", ".", "-b")
	}
	t.Run("ruff", func(t *testing.T) {
		need(t, "ruff")
		for _, dir := range dirs {
			run(t, dir, "ruff", "format", "--check", "--diff", "--quiet", ".")
			run(t, dir, "ruff", "check", "--quiet", ".")
		}
	})
}

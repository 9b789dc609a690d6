package golang_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// random makes Specs that anybody might write, and many that nobody would. The same seed makes the same Spec.
type random struct{ *rand.Rand }

func newRandom(seed uint64) random { return random{rand.New(rand.NewPCG(seed, 1))} }

func (r random) some(chance int) bool { return r.IntN(100) < chance }

func pick[T any](r random, from ...T) T { return from[r.IntN(len(from))] }

// word is a name: of the language, of the templates, of everyday life, or of nothing.
func (r random) word() string {
	return pick(r, "book", "line_item", "type", "func", "error", "string", "map", "range", "go", "chan", "select", "id", "url", "uuid_id",
		"fill", "row", "rows", "form", "field", "domain", "store", "test", "a_test", "linux", "main", "init", "time", "http", "any", "nil",
		"true", "iota", "len", "b", "b_1", "b1", "x2_y", "json", "log", "rt", "close", "page", "q", "value", "number", "i", "t", "s", "new_row")
}

func (r random) name(taken map[string]bool) string {
	for n := r.word(); ; n += "_" + r.word() {
		if !taken[n] && len(n) < 40 {
			taken[n] = true
			return n
		}
	}
}

func (r random) spec() qlp.Spec {
	s := qlp.Spec{
		Title: pick(r, "Library", "日本", "42", `"; }}`, "time", "A - b"), Summary: pick(r, "", "Of *books*.", "`\\"),
		Kind: qlp.KindService, Stack: "go", PageSize: pick(r, 0, 1, 500), Auth: pick(r, "", qlp.AuthAPIKey),
		Storage: pick(r, "", qlp.StorageFile, qlp.StorageMemory), Without: map[string][]qlp.Operation{},
		Search: map[string][]string{}, Filters: map[string][]string{},
	}
	names, plurals := map[string]bool{}, map[string]bool{}
	for range 1 + r.IntN(6) {
		s.Entities = append(s.Entities, qlp.Entity{Name: r.name(names), Plural: r.name(plurals)})
	}
	for i := range s.Entities {
		r.fields(&s, i)
	}
	for _, e := range s.Entities {
		if ops := qlp.Operations(); r.some(30) {
			s.Without[e.Name] = slices.Delete(ops, 0, 1+r.IntN(4))
		}
	}
	for i := range len(s.Entities) - 1 {
		if r.some(40) {
			s.ManyToMany = append(s.ManyToMany, [2]string{s.Entities[i].Name, s.Entities[i+1].Name})
		}
	}
	return s
}

func (r random) fields(s *qlp.Spec, at int) {
	e := &s.Entities[at]
	taken := map[string]bool{"id": true}
	for range 1 + r.IntN(8) {
		f := qlp.Field{Name: r.name(taken), Type: pick(r, qlp.FieldTypes()...), Optional: r.some(40), Unique: r.some(20)}
		r.rules(s, &f, at)
		e.Fields = append(e.Fields, f)
		if r.some(40) {
			s.Filters[e.Name] = append(s.Filters[e.Name], f.Name)
		}
		if r.some(40) && slices.Contains([]qlp.FieldType{qlp.TypeString, qlp.TypeText, qlp.TypeEmail, qlp.TypeURL, qlp.TypeEnum}, f.Type) {
			s.Search[e.Name] = append(s.Search[e.Name], f.Name)
		}
	}
}

func (r random) rules(s *qlp.Spec, f *qlp.Field, at int) {
	usual := func(v qlp.Scalar) {
		if r.some(30) && !f.Unique {
			f.Default = &v
		}
	}
	switch f.Type {
	case qlp.TypeString, qlp.TypeText:
		r.lengths(f)
		usual(qlp.StringScalar(pick(r, nasty()...)))
	case qlp.TypeInt, qlp.TypeDecimal:
		r.bounds(f)
		usual(qlp.Scalar(strconv.Itoa(r.IntN(20))))
	case qlp.TypeBool:
		f.Unique = false // two rows would be all there is
		usual(qlp.BoolScalar(r.some(50)))
	case qlp.TypeDate, qlp.TypeDatetime:
		if r.some(30) {
			f.Auto, f.Optional, f.Unique = true, false, false
		}
	case qlp.TypeEnum:
		f.Values, f.Unique = nasty()[r.IntN(5):], false
		usual(qlp.StringScalar(pick(r, f.Values...)))
	case qlp.TypeRef:
		f.To, f.OnDelete = s.Entities[r.IntN(at+1)].Name, pick(r, "", qlp.Restrict, qlp.Cascade)
		if f.To == s.Entities[at].Name || r.some(30) {
			f.Optional, f.OnDelete = true, pick(r, qlp.SetNull, qlp.Cascade)
		}
	default:
	}
}

func (r random) lengths(f *qlp.Field) {
	switch r.IntN(4) {
	case 0:
		f.Length = 1 + r.IntN(50)
	case 1:
		f.MinLength, f.MaxLength = r.IntN(5), 5+r.IntN(50)
	}
}

func (r random) bounds(f *qlp.Field) {
	bound := func(n int) *qlp.Number {
		text := strconv.Itoa(n)
		if f.Type == qlp.TypeDecimal {
			text = fmt.Sprintf("%d.%02d", n, r.IntN(100))
		}
		return num(text)
	}
	low, high := bound(-r.IntN(10)), bound(5+r.IntN(10))
	switch r.IntN(5) {
	case 0:
		f.Min, f.Max = low, high
	case 1:
		f.ExclusiveMin, f.ExclusiveMax = low, high
	case 2:
		f.Min = low
	case 3:
		f.ExclusiveMax = high
	}
}

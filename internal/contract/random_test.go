package contract

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/quantumlayer/qlp/internal/contract/play"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// randomSpec draws a sound Spec with corners that no sample has: unique flags and enums, ranges of three values, references
// that are unique, pages of one row, text of one character.
func randomSpec(rng *rand.Rand) qlp.Spec {
	for {
		s := qlp.Spec{Title: "Random {{x}} <b>", Kind: qlp.KindService, Stack: "go", PageSize: rng.IntN(4), Search: map[string][]string{}, Filters: map[string][]string{}, Without: map[string][]qlp.Operation{}}
		for i := range 1 + rng.IntN(3) {
			e := qlp.Entity{Name: fmt.Sprintf("e%d", i), Plural: fmt.Sprintf("e%d_s", i)}
			for j := range 1 + rng.IntN(5) {
				f := randomField(rng, fmt.Sprintf("f%d", j), i)
				e.Fields = append(e.Fields, f)
				if rng.IntN(3) == 0 {
					s.Filters[e.Name] = append(s.Filters[e.Name], f.Name)
				}
				if f.Type == qlp.TypeString && rng.IntN(2) == 0 {
					s.Search[e.Name] = append(s.Search[e.Name], f.Name)
				}
			}
			s.Entities = append(s.Entities, e)
			if rng.IntN(3) == 0 {
				s.Without[e.Name] = []qlp.Operation{qlp.Operations()[rng.IntN(5)]}
			}
		}
		if len(s.Entities) > 1 && rng.IntN(2) == 0 {
			s.ManyToMany = [][2]string{{"e1", "e0"}}
		}
		if rng.IntN(3) == 0 {
			s.Auth = qlp.AuthAPIKey
		}
		if len(s.Validate()) == 0 {
			return s
		}
	}
}

func randomField(rng *rand.Rand, name string, entity int) qlp.Field {
	types := qlp.FieldTypes()
	f := qlp.Field{Name: name, Type: types[rng.IntN(len(types))], Optional: rng.IntN(3) == 0, Unique: rng.IntN(4) == 0}
	number := func(n int) *qlp.Number { v := qlp.Number(fmt.Sprint(n)); return &v }
	low := rng.IntN(7) - 3
	switch f.Type {
	case qlp.TypeInt, qlp.TypeDecimal:
		switch rng.IntN(4) {
		case 0:
			f.Min, f.Max = number(low), number(low+rng.IntN(4))
		case 1:
			f.ExclusiveMin, f.ExclusiveMax = number(low), number(low+2+rng.IntN(3))
		case 2:
			f.Max = number(low)
		}
	case qlp.TypeString, qlp.TypeText:
		switch rng.IntN(4) {
		case 0:
			f.Length = 1 + rng.IntN(4)
		case 1:
			f.MinLength = 1 + rng.IntN(3)
			f.MaxLength = f.MinLength + rng.IntN(3)
		case 2:
			f.MinLength = 30
		}
	case qlp.TypeEnum:
		f.Values = []string{"one", "null", "{{x}}", "ünï & <>"}[:1+rng.IntN(4)]
		if !f.Unique && rng.IntN(2) == 0 {
			d := qlp.StringScalar(f.Values[0])
			f.Default = &d
		}
	case qlp.TypeRef:
		f.To = fmt.Sprintf("e%d", rng.IntN(entity+1))
		f.OnDelete = []qlp.OnDelete{"", qlp.Restrict, qlp.Cascade, qlp.SetNull}[rng.IntN(4)]
		if f.OnDelete == qlp.SetNull || f.To == fmt.Sprintf("e%d", entity) {
			f.Optional = true
		}
	case qlp.TypeDate, qlp.TypeDatetime:
		if f.Auto = rng.IntN(3) == 0; f.Auto {
			f.Optional, f.Unique = false, false
		}
	}
	return f
}

// TestRandomSpecs plays the cases of many random Specs against the reference service.
func TestRandomSpecs(t *testing.T) {
	t.Parallel()
	count := uint64(60)
	if testing.Short() {
		count = 10
	}
	for seed := range count {
		spec := randomSpec(rand.New(rand.NewPCG(seed, 1)))
		if _, err := OpenAPI(&spec); err != nil {
			t.Fatal(err)
		}
		cases := slices.Concat(Acceptance(&spec), Properties(&spec, 1))
		run(t, spec, cases, "", func(c qlp.Acceptance, x play.Exchange) bool {
			t.Errorf("seed %d: %s\n%s\n%+v", seed, c.ID, x, spec.Entities)
			return false
		})
		if t.Failed() {
			return
		}
	}
}

package python

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// value is one example, in JSON and in Python.
type value struct{ json, python string }

func stringValue(s string) value { return value{jsonText(s), quote(s)} }

func plainValue(s string) value { return value{s, s} }

// fixed are the examples of the types whose values have no bounds.
var fixed = map[qlp.FieldType]value{
	qlp.TypeBool:     {"true", "True"},
	qlp.TypeDate:     stringValue("2026-02-28"),
	qlp.TypeDatetime: stringValue("2026-02-28T09:30:00Z"),
	qlp.TypeEmail:    stringValue("ada@example.com"),
	qlp.TypeURL:      stringValue("https://example.com/"),
	qlp.TypeUUID:     stringValue("00000000-0000-4000-8000-000000000001"),
	qlp.TypeRef:      plainValue("1"),
}

// example returns a value that f accepts.
func example(f qlp.Field) value {
	switch f.Type {
	case qlp.TypeString, qlp.TypeText:
		return stringValue(exampleText(f))
	case qlp.TypeEnum:
		return stringValue(f.Values[0])
	case qlp.TypeInt:
		return plainValue(exampleNumber(f, 0))
	case qlp.TypeDecimal:
		return stringValue(exampleNumber(f, 2))
	default:
		return fixed[f.Type]
	}
}

// exampleText returns words about the field that are neither too short nor too long.
func exampleText(f qlp.Field) string {
	s := "Some " + words(f.Name)
	least, most := f.MinLength, f.MaxLength
	if f.Length > 0 {
		least, most = f.Length, f.Length
		s = ""
	}
	for len(s) < least {
		s += fmt.Sprint((len(s) + 1) % 10)
	}
	if most > 0 && len(s) > most {
		s = s[:most]
	}
	return s
}

// exampleNumber returns a number within the bounds: the lowest whole one where there is a lower bound, else the highest,
// else one between two bounds that hold no whole number.
func exampleNumber(f qlp.Field, places int) string {
	low, lowOpen := tighter(f.Min, f.ExclusiveMin, 1)
	high, highOpen := tighter(f.Max, f.ExclusiveMax, -1)
	fits := func(r *big.Rat) bool {
		return (low == nil || r.Cmp(low) > 0 || !lowOpen && r.Cmp(low) == 0) &&
			(high == nil || r.Cmp(high) < 0 || !highOpen && r.Cmp(high) == 0)
	}
	candidates := []*big.Rat{big.NewRat(10, 1), big.NewRat(1, 1)}
	for _, edge := range []*big.Rat{low, high} {
		if edge == nil {
			continue
		}
		whole := new(big.Rat).SetInt(new(big.Int).Div(edge.Num(), edge.Denom()))
		for _, step := range []int64{0, 1, -1} {
			candidates = append(candidates, new(big.Rat).Add(whole, big.NewRat(step, 1)))
		}
		candidates = append(candidates, edge)
	}
	if low != nil && high != nil {
		candidates = append(candidates, new(big.Rat).Mul(new(big.Rat).Add(low, high), big.NewRat(1, 2)))
	}
	i := max(0, slices.IndexFunc(candidates, fits))
	return decimalText(candidates[i], places)
}

// tighter returns the bound that binds: sign 1 for lower bounds, -1 for upper ones. An open bound is not itself allowed.
func tighter(closed, open *qlp.Number, sign int) (bound *big.Rat, isOpen bool) {
	switch {
	case open == nil && closed == nil:
		return nil, false
	case open == nil:
		return closed.Rat(), false
	case closed == nil || open.Cmp(*closed)*sign >= 0:
		return open.Rat(), true
	default:
		return closed.Rat(), false
	}
}

// decimalText writes r exactly, with at least places digits behind the point when it is not whole or places asks for them.
func decimalText(r *big.Rat, places int) string {
	exact, _ := r.FloatPrec()
	return r.FloatString(max(exact, places))
}

// creatable returns the entities in an order in which each one's required references exist already.
func creatable(spec qlp.Spec) []qlp.Entity {
	var out []qlp.Entity
	done := map[string]bool{}
	for range spec.Entities {
		for _, e := range spec.Entities {
			if !done[e.Name] && !slices.ContainsFunc(e.Fields, func(f qlp.Field) bool {
				return f.Type == qlp.TypeRef && !f.Optional && !done[f.To]
			}) {
				done[e.Name] = true
				out = append(out, e)
			}
		}
	}
	return out
}

// exampleBody returns the fields of an example row; an optional reference is left out, so that any order of rows works.
func exampleBody(e qlp.Entity) []namedValue {
	var body []namedValue
	for _, f := range e.Fields {
		if !f.Auto && (f.Type != qlp.TypeRef || !f.Optional) {
			body = append(body, namedValue{f.Key(), example(f)})
		}
	}
	return body
}

type namedValue struct {
	key string
	value
}

func pythonDict(body []namedValue) expr {
	e := expr{open: "{"}
	for _, v := range body {
		e.parts = append(e.parts, text(quote(v.key)+": "+v.python))
	}
	return e
}

func jsonObject(body []namedValue) string {
	parts := make([]string, len(body))
	for i, v := range body {
		parts[i] = jsonText(v.key) + ": " + v.json
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

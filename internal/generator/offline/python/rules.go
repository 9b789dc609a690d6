package python

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// rulesView is what the test of one entity is rendered from.
type rulesView struct {
	Name     string
	Imports  []string
	Class    string
	Constant string
	Example  string
	Accepted string
	Refused  string
}

func newRulesView(e qlp.Entity) rulesView {
	var accepted, refused []expr
	for _, f := range e.Fields {
		for _, v := range acceptedValues(f) {
			accepted = append(accepted, tuple(text(quote(f.Key())), text(v)))
		}
		for _, r := range refusals(f) {
			refused = append(refused, tuple(text(quote(f.Key())), text(r.value), text(quote(r.rule))))
		}
	}
	return rulesView{
		Name:     words(e.Name),
		Imports:  []string{importLine("service.domain.entities."+moduleName(e.Name), constantName(e.Name)), "from tests.domain import rules", "from tests.domain.examples import EXAMPLES"},
		Class:    className(e.Name) + "Test",
		Constant: constantName(e.Name),
		Example:  quote(e.Name),
		Accepted: tuple(accepted...).format(4, len("    accepted = ")),
		Refused:  tuple(refused...).format(4, len("    refused = ")),
	}
}

// acceptedValues returns values at the edges of what f accepts, as Python expressions.
func acceptedValues(f qlp.Field) []string {
	if f.Auto {
		return nil
	}
	var values []string
	if !f.Required() {
		values = append(values, "None")
	}
	if f.Type == qlp.TypeEnum {
		for _, v := range f.Values {
			values = append(values, quote(v))
		}
	}
	for _, n := range []int{f.Length, f.MinLength, f.MaxLength} {
		if n > 0 {
			values = append(values, repeated(n))
		}
	}
	for _, n := range []*qlp.Number{f.Min, f.Max} {
		if n != nil && inBounds(f, n.Rat()) {
			values = append(values, numberExample(f, n.Rat()))
		}
	}
	return values
}

type refusal struct{ value, rule string }

// mistyped are values of the wrong type or form.
var mistyped = map[qlp.FieldType]string{
	qlp.TypeString: `"two\nlines"`, qlp.TypeText: "7", qlp.TypeInt: `"7"`, qlp.TypeDecimal: `"1e5"`, qlp.TypeBool: `"true"`,
	qlp.TypeDate: `"2026-02-30"`, qlp.TypeDatetime: `"2026-02-28"`, qlp.TypeEmail: `"nobody"`, qlp.TypeURL: `"ftp://example.com/"`,
	qlp.TypeUUID: `"123e4567"`, qlp.TypeEnum: "7", qlp.TypeRef: `"1"`,
}

// refusals returns, for every rule of f, a value that breaks it and none before it.
func refusals(f qlp.Field) []refusal {
	if f.Auto {
		return []refusal{{`"2026-02-28"`, "read_only"}}
	}
	var out []refusal
	if f.Required() {
		out = append(out, refusal{"None", "required"})
	}
	out = append(out, refusal{mistyped[f.Type], "type"})
	switch f.Type {
	case qlp.TypeEnum:
		out = append(out, refusal{quote(strings.Join(f.Values, "") + "?"), "enum"})
	case qlp.TypeRef:
		out = append(out, refusal{"2", "reference"})
	case qlp.TypeInt, qlp.TypeDecimal:
		out = append(out, outOfBounds(f)...)
	case qlp.TypeString, qlp.TypeText:
		out = append(out, wrongLengths(f)...)
	}
	return out
}

func outOfBounds(f qlp.Field) []refusal {
	one := big.NewRat(1, 1)
	var out []refusal
	add := func(r *big.Rat, rule string) {
		if v := numberExample(f, r); v != "" {
			out = append(out, refusal{v, rule})
		}
	}
	if f.Min != nil {
		add(new(big.Rat).Sub(f.Min.Rat(), one), "min")
	}
	if f.Max != nil {
		add(new(big.Rat).Add(f.Max.Rat(), one), "max")
	}
	if f.ExclusiveMin != nil && f.Min == nil {
		add(f.ExclusiveMin.Rat(), "exclusive_min")
	}
	if f.ExclusiveMax != nil && f.Max == nil {
		add(f.ExclusiveMax.Rat(), "exclusive_max")
	}
	return out
}

func wrongLengths(f qlp.Field) []refusal {
	var out []refusal
	if f.Length > 0 {
		out = append(out, refusal{repeated(f.Length + 1), "length"})
	}
	if f.MinLength > 1 && f.Length == 0 {
		out = append(out, refusal{repeated(f.MinLength - 1), "min_length"})
	}
	if f.MaxLength > 0 && f.Length == 0 {
		out = append(out, refusal{repeated(f.MaxLength + 1), "max_length"})
	}
	return out
}

func repeated(n int) string { return fmt.Sprintf(`"x" * %d`, n) }

func inBounds(f qlp.Field, r *big.Rat) bool {
	return (f.ExclusiveMin == nil || r.Cmp(f.ExclusiveMin.Rat()) > 0) && (f.ExclusiveMax == nil || r.Cmp(f.ExclusiveMax.Rat()) < 0) &&
		(f.Min == nil || r.Cmp(f.Min.Rat()) >= 0) && (f.Max == nil || r.Cmp(f.Max.Rat()) <= 0)
}

// numberExample writes r as f takes it, or "" when it has too many digits or, of an int, a fraction.
func numberExample(f qlp.Field, r *big.Rat) string {
	s := decimalText(r, 0)
	if f.Type == qlp.TypeInt {
		if !r.IsInt() || new(big.Rat).Abs(r).Cmp(big.NewRat(1<<53-1, 1)) > 0 {
			return ""
		}
		return s
	}
	if len(strings.Trim(s, "-.")) > 30 {
		return ""
	}
	return quote(s)
}

// examplesView is what tests/domain/examples.py is rendered from.
type examplesView struct{ Examples string }

func newExamplesView(spec qlp.Spec) examplesView {
	all := expr{open: "{"}
	for _, e := range creatable(spec) {
		all.parts = append(all.parts, named(quote(e.Name)+": ", pythonDict(exampleBody(e))))
	}
	return examplesView{all.format(0, len("EXAMPLES: dict[str, Body] = "))}
}

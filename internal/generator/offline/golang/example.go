package golang

import (
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/quantumlayer/qlp/internal/contract"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// example returns a good value of the field as JSON. References are to the row with the id 1.
func example(f qlp.Field) string {
	switch f.Type {
	case qlp.TypeInt:
		return exampleNumber(f).Num().String()
	case qlp.TypeDecimal:
		return jsonText(decimalOf(exampleNumber(f)))
	case qlp.TypeBool:
		return "true"
	case qlp.TypeDate:
		return `"2026-02-28"`
	case qlp.TypeDatetime:
		return `"2026-02-28T09:30:00Z"`
	case qlp.TypeEmail:
		return `"ada@example.com"`
	case qlp.TypeURL:
		return `"https://example.com/"`
	case qlp.TypeUUID:
		return `"6ba7b810-9dad-11d1-80b4-00c04fd430c8"`
	case qlp.TypeEnum:
		return jsonText(f.Values[0])
	case qlp.TypeRef:
		return "1"
	default:
		return jsonText(exampleText(f))
	}
}

// exampleText returns the field's name in words, cut or drawn out to the length that is asked for.
func exampleText(f qlp.Field) string {
	text := "Example " + words(f.Name)
	least, most := f.MinLength, f.MaxLength
	if f.Length > 0 {
		least, most = f.Length, f.Length
	}
	for len(text) < least {
		text += "x"
	}
	if most > 0 && len(text) > most {
		text = strings.TrimRight(text[:most], " ")
		text += strings.Repeat("x", max(least, 1)-min(len(text), max(least, 1)))
	}
	return text
}

// exampleNumber returns a number within the field's bounds: 1 where it can be.
func exampleNumber(f qlp.Field) *big.Rat {
	one := big.NewRat(1, 1)
	candidates := []*big.Rat{one}
	for _, b := range []*qlp.Number{f.Min, f.Max, f.ExclusiveMin, f.ExclusiveMax} {
		if b != nil {
			candidates = append(candidates, b.Rat(), new(big.Rat).Add(b.Rat(), one), new(big.Rat).Sub(b.Rat(), one))
		}
	}
	if f.ExclusiveMin != nil || f.ExclusiveMax != nil { // narrower than one: the middle
		low, high := lowest(f), highest(f)
		if low != nil && high != nil {
			sum := new(big.Rat).Add(low, high)
			candidates = append(candidates, sum.Mul(sum, big.NewRat(1, 2)))
		}
	}
	for _, c := range candidates {
		if within(f, c) && (f.Type != qlp.TypeInt || c.IsInt()) {
			return c
		}
	}
	return one
}

func lowest(f qlp.Field) *big.Rat {
	if f.Min != nil {
		return f.Min.Rat()
	}
	if f.ExclusiveMin != nil {
		return f.ExclusiveMin.Rat()
	}
	return nil
}

func highest(f qlp.Field) *big.Rat {
	if f.Max != nil {
		return f.Max.Rat()
	}
	if f.ExclusiveMax != nil {
		return f.ExclusiveMax.Rat()
	}
	return nil
}

func within(f qlp.Field, n *big.Rat) bool {
	low, high := lowest(f), highest(f)
	switch {
	case low != nil && (n.Cmp(low) < 0 || f.ExclusiveMin != nil && n.Cmp(low) == 0):
		return false
	case high != nil && (n.Cmp(high) > 0 || f.ExclusiveMax != nil && n.Cmp(high) == 0):
		return false
	}
	return true
}

// decimalOf writes a number that has an end as a decimal.
func decimalOf(n *big.Rat) string {
	digits := 0
	if prec, exact := n.FloatPrec(); exact {
		digits = prec
	}
	return n.FloatString(digits)
}

// member is one key of a JSON object, with its value.
type member struct{ key, value string }

func object(members []member) string {
	var parts []string
	for _, m := range members {
		parts = append(parts, jsonText(m.key)+":"+m.value)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// exampleRow returns a good row of e in which every reference for which has says so holds the id 1.
func exampleRow(e qlp.Entity, has func(entity string) bool) []member {
	var out []member
	for _, f := range e.Fields {
		switch {
		case f.Auto:
		case f.Type == qlp.TypeRef && !has(f.To):
			if !f.Optional {
				out = append(out, member{f.Key(), "1"})
			}
		default:
			out = append(out, member{f.Key(), example(f)})
		}
	}
	return out
}

// editView is one case of an entity's unit test, as Go expressions.
type editView struct{ Key, Value, Rule string }

// editsOf returns, for every rule of every field, a value that breaks it, and for every bound one that is just good.
func editsOf(e qlp.Entity) []editView {
	var out []editView
	for _, f := range e.Fields {
		add := func(value, rule string) {
			out = append(out, editView{goText(f.Key()), value, goText(rule)})
		}
		if f.Auto {
			add(goText(example(f)), contract.RuleReadOnly)
			continue
		}
		if f.Required() {
			add(`"null"`, contract.RuleRequired)
		}
		if f.Required() && slices.Contains([]qlp.FieldType{qlp.TypeString, qlp.TypeText, qlp.TypeEmail, qlp.TypeURL, qlp.TypeUUID}, f.Type) {
			add(goText(`" "`), contract.RuleRequired)
		}
		add(goText(wrongType(f)), contract.RuleType)
		boundEdits(f, add)
		lengthEdits(f, add)
		switch f.Type {
		case qlp.TypeEnum:
			for _, v := range f.Values {
				add(goText(jsonText(v)), "")
			}
			add(goText(jsonText(strings.Join(f.Values, "")+"?")), contract.RuleEnum)
		case qlp.TypeRef:
			add(`"2"`, contract.RuleReference)
		}
	}
	return out
}

// wrongType returns a JSON value that is none of the field's type.
func wrongType(f qlp.Field) string {
	switch f.Type {
	case qlp.TypeInt, qlp.TypeRef:
		return "1.0"
	case qlp.TypeDecimal:
		return `"1e3"`
	case qlp.TypeBool:
		return `"true"`
	case qlp.TypeDate:
		return `"2026-02-30"`
	case qlp.TypeDatetime:
		return `"2026-02-28 09:30:00"`
	case qlp.TypeEmail:
		return `"ada@example"`
	case qlp.TypeURL:
		return `"ftp://example.com/"`
	case qlp.TypeUUID:
		return `"6ba7b810-9dad-11d1-80b4"`
	default:
		return "7"
	}
}

// boundEdits goes to each bound and one step over it.
func boundEdits(f qlp.Field, add func(value, rule string)) {
	step := big.NewRat(1, 1)
	if f.Type == qlp.TypeDecimal {
		step = big.NewRat(1, 100)
	}
	value := func(n *big.Rat) string {
		if f.Type == qlp.TypeInt {
			return goText(n.Num().String())
		}
		return goText(jsonText(decimalOf(n)))
	}
	fits := func(n *big.Rat) bool { // the types of numbers have bounds of their own
		return len(strings.Trim(strings.ReplaceAll(decimalOf(n), ".", ""), "-")) <= 15
	}
	for _, b := range []struct {
		bound     *qlp.Number
		direction int64
		open      bool
		rule      string
	}{
		{f.Min, -1, false, contract.RuleMin},
		{f.Max, 1, false, contract.RuleMax},
		{f.ExclusiveMin, -1, true, contract.RuleExclusiveMin},
		{f.ExclusiveMax, 1, true, contract.RuleExclusiveMax},
	} {
		if b.bound == nil || !fits(b.bound.Rat()) {
			continue
		}
		at := b.bound.Rat()
		over := new(big.Rat).Add(at, new(big.Rat).Mul(step, big.NewRat(b.direction, 1)))
		if b.open {
			add(value(at), b.rule)
			continue
		}
		add(value(at), "")
		add(value(over), b.rule)
	}
}

// lengthEdits goes to each length and one character over it. Characters are not bytes.
func lengthEdits(f qlp.Field, add func(value, rule string)) {
	text := func(n int) string { return "`\"` + strings.Repeat(\"é\", " + strconv.Itoa(n) + ") + `\"`" }
	if f.Length > 0 {
		add(text(f.Length), "")
		add(text(f.Length+1), contract.RuleLength)
	}
	if f.MinLength > 0 {
		add(text(f.MinLength), "")
		if f.MinLength > 1 {
			add(text(f.MinLength-1), contract.RuleMinLength)
		}
	}
	if f.MaxLength > 0 {
		add(text(f.MaxLength), "")
		add(text(f.MaxLength+1), contract.RuleMaxLength)
	}
}

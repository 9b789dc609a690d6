package grammar

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

func isBool(s string) bool {
	switch strings.ToLower(s) {
	case "true", "false", "yes", "no", "on", "off":
		return true
	}
	return false
}

func isNumber(s string) bool {
	_, err := qlp.ParseNumber(s)
	return err == nil
}

func boundKeys() []string { return []string{"min", "max", "xmin", "xmax", "length"} }

func hasChars(f *fieldDraft) bool {
	for _, key := range boundKeys() {
		if a, ok := f.attr(key); ok && a.chars {
			return true
		}
	}
	return false
}

// numericBounds returns the type that bounds without a unit suggest.
func numericBounds(f *fieldDraft) qlp.FieldType {
	typ := qlp.FieldType("")
	for _, key := range boundKeys()[:4] {
		if a, ok := f.attr(key); ok && !a.chars {
			if typ == "" {
				typ = qlp.TypeInt
			}
			if !qlp.Number(a.val).IsInt() {
				typ = qlp.TypeDecimal
			}
		}
	}
	return typ
}

func fractional(f *fieldDraft) bool {
	def, ok := f.attr("default")
	return numericBounds(f) == qlp.TypeDecimal || ok && isNumber(def.val) && !qlp.Number(def.val).IsInt()
}

// bounds sets bounds on a number or on a length.
func (b *builder) bounds(e *entityDraft, f *fieldDraft, out *qlp.Field, path string) {
	textual := out.Type == qlp.TypeString || out.Type == qlp.TypeText
	for _, key := range boundKeys() {
		a, ok := f.attr(key)
		if !ok {
			continue
		}
		if !textual {
			if a.chars {
				b.notFitting(e, f, out, a)
				continue
			}
			b.numberBound(key, a, out)
			b.source(path+"."+map[string]string{"min": "min", "max": "max", "xmin": "exclusive_min", "xmax": "exclusive_max", "length": "length"}[key], a.at)
			continue
		}
		n, err := strconv.Atoi(a.val)
		if err != nil || n < 0 {
			b.notFitting(e, f, out, a)
			continue
		}
		if !a.chars {
			b.assume(path, "%q is a bound on the number of characters of %s", b.words(a.at), spaced(f.name))
		}
		b.lengthBound(key, n, out)
		b.source(path+"."+map[string]string{"min": "min_length", "max": "max_length", "xmin": "min_length", "xmax": "max_length", "length": "length"}[key], a.at)
	}
}

func (b *builder) numberBound(key string, a fact, out *qlp.Field) {
	n := qlp.Number(a.val)
	switch key {
	case "min":
		out.Min = &n
	case "max":
		out.Max = &n
	case "xmin":
		out.ExclusiveMin = &n
	case "xmax":
		out.ExclusiveMax = &n
	}
}

func (b *builder) lengthBound(key string, n int, out *qlp.Field) {
	switch key {
	case "min":
		out.MinLength = n
	case "max":
		out.MaxLength = n
	case "xmin":
		out.MinLength = n + 1
	case "xmax":
		out.MaxLength = n - 1
	case "length":
		out.Length = n
	}
}

func (b *builder) notFitting(e *entityDraft, f *fieldDraft, out *qlp.Field, a fact) {
	b.ask(f.name, fmt.Sprintf("%q does not fit the %s of a %s, which is of type %s. What is meant?", b.words(a.at), spaced(f.name), spaced(e.name), out.Type), f.at.join(a.at),
		spaced(f.name)+" string", "leave the rule out")
}

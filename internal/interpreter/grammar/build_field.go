package grammar

import (
	"fmt"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// field builds one field: its type from the words, else from what they imply, else from its name.
func (b *builder) field(e *entityDraft, f *fieldDraft) qlp.Field {
	path := "entities." + e.name + ".fields." + f.name
	out := qlp.Field{Name: f.name}
	b.source(path, f.at)
	b.flags(path, f, &out)
	b.typed(e, f, &out, path)
	b.bounds(e, f, &out, path)
	b.defaults(e, f, &out, path)
	return out
}

func (b *builder) flags(path string, f *fieldDraft, out *qlp.Field) {
	for _, a := range f.attrs {
		switch a.key {
		case "optional":
			out.Optional = true
		case "unique":
			out.Unique = true
		case "auto":
			out.Auto = true
		case "on_delete":
			out.OnDelete = qlp.OnDelete(a.val)
		case "unit":
			b.assume(path, "the length of %s is checked, but not that it is made of %s", spaced(f.name), a.val)
			continue
		case "measure":
			b.assume(path, "%s is kept as a plain number; the unit (%s) is for the reader", spaced(f.name), a.val)
			continue
		case "implied":
			b.assume(path, "%q is kept as a reference in the other direction", b.words(a.at))
			continue
		default:
			continue
		}
		b.source(path+"."+a.key, a.at)
	}
}

// typed decides the type.
func (b *builder) typed(e *entityDraft, f *fieldDraft, out *qlp.Field, path string) {
	if to, ok := f.attr("to"); ok {
		out.Type, out.To = qlp.TypeRef, to.val
		b.source(path+".to", to.at)
		if typ, ok := f.attr("type"); ok {
			b.ask("contradiction", fmt.Sprintf("%s of %s cannot both be a %s and refer to a %s. Which one?", spaced(f.name), spaced(e.name), typ.val, spaced(to.val)), typ.at.join(to.at))
		}
		return
	}
	if values, ok := f.attr("values"); ok {
		if !slices.ContainsFunc(values.vals, func(v string) bool { return !isNumber(v) }) {
			b.ask(f.name, fmt.Sprintf("Is the %s of a %s a number that must be one of %s, or a text?", spaced(f.name), spaced(e.name), strings.Join(values.vals, ", ")), f.at.join(values.at),
				fmt.Sprintf("%s between %s and %s", spaced(f.name), values.vals[0], values.vals[len(values.vals)-1]))
		}
		out.Type, out.Values = qlp.TypeEnum, values.vals
		b.source(path+".values", values.at)
		if typ, ok := f.attr("type"); ok && typ.val != "string" {
			b.ask("contradiction", fmt.Sprintf("%s of %s cannot both be of type %s and one of %s. Which one?", spaced(f.name), spaced(e.name), typ.val, strings.Join(values.vals, ", ")), typ.at.join(values.at))
		}
		return
	}
	if typ, ok := f.attr("type"); ok {
		b.source(path+".type", typ.at)
		b.wordType(e, f, out, path, typ)
		return
	}
	b.impliedType(f, out, path, e)
}

// wordType maps the words of a type; those that no type of ours has exactly are noted.
func (b *builder) wordType(e *entityDraft, f *fieldDraft, out *qlp.Field, path string, typ fact) {
	switch typ.val {
	case "float", "money":
		out.Type = qlp.TypeDecimal
		b.assume(path+".type", "%s is an exact decimal (%s)", spaced(f.name), typ.val)
	case "number":
		out.Type = typeByName(f.name)
		switch {
		case out.Type == qlp.TypeInt || out.Type == qlp.TypeDecimal:
		case numericBounds(f) == qlp.TypeInt || numericBounds(f) == qlp.TypeDecimal:
			out.Type = numericBounds(f)
		default:
			out.Type = qlp.TypeInt
			b.ask(f.name, fmt.Sprintf("Is the %s of a %s a whole number, or can it have decimals?", spaced(f.name), spaced(e.name)), f.at.join(typ.at), spaced(f.name)+" integer", spaced(f.name)+" decimal")
		}
		b.assume(path+".type", "%s, called a number, is kept as %s", spaced(f.name), out.Type)
	default:
		out.Type = qlp.FieldType(typ.val)
	}
}

// impliedType decides where the words give no type.
func (b *builder) impliedType(f *fieldDraft, out *qlp.Field, path string, e *entityDraft) {
	byName := typeByName(f.name)
	def, hasDefault := f.attr("default")
	switch {
	case f.has("auto") && byName != qlp.TypeDate && byName != qlp.TypeDatetime:
		out.Type = qlp.TypeDatetime
	case hasDefault && isBool(def.val):
		out.Type = qlp.TypeBool
		b.assume(path+".type", "%s is true or false, going by its default", spaced(f.name))
		return
	case byName != "":
		out.Type = byName
	case f.has("measure"):
		out.Type = qlp.TypeDecimal
		if m, _ := f.attr("measure"); wholeUnits[m.val] || numericBounds(f) == qlp.TypeInt {
			out.Type = qlp.TypeInt
		}
	case hasChars(f):
		out.Type = qlp.TypeString
		return
	case numericBounds(f) != "" && !stringNames[lastPart(f.name)]:
		out.Type = numericBounds(f)
		b.assume(path+".type", "%s is %s, going by its bounds", spaced(f.name), out.Type)
		return
	case hasDefault && isNumber(def.val):
		out.Type = qlp.TypeInt
		if !qlp.Number(def.val).IsInt() {
			out.Type = qlp.TypeDecimal
		}
		b.assume(path+".type", "%s is %s, going by its default", spaced(f.name), out.Type)
		return
	default:
		out.Type = qlp.TypeString
		b.text = append(b.text, e.name+"."+f.name)
		return
	}
	if out.Type == qlp.TypeInt && fractional(f) {
		out.Type = qlp.TypeDecimal
	}
	b.assume(path+".type", "%s is %s, going by its name", spaced(f.name), out.Type)
}

// wholeUnits are units that are usually counted whole.
var wholeUnits = set("minutes minute seconds second hours hour days weeks months years ms milliseconds bytes mb gb cents cent")

func lastPart(name string) string { return name[strings.LastIndexByte(name, '_')+1:] }

// defaults sets the default, in the form that the type wants.
func (b *builder) defaults(e *entityDraft, f *fieldDraft, out *qlp.Field, path string) {
	a, ok := f.attr("default")
	if !ok {
		return
	}
	b.source(path+".default", a.at)
	if first, _, several := strings.Cut(f.name, "_"); several && strings.EqualFold(lastPart(f.name), a.val) {
		b.ask(f.name, fmt.Sprintf("Is %q the name of a field of a %s, or the %s's value?", b.words(f.at), spaced(e.name), first), f.at.join(a.at), fmt.Sprintf("%s one of %s or …", first, a.val))
	}
	val := strings.Trim(a.val, `"'`)
	var s qlp.Scalar
	switch {
	case out.Type == qlp.TypeBool && isBool(val):
		low := strings.ToLower(val)
		s = qlp.BoolScalar(low == "true" || low == "yes" || low == "on")
	case (out.Type == qlp.TypeInt || out.Type == qlp.TypeDecimal) && isNumber(val):
		s = qlp.NumberScalar(qlp.Number(val))
	case (out.Type == qlp.TypeInt || out.Type == qlp.TypeDecimal) && numberWords[strings.ToLower(val)] != "":
		s = qlp.NumberScalar(qlp.Number(numberWords[strings.ToLower(val)]))
	case out.Type == qlp.TypeEnum:
		for _, v := range out.Values {
			if strings.EqualFold(v, val) {
				s = qlp.StringScalar(v)
			}
		}
		if s == "" {
			values, _ := f.attr("values")
			b.ask("contradiction", fmt.Sprintf("The default %q of the %s of a %s is not one of %s. Which one is meant?", val, spaced(f.name), spaced(e.name), strings.Join(out.Values, ", ")), values.at.join(a.at), out.Values...)
			return
		}
	case out.Type == qlp.TypeString || out.Type == qlp.TypeText || out.Type == qlp.TypeURL || out.Type == qlp.TypeEmail || out.Type == qlp.TypeUUID:
		s = qlp.StringScalar(val)
	case (out.Type == qlp.TypeDate || out.Type == qlp.TypeDatetime) && isNow(val):
		b.ask(f.name, fmt.Sprintf("Should the service always set the %s of a %s itself, or may a caller give it?", spaced(f.name), spaced(e.name)), f.at.join(a.at),
			spaced(f.name)+" set automatically", spaced(f.name)+" without a default")
		return
	default:
		b.ask(f.name, fmt.Sprintf("The default %q does not fit the %s of a %s, which is of type %s. What is meant?", val, spaced(f.name), spaced(e.name), out.Type), f.at.join(a.at))
		return
	}
	out.Default = &s
	if out.Optional && f.has("optional") {
		b.source(path+".optional", a.at)
	}
}

func isNow(s string) bool {
	switch strings.ToLower(s) {
	case "now", "today", "current", "creation", "current time", "current date":
		return true
	}
	return false
}

package python

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// class says which Python class stands for a field type, and in which module of service/domain it is.
type class struct{ name, module string }

var fieldClasses = map[qlp.FieldType]class{
	qlp.TypeString:   {"StringField", "texts"},
	qlp.TypeText:     {"TextField", "texts"},
	qlp.TypeInt:      {"IntField", "numbers"},
	qlp.TypeDecimal:  {"DecimalField", "numbers"},
	qlp.TypeBool:     {"BoolField", "fields"},
	qlp.TypeDate:     {"DateField", "times"},
	qlp.TypeDatetime: {"DateTimeField", "times"},
	qlp.TypeEmail:    {"EmailField", "texts"},
	qlp.TypeURL:      {"UrlField", "texts"},
	qlp.TypeUUID:     {"UuidField", "texts"},
	qlp.TypeEnum:     {"EnumField", "fields"},
	qlp.TypeRef:      {"ReferenceField", "fields"},
}

// entityView is what an entity's module is rendered from.
type entityView struct {
	Doc         string
	Constant    string
	Imports     []string
	Declaration string
}

func newEntityView(spec qlp.Spec, e qlp.Entity) entityView {
	fields := make([]expr, len(e.Fields))
	for i, f := range e.Fields {
		fields[i] = fieldExpr(f)
	}
	parts := []expr{
		named("name=", text(quote(e.Name))),
		named("plural=", text(quote(e.Plural))),
		named("fields=", tuple(fields...)),
	}
	if names := spec.Search[e.Name]; len(names) > 0 {
		parts = append(parts, named("search=", quotedTuple(names)))
	}
	if names := filterKeys(spec, e.Name); len(names) > 0 {
		parts = append(parts, named("filters=", quotedTuple(names)))
	}
	constant := constantName(e.Name)
	return entityView{
		Doc:         strings.ToUpper(e.Plural[:1]) + words(e.Plural[1:]),
		Constant:    constant,
		Imports:     entityImports(e),
		Declaration: call("Entity", parts...).format(0, len(constant)+3),
	}
}

func filterKeys(spec qlp.Spec, entity string) []string {
	var keys []string
	for _, f := range spec.FilterFields(entity) {
		keys = append(keys, f.Key())
	}
	return keys
}

func entityImports(e qlp.Entity) []string {
	names := map[string][]string{"entity": {"Entity"}}
	var lines []string
	for _, f := range e.Fields {
		c := fieldClasses[f.Type]
		if !slices.Contains(names[c.module], c.name) {
			names[c.module] = append(names[c.module], c.name)
		}
		if len(lines) == 0 && needsDecimal(f) {
			lines = []string{"from decimal import Decimal", ""}
		}
	}
	for _, module := range slices.Sorted(maps.Keys(names)) {
		slices.Sort(names[module])
		lines = append(lines, importLine("service.domain."+module, names[module]...))
	}
	return lines
}

func fieldExpr(f qlp.Field) expr {
	parts := []expr{text(quote(f.Key()))}
	add := func(name, value string) { parts = append(parts, text(name+"="+value)) }
	if f.Type == qlp.TypeRef {
		add("to", quote(f.To))
		if f.OnDelete != "" && f.OnDelete != qlp.Restrict {
			add("on_delete", quote(string(f.OnDelete)))
		}
	}
	if f.Type == qlp.TypeEnum {
		parts = append(parts, named("values=", quotedTuple(f.Values)))
	}
	if f.Optional {
		add("optional", "True")
	}
	if f.Unique {
		add("unique", "True")
	}
	for _, b := range bounds(f) {
		add(b.name, numberLiteral(*b.value))
	}
	for _, l := range []struct {
		name  string
		value int
	}{{"length", f.Length}, {"min_length", f.MinLength}, {"max_length", f.MaxLength}} {
		if l.value > 0 {
			add(l.name, fmt.Sprint(l.value))
		}
	}
	if f.Default != nil {
		add("default", defaultLiteral(f))
	}
	switch {
	case f.OnUpdate():
		add("auto", `"change"`)
	case f.Auto:
		add("auto", `"creation"`)
	}
	return call(fieldClasses[f.Type].name, parts...)
}

type bound struct {
	name  string
	value *qlp.Number
}

// bounds returns the bounds that the field has, in the order of the rules.
func bounds(f qlp.Field) []bound {
	all := []bound{{"min", f.Min}, {"max", f.Max}, {"above", f.ExclusiveMin}, {"below", f.ExclusiveMax}}
	return slices.DeleteFunc(all, func(b bound) bool { return b.value == nil })
}

func needsDecimal(f qlp.Field) bool {
	return slices.ContainsFunc(bounds(f), func(b bound) bool { return strings.HasPrefix(numberLiteral(*b.value), "Decimal") })
}

// numberLiteral writes an exact number: Python's integers are exact as they are.
func numberLiteral(n qlp.Number) string {
	if strings.Contains(string(n), ".") {
		return "Decimal(" + quote(string(n)) + ")"
	}
	return string(n)
}

// defaultLiteral writes the default as the JSON value that a caller would give.
func defaultLiteral(f qlp.Field) string {
	switch value := f.Default.Text(); f.Type {
	case qlp.TypeBool:
		return strings.ToUpper(value[:1]) + value[1:]
	case qlp.TypeInt, qlp.TypeRef:
		return value
	default:
		return quote(value)
	}
}

func quotedTuple(names []string) expr {
	parts := make([]expr, len(names))
	for i, n := range names {
		parts[i] = text(quote(n))
	}
	return tuple(parts...)
}

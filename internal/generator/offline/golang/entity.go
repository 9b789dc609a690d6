package golang

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/quantumlayer/qlp/internal/contract"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// entityView is an entity as the templates see it.
type entityView struct {
	Module      string
	Memory      bool
	Entity      string // line_item
	Type        string // LineItem
	Rows        string // LineItems, in the store
	Local       string // lineItems, in the routes
	Func        string // lineItemResource
	Receiver    string // l
	File        string // line_item
	Path        string // /line-items
	PluralWords string
	Fields      []fieldView
	Filters     []fieldView
	Search      []fieldView
	Routes      []routeView

	entity qlp.Entity
}

type routeView struct{ Route, Handler string }

// fieldView is a field as the templates see it.
type fieldView struct {
	qlp.Field

	Name   string // in the struct
	GoType string
}

// UsesTime reports whether the entity's file needs the package time.
func (e entityView) UsesTime() bool {
	return slices.ContainsFunc(e.Fields, func(f fieldView) bool { return f.Type == qlp.TypeDatetime })
}

// newEntityFields gives every field its name in the struct. Fill and ID are there already.
func newEntityFields(e qlp.Entity) []fieldView {
	scope := newNames("ID", "Fill")
	var out []fieldView
	for _, f := range e.Fields {
		v := fieldView{Field: f, Name: scope.take(exported(f.Key()), "Value"), GoType: goType(f.Type)}
		if f.Optional {
			v.GoType = "*" + v.GoType
		}
		out = append(out, v)
	}
	return out
}

func goType(t qlp.FieldType) string {
	switch t {
	case qlp.TypeInt, qlp.TypeRef:
		return "int64"
	case qlp.TypeDecimal:
		return "field.Decimal"
	case qlp.TypeBool:
		return "bool"
	case qlp.TypeDate:
		return "field.Date"
	case qlp.TypeDatetime:
		return "time.Time"
	default:
		return "string"
	}
}

// kind returns the expression of the field's kind of value.
func (f fieldView) kind() string {
	switch f.Type {
	case qlp.TypeText:
		return "field.Text()"
	case qlp.TypeInt:
		return "field.Int()"
	case qlp.TypeDecimal:
		return "field.Number()"
	case qlp.TypeBool:
		return "field.Bool()"
	case qlp.TypeDate:
		return "field.Day()"
	case qlp.TypeDatetime:
		return "field.Moment()"
	case qlp.TypeEmail:
		return "field.Email()"
	case qlp.TypeURL:
		return "field.URL()"
	case qlp.TypeUUID:
		return "field.UUID()"
	case qlp.TypeEnum:
		return "field.Word()"
	case qlp.TypeRef:
		return "field.ID()"
	default:
		return "field.Line()"
	}
}

// rules returns the expressions of the field's rules, in the order of the contract.
func (f fieldView) rules() []string {
	var out []string
	if f.Type == qlp.TypeEnum {
		out = append(out, f.oneOf())
	}
	for _, b := range []struct {
		bound *qlp.Number
		name  string
	}{{f.Min, "Min"}, {f.Max, "Max"}, {f.ExclusiveMin, "Above"}, {f.ExclusiveMax, "Below"}} {
		switch {
		case b.bound == nil:
		case f.Type == qlp.TypeInt:
			out = append(out, "field."+b.name+"("+b.bound.Rat().Num().String()+")")
		default:
			out = append(out, "field.Decimal"+b.name+"("+strconv.Quote(decimalText(string(*b.bound)))+")")
		}
	}
	for _, l := range []struct {
		n    int
		name string
	}{{f.Length, "Length"}, {f.MinLength, "MinLength"}, {f.MaxLength, "MaxLength"}} {
		if l.n > 0 {
			out = append(out, fmt.Sprintf("field.%s(%d)", l.name, l.n))
		}
	}
	if f.Type == qlp.TypeRef {
		out = append(out, "field.Reference("+strconv.Quote(f.To)+")")
	}
	return out
}

func (f fieldView) oneOf() string {
	var quoted []string
	for _, v := range f.Values {
		quoted = append(quoted, strconv.Quote(v))
	}
	return "field.OneOf(" + strings.Join(quoted, ", ") + ")"
}

// Read returns the expression that reads the field from a form.
func (f fieldView) Read(receiver string) string {
	key, now := strconv.Quote(f.Key()), receiver+"."+f.Name
	if f.Auto {
		return f.readAutomatic(key, now)
	}
	reader, args := "Required", []string{"form", key, now}
	switch {
	case f.Default != nil && f.Optional:
		reader, args = "OptionalDefaulted", append(args, f.defaultValue())
	case f.Default != nil:
		reader, args = "Defaulted", append(args, f.defaultValue())
	case f.Optional:
		reader = "Optional"
	}
	head := "field." + reader + "(" + strings.Join(append(args, f.kind()), ", ")
	tail := strings.Join(f.rules(), ", ")
	switch {
	case tail == "":
		return head + ")"
	case len(now)+len(head)+len(tail) > 116:
		return head + ",\n" + tail + ")"
	default:
		return head + ", " + tail + ")"
	}
}

func (f fieldView) readAutomatic(key, now string) string {
	at := "At"
	if f.Type == qlp.TypeDate {
		at = "On"
	}
	if f.OnUpdate() {
		return "field.Changed" + at + "(form, " + key + ")"
	}
	return "field.Created" + at + "(form, " + key + ", " + now + ")"
}

// Pointer returns the expression of a pointer to the field's value, nil where it has none.
func (f fieldView) Pointer(row string) string {
	if f.Optional {
		return row + "." + f.Name
	}
	return "&" + row + "." + f.Name
}

// Value returns a function from a row of entity to a pointer to the field's value.
func (f fieldView) Value(entity string) string {
	return "func(row *domain." + entity + ") *" + goType(f.Type) + " { return " + f.Pointer("row") + " }"
}

// OnDelete returns the store's word for what happens to the row when the one that it refers to is deleted.
func (f fieldView) OnDelete() string {
	switch f.Field.OnDelete {
	case qlp.Cascade:
		return "cascade"
	case qlp.SetNull:
		return "setNull"
	default:
		return "restrict"
	}
}

// Clear returns a function that empties the reference of a row of entity, where the reference can be emptied.
func (f fieldView) Clear(entity string) string {
	if f.Field.OnDelete != qlp.SetNull {
		return "nil"
	}
	return "func(row *domain." + entity + ") { row." + f.Name + " = nil }"
}

// Filter returns the expression of the query parameter that the field can be found by.
func (f fieldView) Filter(entity string) string {
	key, value := strconv.Quote(f.Key()), f.Value(entity)
	var filter string
	switch f.Type {
	case qlp.TypeRef:
		filter = "byReference(" + key + ", " + value + ")"
	case qlp.TypeEnum:
		filter = "by(" + key + ", " + f.kind() + ", " + value + ", " + f.oneOf() + ")"
	default:
		filter = "by(" + key + ", " + f.kind() + ", " + value + ")"
	}
	if f.Optional {
		filter += ".orNull()"
	}
	return filter
}

// routesOf returns the routes of an entity's own rows.
func routesOf(spec *qlp.Spec, e qlp.Entity, local string) []routeView {
	handlers := map[string]string{"POST": "create", "PUT": "replace", "PATCH": "change", "DELETE": "remove"}
	var out []routeView
	for _, r := range contract.Routes(spec) {
		if r.Entity != e.Name || r.Other != "" {
			continue
		}
		handler, ok := handlers[r.Method]
		switch {
		case ok:
		case r.IsList():
			handler = "list"
		default:
			handler = "get"
		}
		out = append(out, routeView{Route: r.Method + " " + r.Path, Handler: local + "." + handler})
	}
	return out
}

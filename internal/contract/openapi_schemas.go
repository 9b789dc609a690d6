package contract

import (
	"encoding/json"
	"slices"

	"github.com/quantumlayer/qlp/internal/qlp"
)

const (
	decimalPattern = `^-?[0-9]+(\.[0-9]+)?$`
	moment         = `^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z$`
	maxSafeInt     = 9007199254740991
)

func components(spec *qlp.Spec) object {
	schemas := object{}
	for _, e := range spec.Entities {
		name := typeName(e)
		schemas = schemas.with(name, rowSchema(e)).with(name+"Page", pageSchema(name)).
			with(name+"Input", inputSchema(e, false)).with(name+"Change", inputSchema(e, true))
	}
	schemas = schemas.with("Health", object{{"type", "object"}, {"required", []string{"status"}}, {"properties", object{{"status", object{{"const", "ok"}}}}}}).
		with("Problem", problemSchema())
	answers := object{}
	for _, p := range problems() {
		content := object{{ProblemType, object{{"schema", ref("schemas", "Problem")}}}}
		answers = answers.with(p.name, object{{"description", p.text}, {"content", content}})
	}
	out := object{{"schemas", schemas}, {"responses", answers}}
	if spec.Auth == qlp.AuthAPIKey {
		out = out.with("securitySchemes", object{
			{"api_key", object{{"type", "apiKey"}, {"in", "header"}, {"name", KeyHeader}}},
			{"bearer", object{{"type", "http"}, {"scheme", "bearer"}}},
		})
	}
	return out
}

func idSchema() object { return object{{"type", "integer"}, {"format", "int64"}, {"minimum", 1}} }

func pageSchema(name string) object {
	return object{{"type", "object"}, {"required", []string{"items", "page", "page_size", "total"}}, {"properties", object{
		{"items", object{{"type", "array"}, {"items", ref("schemas", name)}}},
		{"page", object{{"type", "integer"}, {"minimum", 1}}},
		{"page_size", object{{"type", "integer"}, {"minimum", 1}}},
		{"total", object{{"type", "integer"}, {"minimum", 0}}},
	}}}
}

func problemSchema() object {
	str := object{{"type", "string"}}
	one := object{
		{"type", "object"},
		{"required", []string{"field", "rule", "message"}},
		{"properties", object{{"field", str}, {"rule", object{{"enum", Rules()}}}, {"message", str}}},
	}
	return object{{"type", "object"}, {"required", []string{"type", "title", "status", "detail"}}, {"properties", object{
		{"type", str},
		{"title", str},
		{"status", object{{"type", "integer"}}},
		{"detail", str},
		{"errors", object{{"type", "array"}, {"items", one}}},
	}}}
}

// rowSchema describes a row as it is answered: every key is there.
func rowSchema(e qlp.Entity) object {
	properties := object{{"id", idSchema()}}
	for _, f := range e.Fields {
		s := fieldSchema(f, false)
		if f.Optional {
			s = nullable(s)
		}
		properties = properties.with(f.Key(), s)
	}
	return object{{"type", "object"}, {"required", Keys(e)}, {"properties", properties}, {"additionalProperties", false}}
}

// inputSchema describes what a caller may send: all of a row, or a change of it.
func inputSchema(e qlp.Entity, change bool) object {
	properties, required := object{}, []string{}
	for _, f := range e.Fields {
		if f.Auto {
			continue
		}
		s := fieldSchema(f, true)
		if f.Default != nil && !change {
			s = s.with("default", json.RawMessage(defaultJSON(f)))
		}
		if f.Optional || !change && !f.Required() {
			s = nullable(s)
		}
		properties = properties.with(f.Key(), s)
		if f.Required() && !change {
			required = append(required, f.Key())
		}
	}
	out := object{{"type", "object"}}
	if len(required) > 0 {
		out = out.with("required", required)
	}
	return out.with("properties", properties).with("additionalProperties", false)
}

// nullable lets the schema take null too.
func nullable(s object) object {
	out := slices.Clone(s)
	for i, m := range out {
		switch v := m.value.(type) {
		case string:
			if m.key == "type" {
				out[i].value = []string{v, "null"}
			}
		case []string:
			if m.key == "type" {
				out[i].value = append(slices.Clip(v), "null")
			}
		case []any:
			if m.key == "enum" {
				out[i].value = append(slices.Clip(v), nil)
			}
		}
	}
	return out
}

// fieldSchema describes a value of f; in a request with its rules, in an answer with its canonical form.
func fieldSchema(f qlp.Field, request bool) object {
	str := object{{"type", "string"}}
	switch f.Type {
	case qlp.TypeString, qlp.TypeText:
		return textSchema(f, request)
	case qlp.TypeInt:
		return bounds(object{{"type", "integer"}, {"format", "int64"}}, f, true)
	case qlp.TypeDecimal:
		s := object{{"type", "string"}, {"pattern", decimalPattern}}
		if request {
			s = bounds(object{{"type", []string{"string", "number"}}, {"pattern", decimalPattern}}, f, false)
		}
		return s.with("description", "An exact decimal number")
	case qlp.TypeBool:
		return object{{"type", "boolean"}}
	case qlp.TypeDate:
		return str.with("format", "date")
	case qlp.TypeDatetime:
		s := str.with("format", "date-time")
		if !request {
			s = s.with("pattern", moment)
		}
		return s
	case qlp.TypeEmail:
		return str.with("format", "email").with("maxLength", maxEmail)
	case qlp.TypeURL:
		return str.with("format", "uri").with("maxLength", maxURL)
	case qlp.TypeUUID:
		return str.with("format", "uuid")
	case qlp.TypeEnum:
		values := []any{}
		for _, v := range f.Values {
			values = append(values, v)
		}
		return object{{"type", "string"}, {"enum", values}}
	default:
		return idSchema().with("description", "The id of a "+words(f.To))
	}
}

func textSchema(f qlp.Field, request bool) object {
	s := object{{"type", "string"}}
	if f.Length > 0 {
		s = s.with("minLength", f.Length).with("maxLength", f.Length)
	}
	if f.MinLength > 0 {
		s = s.with("minLength", f.MinLength)
	}
	if f.MaxLength > 0 {
		s = s.with("maxLength", f.MaxLength)
	}
	switch {
	case !request:
	case f.Type == qlp.TypeString && f.Required():
		s = s.with("pattern", `^[^\r\n]*\S[^\r\n]*$`)
	case f.Type == qlp.TypeString:
		s = s.with("pattern", `^[^\r\n]*$`)
	case f.Required():
		s = s.with("pattern", `\S`)
	}
	return s
}

// bounds adds the least and the greatest value; every integer has one.
func bounds(s object, f qlp.Field, integer bool) object {
	for _, b := range []struct {
		keyword string
		n       *qlp.Number
		other   *qlp.Number
		usual   qlp.Number
	}{
		{"minimum", f.Min, f.ExclusiveMin, "-9007199254740991"},
		{"maximum", f.Max, f.ExclusiveMax, "9007199254740991"},
		{"exclusiveMinimum", f.ExclusiveMin, nil, ""},
		{"exclusiveMaximum", f.ExclusiveMax, nil, ""},
	} {
		switch {
		case b.n != nil:
			s = s.with(b.keyword, *b.n)
		case integer && b.usual != "" && b.other == nil:
			s = s.with(b.keyword, b.usual)
		}
	}
	return s
}

func filterSchema(f qlp.Field) object {
	free := qlp.Field{Name: f.Name, Type: f.Type, Values: f.Values, To: f.To, Optional: true}
	if f.Optional {
		return nullable(fieldSchema(free, false))
	}
	return fieldSchema(free, false)
}

package specfile

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Schema returns the JSON Schema of a Spec file, emitted from the Go types.
func Schema() ([]byte, error) {
	schema := Reflect(&qlp.Spec{})
	schema.ID = "urn:qlp:schema:spec"
	schema.Title = "QLP Spec"
	schema.Description = "The typed statement of what will be built. Names are snake_case and singular."
	// What Read fills in need not be given.
	drop(schema, "title", "kind")
	if entity := schema.Definitions["Entity"]; entity != nil {
		drop(entity, "plural")
	}
	if c := schema.Definitions["Acceptance"]; c != nil { // a case has steps or calls
		drop(c, "steps", "when", "then", "good")
	}
	if e := schema.Definitions["ProgramExpect"]; e != nil {
		drop(e, "exit")
	}
	b, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode schema: %w", err)
	}
	return append(b, '\n'), nil
}

// Reflect returns the JSON Schema of v's type, with the types of a Spec described as they are written.
func Reflect(v any) *jsonschema.Schema {
	r := &jsonschema.Reflector{Anonymous: true, ExpandedStruct: true, Mapper: mapType}
	return r.Reflect(v)
}

func drop(s *jsonschema.Schema, keys ...string) {
	s.Required = slices.DeleteFunc(s.Required, func(k string) bool { return slices.Contains(keys, k) })
}

// mapType describes the types whose JSON form their Go kind does not tell.
func mapType(t reflect.Type) *jsonschema.Schema {
	switch t {
	case numberType:
		return &jsonschema.Schema{
			Description: "an exact decimal, as a JSON number or in quotes",
			OneOf:       []*jsonschema.Schema{{Type: "number"}, {Type: "string", Pattern: strings.ReplaceAll(numberForm.String(), `\.`, `[.]`)}},
		}
	case scalarType:
		return &jsonschema.Schema{
			Description: "a text, a number or a boolean",
			OneOf:       []*jsonschema.Schema{{Type: "string"}, {Type: "number"}, {Type: "boolean"}},
		}
	case reflect.TypeFor[qlp.Kind]():
		return enum(qlp.KindService, qlp.KindCLI, qlp.KindPipeline, qlp.KindSite, qlp.KindProject)
	case reflect.TypeFor[qlp.FieldType]():
		return enum(qlp.FieldTypes()...)
	case reflect.TypeFor[qlp.OnDelete]():
		return enum(qlp.Restrict, qlp.Cascade, qlp.SetNull)
	case reflect.TypeFor[qlp.Operation]():
		return enum(qlp.Operations()...)
	default:
		return nil
	}
}

func enum[T ~string](values ...T) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "string"}
	for _, v := range values {
		s.Enum = append(s.Enum, string(v))
	}
	return s
}

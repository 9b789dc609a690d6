package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// OpenAPI returns the OpenAPI 3.1 description of the service, as an indented JSON document that ends in a line break.
func OpenAPI(spec *qlp.Spec) ([]byte, error) {
	info := object{{"title", spec.Title}, {"version", "1.0.0"}}
	if spec.Summary != "" {
		info = info.with("description", spec.Summary)
	}
	doc := object{
		{"openapi", "3.1.0"},
		{"info", info},
		{"servers", []object{{{"url", "/"}}}},
		{"tags", tags(spec)},
		{"paths", paths(spec)},
		{"components", components(spec)},
	}
	if spec.Auth == qlp.AuthAPIKey {
		doc = doc.with("security", []object{{{"api_key", []string{}}}, {{"bearer", []string{}}}})
	}
	raw, err := marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("write the OpenAPI file of %s: %w", spec.Title, err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", "  "); err != nil {
		return nil, fmt.Errorf("indent the OpenAPI file of %s: %w", spec.Title, err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

func tags(spec *qlp.Spec) []object {
	out := []object{}
	for _, e := range spec.Entities {
		out = append(out, object{{"name", e.Plural}})
	}
	return append(out, object{{"name", "service"}})
}

// paths groups the routes by path, in the order in which each path comes first.
func paths(spec *qlp.Spec) object {
	var order []string
	byPath := map[string]object{}
	for _, r := range Routes(spec) {
		item, known := byPath[r.Path]
		if !known {
			order = append(order, r.Path)
			if params := pathParameters(r); len(params) > 0 {
				item = item.with("parameters", params)
			}
		}
		byPath[r.Path] = item.with(strings.ToLower(r.Method), operation(spec, r))
	}
	var out object
	for _, p := range order {
		out = out.with(p, byPath[p])
	}
	return out
}

func pathParameters(r Route) []object {
	var out []object
	for part := range strings.SplitSeq(r.Path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			out = append(out, parameter("path", strings.TrimSuffix(name, "}"), idSchema(), ""))
		}
	}
	return out
}

func parameter(in, name string, schema object, description string) object {
	p := object{{"name", name}, {"in", in}}
	if in == "path" {
		p = p.with("required", true)
	}
	if description != "" {
		p = p.with("description", description)
	}
	return p.with("schema", schema)
}

func operation(spec *qlp.Spec, r Route) object {
	e, _ := spec.Entity(r.Entity)
	op := object{{"operationId", r.ID()}, {"summary", summary(spec, r)}}
	if e.Name != "" {
		op = op.with("tags", []string{e.Plural})
	} else {
		op = op.with("tags", []string{"service"})
	}
	if r.IsList() {
		op = op.with("parameters", listParameters(spec, e))
	}
	if r.HasBody() {
		schema := ref("schemas", typeName(e)+"Input")
		if r.Method == http.MethodPatch {
			schema = ref("schemas", typeName(e)+"Change")
		}
		content := object{{"application/json", object{{"schema", schema}}}}
		if r.Method == http.MethodPatch {
			content = content.with("application/merge-patch+json", object{{"schema", schema}})
		}
		op = op.with("requestBody", object{{"required", true}, {"content", content}})
	}
	if spec.Auth == qlp.AuthAPIKey && r.Open {
		op = op.with("security", []object{})
	}
	return op.with("responses", responses(spec, r, e))
}

func summary(spec *qlp.Spec, r Route) string {
	e, _ := spec.Entity(r.Entity)
	other, _ := spec.Entity(r.Other)
	one, all := words(e.Name), words(e.Plural)
	switch {
	case r.Operation == qlp.OpCreate:
		return "Create " + withArticle(one)
	case r.Operation == qlp.OpList:
		return "List " + all
	case r.Operation == qlp.OpGet:
		return "Get " + withArticle(one)
	case r.Method == http.MethodPut && r.Operation == qlp.OpUpdate:
		return "Replace " + withArticle(one)
	case r.Operation == qlp.OpUpdate:
		return "Change " + withArticle(one)
	case r.Operation == qlp.OpDelete:
		return "Delete " + withArticle(one)
	case r.Operation == OpLink:
		return "Link " + withArticle(one) + " and " + withArticle(words(other.Name))
	case r.Operation == OpUnlink:
		return "Unlink " + withArticle(one) + " and " + withArticle(words(other.Name))
	case r.Operation == OpLinked:
		return "List the " + all + " of " + withArticle(words(other.Name))
	case r.Operation == OpHealth:
		return "Whether the service is well"
	default:
		return "This description"
	}
}

func words(name string) string { return strings.ReplaceAll(name, "_", " ") }

func withArticle(noun string) string {
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}

// typeName is the name of an entity's schemas: LineItem.
func typeName(e qlp.Entity) string {
	var b strings.Builder
	for part := range strings.SplitSeq(e.Name, "_") {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}

func ref(kind, name string) object { return object{{"$ref", "#/components/" + kind + "/" + name}} }

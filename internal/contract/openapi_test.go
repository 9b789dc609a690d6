package contract

import (
	"bytes"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/quantumlayer/qlp/internal/contract/contracttest"
)

// TestOpenAPIIsValid: the document is what the OpenAPI Initiative's own schema of OpenAPI 3.1 takes, every schema in it is one of JSON
// Schema 2020-12, and every reference leads somewhere.
func TestOpenAPIIsValid(t *testing.T) {
	t.Parallel()
	form := published(t)
	for name, spec := range contracttest.Specs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := OpenAPI(&spec)
			if err != nil {
				t.Fatal(err)
			}
			for _, err := range faults(t, form, raw) {
				t.Error(err)
			}
			again, err := OpenAPI(&spec)
			if err != nil || !bytes.Equal(raw, again) {
				t.Errorf("a second time gives other bytes (%v)", err)
			}
		})
	}
}

// TestOpenAPIFaultsAreSeen: what the test above relies on does see a fault.
func TestOpenAPIFaultsAreSeen(t *testing.T) {
	t.Parallel()
	form := published(t)
	for name, doc := range map[string]string{
		"no info":        `{"openapi": "3.1.0", "paths": {}}`,
		"no slash":       `{"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"books": {}}}`,
		"lost reference": `{"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/a": {"$ref": "#/components/pathItems/b"}}}`,
		"no such type": `{"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {},
			"components": {"schemas": {"Book": {"type": "integral"}}}}`,
		"no such type, inside": `{"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/a": {"get": {"responses": {"200":
			{"description": "d", "content": {"application/json": {"schema": {"properties": {"x": {"type": 1}}}}}}}}}}}`,
	} {
		if len(faults(t, form, []byte(doc))) == 0 {
			t.Errorf("%s: no fault is seen", name)
		}
	}
}

// published is the OpenAPI Initiative's schema of 2022-10-07. It leaves what is in a schema object to JSON Schema.
func published(t *testing.T) *jsonschema.Schema {
	t.Helper()
	const at = "testdata/openapi-3.1.schema.json"
	f, err := os.Open(at)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(at, doc); err != nil {
		t.Fatal(err)
	}
	form, err := c.Compile(at)
	if err != nil {
		t.Fatal(err)
	}
	return form
}

// faults are those of one document.
func faults(t *testing.T, form *jsonschema.Schema, raw []byte) (all []error) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return []error{err}
	}
	if err := form.Validate(doc); err != nil {
		all = append(all, err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("openapi.json", doc); err != nil {
		return append(all, err)
	}
	for _, pointer := range schemas(doc, "#", "") {
		if _, err := c.Compile("openapi.json" + pointer); err != nil {
			all = append(all, err)
		}
	}
	return all
}

// schemas are the pointers to what must compile: every schema, and whatever a reference leads to. in is the name of what holds v.
func schemas(v any, pointer, in string) (all []string) {
	switch v := v.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			all = append(all, ref)
		}
		if in == "schema" || strings.HasPrefix(pointer, "#/components/schemas/") && strings.Count(pointer, "/") == 3 {
			all = append(all, pointer)
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			escaped := strings.NewReplacer("~", "~0", "/", "~1", "%", "%25", "{", "%7B", "}", "%7D").Replace(name)
			all = append(all, schemas(v[name], pointer+"/"+escaped, name)...)
		}
	case []any:
		for i, item := range v {
			all = append(all, schemas(item, pointer+"/"+strconv.Itoa(i), "")...)
		}
	}
	return all
}

package start

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"regexp"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Limits of a project's OpenAPI file, which is foreign text.
const (
	maxDocument = 8 << 20 // bytes
	maxDepth    = 200
	maxRefs     = 20 // from one $ref to the next
)

const documentURL = "file:///openapi.json"

// document is an OpenAPI file.
type document struct {
	root       any
	operations map[string]string // "GET /books/{}" → JSON pointer of the operation
	compiler   *jsonschema.Compiler
	compiled   map[string]*jsonschema.Schema // by pointer
}

var parameterPart = regexp.MustCompile(`\{[^{}/]*\}`)

// shape is a path whose parameters have no names: how they are called is the file's own business.
func shape(path string) string { return parameterPart.ReplaceAllString(path, "{}") }

// read reads an OpenAPI 3.1 file.
func read(raw []byte) (*document, error) {
	if len(raw) > maxDocument {
		return nil, qlp.Errorf(qlp.Invalid, "the OpenAPI file has %d bytes, more than %d", len(raw), maxDocument)
	}
	if depth(raw) > maxDepth {
		return nil, qlp.Errorf(qlp.Invalid, "the OpenAPI file is nested more than %d deep", maxDepth)
	}
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, qlp.Errorf(qlp.Invalid, "the OpenAPI file is not JSON: %v", err)
	}
	d := &document{root: root, operations: map[string]string{}, compiled: map[string]*jsonschema.Schema{}}
	version, _ := d.at("/openapi").(string)
	if !strings.HasPrefix(version, "3.1.") {
		return nil, qlp.Errorf(qlp.Invalid, "the OpenAPI file is of version %.20q, not 3.1", version)
	}
	paths, ok := d.at("/paths").(map[string]any)
	if !ok {
		return nil, qlp.Errorf(qlp.Invalid, "the OpenAPI file has no paths")
	}
	for path, item := range paths {
		members, ok := item.(map[string]any)
		if !ok {
			return nil, qlp.Errorf(qlp.Invalid, "%.80q is no path item", path)
		}
		for _, method := range []string{"get", "put", "post", "delete", "options", "patch", "trace"} {
			if _, ok := members[method]; !ok {
				continue
			}
			key := strings.ToUpper(method) + " " + shape(path)
			if _, twice := d.operations[key]; twice {
				return nil, qlp.Errorf(qlp.Invalid, "%.80s is there twice, with parameters of different names", key)
			}
			d.operations[key] = "/paths/" + escape(path) + "/" + method
		}
	}
	d.compiler = jsonschema.NewCompiler()
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	d.compiler.UseLoader(noLoader{})
	if err := d.compiler.AddResource(documentURL, root); err != nil {
		return nil, qlp.Errorf(qlp.Invalid, "the OpenAPI file cannot be used: %v", err)
	}
	return d, nil
}

// noLoader refuses references out of the file.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("%.80s is outside of the file", url)
}

// depth counts how deep the brackets of a JSON text nest at most.
func depth(raw []byte) int {
	deepest, now, inText, escaped := 0, 0, false, false
	for _, c := range raw {
		switch {
		case escaped:
			escaped = false
		case inText:
			escaped, inText = c == '\\', c != '"'
		case c == '"':
			inText = true
		case c == '{' || c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}

func escape(part string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(part)
}

// at follows a JSON pointer; nil if it leads nowhere.
func (d *document) at(pointer string) any {
	v := d.root
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		part = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		switch now := v.(type) {
		case map[string]any:
			v = now[part]
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(now) {
				return nil
			}
			v = now[i]
		default:
			return nil
		}
	}
	return v
}

// resolve follows $ref until there is none, and returns the pointer of what is there.
func (d *document) resolve(pointer string) (string, error) {
	for range maxRefs {
		m, ok := d.at(pointer).(map[string]any)
		if !ok {
			return "", fmt.Errorf("there is nothing at %s", pointer)
		}
		ref, ok := m["$ref"].(string)
		if !ok {
			return pointer, nil
		}
		if !strings.HasPrefix(ref, "#/") {
			return "", fmt.Errorf("%.80q leads out of the file", ref)
		}
		pointer = ref[1:]
	}
	return "", fmt.Errorf("references go in a circle at %s", pointer)
}

// errUndeclared says that the file does not speak of what was seen.
var errUndeclared = errors.New("the OpenAPI file does not declare it")

// answer validates what an operation answered against what the file declares for that status.
func (d *document) answer(operation string, status int, contentType string, body []byte) error {
	pointer, err := d.resolve(d.operations[operation] + "/responses/" + strconv.Itoa(status))
	if err != nil {
		return fmt.Errorf("status %d of %s: %w", status, operation, errUndeclared)
	}
	content, _ := d.at(pointer + "/content").(map[string]any)
	if len(content) == 0 {
		if len(body) > 0 {
			return fmt.Errorf("status %d of %s is declared without content", status, operation)
		}
		return nil
	}
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil || content[media] == nil {
		return fmt.Errorf("content type %.60q of status %d of %s: %w", contentType, status, operation, errUndeclared)
	}
	return d.validate(pointer+"/content/"+escape(media)+"/schema", body)
}

// request validates a body that the service has accepted against what the file says it accepts.
func (d *document) request(operation string, body []byte) error {
	pointer, err := d.resolve(d.operations[operation] + "/requestBody")
	if err != nil {
		return fmt.Errorf("the body of %s: %w", operation, errUndeclared)
	}
	return d.validate(pointer+"/content/application~1json/schema", body)
}

func (d *document) validate(pointer string, body []byte) (err error) {
	defer func() {
		if v := recover(); v != nil { // the file is foreign, and the library was not written for hostile schemas
			err = fmt.Errorf("the schema at %s cannot be used: %v", pointer, v)
		}
	}()
	pointer, err = d.resolve(pointer)
	if err != nil {
		return err
	}
	schema, ok := d.compiled[pointer]
	if !ok {
		schema, err = d.compiler.Compile(documentURL + "#" + fragment(pointer))
		if err != nil {
			return fmt.Errorf("the schema at %s cannot be used: %w", pointer, err)
		}
		d.compiled[pointer] = schema
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("it is not JSON: %w", err)
	}
	return schema.Validate(value)
}

// fragment writes a pointer as the fragment of a URL.
func fragment(pointer string) string {
	return strings.NewReplacer("%", "%25", "{", "%7B", "}", "%7D", " ", "%20", `"`, "%22", "<", "%3C", ">", "%3E", "^", "%5E", "`", "%60", "|", "%7C", `\`, "%5C").Replace(pointer)
}

// sameJSON reports whether two texts hold the same JSON value.
func sameJSON(a, b []byte) bool {
	x, errX := canonical(a)
	y, errY := canonical(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

func canonical(raw []byte) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one value")
	}
	return json.Marshal(v)
}

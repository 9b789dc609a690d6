// Package specfile reads a Spec that a person or a program wrote, as YAML or JSON.
//
// What it does: it reads one document of at most MaxFile bytes strictly (a key that is unknown or given twice is refused,
// with its line and the nearest right key), fills in what is implied (the kind, plurals, a title) and validates. It also
// emits the JSON Schema of such a file from the Go types.
//
// What it never does: it never follows YAML aliases, tags or merge keys, never passes a number through a float, and never
// returns a Spec that has a Problem.
//
// Arrows: qlp, the grammar's inflection, and the YAML and JSON Schema libraries.
package specfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/quantumlayer/qlp/internal/interpreter/inflect"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// MaxFile is the longest Spec file that is read, in bytes: some thousand fields.
const MaxFile = 256 << 10

// Read reads a Spec file. Its errors are qlp.Invalid and name the line where that is known.
func Read(b []byte) (*qlp.Spec, error) {
	if len(b) > MaxFile {
		return nil, qlp.Errorf(qlp.Invalid, "the Spec file has %d bytes; at most %d are read", len(b), MaxFile).
			WithRemedy("split it into several services")
	}
	if !utf8.Valid(b) {
		return nil, qlp.Errorf(qlp.Invalid, "the Spec file is not valid UTF-8 text").WithRemedy("save it as UTF-8")
	}
	document, err := toJSON(b)
	if err != nil {
		return nil, err
	}
	var spec qlp.Spec
	if err := json.Unmarshal(document, &spec); err != nil {
		return nil, qlp.Errorf(qlp.Invalid, "the Spec file does not fit: %w", err).WithRemedy(remedy)
	}
	complete(&spec)
	if problems := spec.Validate(); len(problems) > 0 {
		lines := make([]string, len(problems))
		for i, p := range problems {
			lines[i] = p.String()
		}
		return nil, qlp.Errorf(qlp.Invalid, "the Spec cannot be built: %s", strings.Join(lines, "; ")).
			WithRemedy("change the named places and try again")
	}
	return &spec, nil
}

const remedy = "`qlp spec schema` prints what a Spec file may hold"

// complete fills in what a person may leave out.
func complete(s *qlp.Spec) {
	if s.Kind == "" {
		s.Kind = qlp.KindService
	}
	words := inflect.New()
	for i := range s.Entities {
		if e := &s.Entities[i]; e.Plural == "" && e.Name != "" {
			e.Plural = words.Plural(e.Name)
		}
	}
	if s.Title == "" && len(s.Entities) > 0 {
		s.Title = inflect.Title(s.Entities[0].Plural)
	}
}

// toJSON parses YAML (of which JSON is a part) and rewrites it as JSON, with every number as it was written.
func toJSON(b []byte) ([]byte, error) {
	if trimmed := bytes.TrimSpace(b); len(trimmed) > 0 && trimmed[0] == '{' {
		b = bytes.ReplaceAll(b, []byte("\t"), []byte(" ")) // JSON may be indented with tabs, YAML not; none is legal within a JSON string
	}
	documents, err := yaml.NewLoader(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("open YAML loader: %w", err)
	}
	var body *yaml.Node
	for {
		var doc yaml.Node
		err := documents.Load(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, qlp.Errorf(qlp.Invalid, "the Spec file is neither YAML nor JSON: %s", saying(err)).WithRemedy(remedy)
		}
		switch {
		case blank(&doc):
		case body != nil:
			return nil, qlp.Errorf(qlp.Invalid, "the Spec file holds more than one document").WithRemedy("keep one")
		default:
			body = doc.Content[0]
		}
	}
	if body == nil {
		return nil, qlp.Errorf(qlp.Invalid, "the Spec file is empty").WithRemedy(remedy)
	}
	w := &writer{}
	if err := w.value(body, reflect.TypeFor[qlp.Spec](), "the Spec"); err != nil {
		if e, ok := errors.AsType[*qlp.Error](err); ok && e.Remedy == "" {
			return nil, e.WithRemedy(remedy)
		}
		return nil, err
	}
	return w.out.Bytes(), nil
}

// saying is what the YAML reader found wrong, and where.
func saying(err error) string {
	if e, ok := errors.AsType[*yaml.LoadError](err); ok {
		return fmt.Sprintf("line %d: %s", e.Mark.Line, e.Message)
	}
	return err.Error()
}

// blank reports whether a document holds nothing but comments.
func blank(doc *yaml.Node) bool {
	return len(doc.Content) == 0 || doc.Content[0].ShortTag() == "!!null" && doc.Content[0].Value == ""
}

func place(n *yaml.Node) string { return fmt.Sprintf("line %d", n.Line) }

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
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/quantumlayer/qlp/internal/interpreter/inflect"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// Bounds of a Spec file, in bytes. The YAML parser takes time that grows with the square of a line's length.
const (
	MaxFile = 256 << 10
	maxLine = 4 << 10
)

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
	if deepest(b) > maxDepth {
		return nil, qlp.Errorf(qlp.Invalid, "the Spec file nests deeper than %d levels", maxDepth).WithRemedy(remedy)
	}
	if trimmed := bytes.TrimSpace(b); len(trimmed) > 0 && trimmed[0] == '{' {
		b = bytes.ReplaceAll(b, []byte("\t"), []byte(" ")) // JSON may be indented with tabs, YAML not; none is legal within a JSON string
	}
	if longestLine(b) > maxLine && json.Valid(b) { // JSON without line breaks
		var lines bytes.Buffer
		if err := json.Indent(&lines, b, "", " "); err != nil {
			return nil, fmt.Errorf("indent JSON: %w", err)
		}
		b = lines.Bytes()
	}
	if longestLine(b) > maxLine {
		return nil, qlp.Errorf(qlp.Invalid, "the Spec file has a line of more than %d bytes", maxLine).WithRemedy("break it into several lines")
	}
	file, err := parser.ParseBytes(b, 0)
	if err != nil {
		return nil, qlp.Errorf(qlp.Invalid, "the Spec file is neither YAML nor JSON: %s", firstLines(err)).WithRemedy(remedy)
	}
	var body ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if body != nil {
			return nil, qlp.Errorf(qlp.Invalid, "the Spec file holds more than one document").WithRemedy("keep one")
		}
		body = doc.Body
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

const maxDepth = 32

// deepest bounds the nesting of brackets and of indentation before the parser, which is recursive, sees the text.
func deepest(b []byte) int {
	depth, most := 0, 0
	for _, c := range b {
		switch c {
		case '{', '[':
			depth++
			most = max(most, depth)
		case '}', ']':
			depth = max(depth-1, 0)
		}
	}
	for line := range bytes.Lines(b) {
		indent := len(line) - len(bytes.TrimLeft(line, " -?"))
		most = max(most, indent/4) // an honest file indents by two, at most 12 deep
	}
	return most
}

func longestLine(b []byte) int {
	longest := 0
	for line := range bytes.Lines(b) {
		longest = max(longest, len(line))
	}
	return longest
}

func firstLines(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}

func place(n ast.Node) string {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return fmt.Sprintf("line %d", t.Position.Line)
	}
	return "an unknown line"
}

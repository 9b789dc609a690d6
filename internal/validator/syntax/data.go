package syntax

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
	"github.com/pelletier/go-toml/v2"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/validator/diagnose"
)

// parseData parses JSON, YAML and TOML files. YAML is parsed and not decoded: anchors are not followed.
func parseData(files []qlp.File) []qlp.Finding {
	var out []qlp.Finding
	for _, f := range files {
		line, column, err := parseOne(f)
		if err != nil {
			out = append(out, qlp.Finding{
				Path: f.Path, Line: line, Column: column, Rule: "syntax", Severity: "error", Message: diagnose.Short(err.Error()),
			})
		}
	}
	return out
}

// parseOne returns the place of the fault as far as the parser tells it. A parser that panics on a file refuses it.
func parseOne(f qlp.File) (line, column int, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the parser gave up: %v", r)
		}
	}()
	switch path.Ext(f.Path) {
	case ".json":
		var v json.RawMessage
		err = json.Unmarshal(f.Content, &v)
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			line = lineOf(f.Content, min(int(syntax.Offset), len(f.Content)))
		}
	case ".toml":
		var v map[string]any
		err = toml.NewDecoder(bytes.NewReader(f.Content)).Decode(&v)
		if decode, ok := errors.AsType[*toml.DecodeError](err); ok {
			line, column = decode.Position()
		}
	default:
		_, err = parser.ParseBytes(f.Content, 0)
		if syntax, ok := errors.AsType[yaml.Error](err); ok {
			if tok := syntax.GetToken(); tok != nil && tok.Position != nil {
				line, column = tok.Position.Line, tok.Position.Column
			}
			err = errors.New(syntax.GetMessage())
		}
	}
	return line, column, err
}

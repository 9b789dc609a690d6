package syntax

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"

	"github.com/pelletier/go-toml/v2"
	"go.yaml.in/yaml/v4"

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
		line, column, err = parseYAML(f.Content)
	}
	return line, column, err
}

// parseYAML reads every document as a tree, so that no alias is followed and no tag is acted upon.
func parseYAML(content []byte) (line, column int, err error) {
	documents, err := yaml.NewLoader(bytes.NewReader(content))
	for err == nil {
		var tree yaml.Node
		err = documents.Load(&tree)
	}
	if errors.Is(err, io.EOF) {
		return 0, 0, nil
	}
	fault, ok := errors.AsType[*yaml.LoadError](err)
	if !ok {
		return 0, 0, err
	}
	at := fault.Mark
	if fault.ContextMark.Line > 0 {
		at = fault.ContextMark // where the list began that never ends, say
	}
	return at.Line, at.Column, errors.New(fault.Message)
}

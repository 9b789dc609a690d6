package specfile

import (
	"bytes"
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/goccy/go-yaml/ast"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// writer rewrites a YAML tree as JSON while it compares the tree with the Go type that it must fit.
type writer struct{ out bytes.Buffer }

var (
	numberType = reflect.TypeFor[qlp.Number]()
	scalarType = reflect.TypeFor[qlp.Scalar]()
	numberForm = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)
)

func (w *writer) value(n ast.Node, t reflect.Type, what string) error {
	if t.Kind() == reflect.Pointer {
		return w.value(n, t.Elem(), what)
	}
	if t == numberType || t == scalarType {
		return w.scalar(n, t, what)
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return w.mapping(n, t, what)
	case reflect.Slice, reflect.Array:
		return w.list(n, t, what)
	default:
		return w.scalar(n, t, what)
	}
}

func (w *writer) mapping(n ast.Node, t reflect.Type, what string) error {
	node, ok := n.(*ast.MappingNode)
	if !ok {
		return qlp.Errorf(qlp.Invalid, "%s at %s is not a list of keys and values", what, place(n))
	}
	fields := keysOf(t)
	var seen []string
	w.out.WriteByte('{')
	for i, pair := range node.Values {
		key, ok := keyText(pair.Key)
		if !ok {
			return qlp.Errorf(qlp.Invalid, "the key at %s is not plain text", place(pair.Key))
		}
		if slices.Contains(seen, key) {
			return qlp.Errorf(qlp.Invalid, "key %q at %s is given twice", key, place(pair.Key))
		}
		seen = append(seen, key)
		inner, known := fields[key]
		if t.Kind() == reflect.Map {
			inner, known = t.Elem(), true
		}
		if !known {
			return qlp.Errorf(qlp.Invalid, "unknown key %q at %s%s", key, place(pair.Key), nearest(key, fields))
		}
		if i > 0 {
			w.out.WriteByte(',')
		}
		w.text(key)
		w.out.WriteByte(':')
		if err := w.value(pair.Value, inner, key); err != nil {
			return err
		}
	}
	w.out.WriteByte('}')
	return nil
}

func keyText(n ast.MapKeyNode) (string, bool) {
	switch k := n.(type) {
	case *ast.StringNode:
		return k.Value, true
	case *ast.MappingKeyNode, *ast.MergeKeyNode, *ast.AliasNode, *ast.AnchorNode, *ast.TagNode:
		return "", false
	default:
		if token := n.GetToken(); token != nil {
			return token.Value, true
		}
		return "", false
	}
}

func (w *writer) list(n ast.Node, t reflect.Type, what string) error {
	node, ok := n.(*ast.SequenceNode)
	if !ok {
		return qlp.Errorf(qlp.Invalid, "%s at %s is not a list", what, place(n))
	}
	if t.Kind() == reflect.Array && len(node.Values) != t.Len() {
		return qlp.Errorf(qlp.Invalid, "an item of %s at %s has %d parts, not %d", what, place(n), len(node.Values), t.Len())
	}
	w.out.WriteByte('[')
	for i, v := range node.Values {
		if i > 0 {
			w.out.WriteByte(',')
		}
		if err := w.value(v, t.Elem(), what); err != nil {
			return err
		}
	}
	w.out.WriteByte(']')
	return nil
}

// scalar writes one value. A plain word where text is wanted is text, also when YAML would read it as something else.
func (w *writer) scalar(n ast.Node, t reflect.Type, what string) error {
	refuse := func(wanted string) error {
		return qlp.Errorf(qlp.Invalid, "%s at %s is not %s", what, place(n), wanted)
	}
	switch v := n.(type) {
	case *ast.StringNode:
		switch {
		case t == numberType:
			if !numberForm.MatchString(v.Value) {
				return refuse("a plain decimal number")
			}
			w.out.WriteString(v.Value)
		case t.Kind() == reflect.String:
			w.text(v.Value)
		default:
			return refuse(wanted(t))
		}
	case *ast.LiteralNode:
		if t.Kind() != reflect.String || t == numberType {
			return refuse(wanted(t))
		}
		w.text(v.Value.Value)
	case *ast.IntegerNode, *ast.FloatNode:
		digits := n.GetToken().Value
		switch {
		case t.Kind() == reflect.String && t != numberType && t != scalarType:
			w.text(digits)
		case t.Kind() == reflect.Bool || !numberForm.MatchString(digits):
			return refuse(wanted(t))
		default:
			w.out.WriteString(digits)
		}
	case *ast.BoolNode:
		switch {
		case t.Kind() == reflect.Bool || t == scalarType:
			w.out.WriteString(map[bool]string{true: "true", false: "false"}[v.Value])
		case t.Kind() == reflect.String && t != numberType:
			w.text(n.GetToken().Value)
		default:
			return refuse(wanted(t))
		}
	default:
		return refuse(wanted(t))
	}
	return nil
}

func wanted(t reflect.Type) string {
	switch {
	case t == numberType:
		return "a plain decimal number"
	case t == scalarType:
		return "a text, a plain decimal number, true or false"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Int:
		return "a whole number"
	default:
		return "plain text"
	}
}

func (w *writer) text(s string) {
	b, err := json.Marshal(s)
	if err != nil { // a string always marshals
		panic(err)
	}
	w.out.Write(b)
}

// keysOf returns the JSON keys of a struct with their types.
func keysOf(t reflect.Type) map[string]reflect.Type {
	keys := map[string]reflect.Type{}
	if t.Kind() != reflect.Struct {
		return keys
	}
	for field := range t.Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
			keys[name] = field.Type
		}
	}
	return keys
}

// nearest returns ": did you mean …?" where a right key is near.
func nearest(key string, keys map[string]reflect.Type) string {
	best, least := "", 3
	for k := range keys {
		d := levenshtein.ComputeDistance(strings.ToLower(key), k)
		if d < least || d == least && best != "" && k < best {
			best, least = k, d
		}
	}
	if best == "" || least > len(key)/2 {
		return ""
	}
	return `: did you mean "` + best + `"?`
}

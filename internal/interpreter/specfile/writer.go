package specfile

import (
	"bytes"
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v4"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// writer rewrites a YAML tree as JSON while it compares the tree with the Go type that it must fit.
type writer struct{ out bytes.Buffer }

var (
	numberType = reflect.TypeFor[qlp.Number]()
	scalarType = reflect.TypeFor[qlp.Scalar]()
	numberForm = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)
)

func (w *writer) value(n *yaml.Node, t reflect.Type, what string) error {
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

func (w *writer) mapping(n *yaml.Node, t reflect.Type, what string) error {
	if n.Kind != yaml.MappingNode {
		return qlp.Errorf(qlp.Invalid, "%s at %s is not a list of keys and values", what, place(n))
	}
	fields := keysOf(t)
	var seen []string
	w.out.WriteByte('{')
	for i := 0; i+1 < len(n.Content); i += 2 {
		named, value := n.Content[i], n.Content[i+1]
		key := named.Value
		if !plain(named) || named.ShortTag() == "!!merge" {
			return qlp.Errorf(qlp.Invalid, "the key at %s is not plain text", place(named))
		}
		if slices.Contains(seen, key) {
			return qlp.Errorf(qlp.Invalid, "key %q at %s is given twice", key, place(named))
		}
		seen = append(seen, key)
		inner, known := fields[key]
		if t.Kind() == reflect.Map {
			inner, known = t.Elem(), true
		}
		if !known {
			return qlp.Errorf(qlp.Invalid, "unknown key %q at %s%s", key, place(named), nearest(key, fields))
		}
		if i > 0 {
			w.out.WriteByte(',')
		}
		w.text(key)
		w.out.WriteByte(':')
		if err := w.value(value, inner, key); err != nil {
			return err
		}
	}
	w.out.WriteByte('}')
	return nil
}

// plain reports whether n is one value, without an anchor or a tag that would make it another.
func plain(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Anchor == "" && n.Style&yaml.TaggedStyle == 0
}

func (w *writer) list(n *yaml.Node, t reflect.Type, what string) error {
	if n.Kind != yaml.SequenceNode {
		return qlp.Errorf(qlp.Invalid, "%s at %s is not a list", what, place(n))
	}
	if t.Kind() == reflect.Array && len(n.Content) != t.Len() {
		return qlp.Errorf(qlp.Invalid, "an item of %s at %s has %d parts, not %d", what, place(n), len(n.Content), t.Len())
	}
	w.out.WriteByte('[')
	for i, v := range n.Content {
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
func (w *writer) scalar(n *yaml.Node, t reflect.Type, what string) error {
	refuse := func(wanted string) error {
		return qlp.Errorf(qlp.Invalid, "%s at %s is not %s", what, place(n), wanted)
	}
	if !plain(n) {
		return refuse(wanted(t))
	}
	anyText := t.Kind() == reflect.String && t != numberType
	switch n.ShortTag() {
	case "!!str", "!!timestamp", "!!merge":
		switch {
		case anyText:
			w.text(n.Value)
		case t == numberType && numberForm.MatchString(n.Value):
			w.out.WriteString(n.Value)
		default:
			return refuse(wanted(t))
		}
	case "!!int", "!!float":
		switch {
		case anyText && t != scalarType:
			w.text(n.Value)
		case t.Kind() == reflect.Bool || !numberForm.MatchString(n.Value):
			return refuse(wanted(t))
		default:
			w.out.WriteString(n.Value)
		}
	case "!!bool":
		switch {
		case t.Kind() == reflect.Bool || t == scalarType:
			w.out.WriteString(strings.ToLower(n.Value)) // True and TRUE are true as well
		case anyText:
			w.text(n.Value)
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
		d := distance(strings.ToLower(key), k)
		if d < least || d == least && best != "" && k < best {
			best, least = k, d
		}
	}
	if best == "" || least > len(key)/2 {
		return ""
	}
	return `: did you mean "` + best + `"?`
}

// distance counts the letters to change; two that have changed places are one slip, not two.
func distance(key, right string) int {
	d := levenshtein.ComputeDistance(key, right)
	if d == 2 && slices.Equal(slices.Sorted(strings.SplitSeq(key, "")), slices.Sorted(strings.SplitSeq(right, ""))) {
		return 1
	}
	return d
}

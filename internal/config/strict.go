package config

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v4"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// strict refuses keys that the type of v does not have, and names the nearest right one.
func strict(n *yaml.Node, at string, v any) error { return strictly(n, at, reflect.TypeOf(v)) }

func strictly(n *yaml.Node, at string, t reflect.Type) error {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch t.Kind() {
	case reflect.Struct:
		if n.Kind != yaml.MappingNode {
			if n.Tag == "!!null" {
				return nil
			}
			return qlp.Errorf(qlp.Invalid, "line %d: %s is no table of keys", n.Line, place(at))
		}
		return strictFields(n, at, t)
	case reflect.Map:
		for i := 1; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
			if err := strictly(n.Content[i], join(at, n.Content[i-1].Value), t.Elem()); err != nil {
				return err
			}
		}
	default:
	}
	return nil
}

func strictFields(n *yaml.Node, at string, t reflect.Type) error {
	fields := map[string]reflect.Type{}
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("yaml"); name != "-" {
			fields[name] = t.Field(i).Type
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		field, ok := fields[key.Value]
		if !ok {
			return unknown(key, at, sorted(fields))
		}
		if err := strictly(n.Content[i+1], join(at, key.Value), field); err != nil {
			return err
		}
	}
	return nil
}

func unknown(key *yaml.Node, at string, known []string) error {
	err := qlp.Errorf(qlp.Invalid, "line %d: %s has the unknown key %.40q", key.Line, place(at), key.Value)
	switch strings.ToLower(key.Value) {
	case "key", "api_key", "apikey", "token", "secret", "password":
		return err.WithRemedy("a key never stands in the file: name the variable that holds it with key_env, or the file with key_file")
	}
	return err.WithRemedy("did you mean %s? There are: %s", closest(key.Value, known), strings.Join(known, ", "))
}

func place(at string) string {
	if at == "" {
		return "the file"
	}
	return at
}

func join(at, key string) string {
	if at == "" {
		return key
	}
	return at + "." + key
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// closest returns the name that is spelled most like this one.
func closest(name string, names []string) string {
	if len(names) == 0 {
		return "to list one first"
	}
	return slices.MinFunc(names, func(a, b string) int {
		return levenshtein.ComputeDistance(name, a) - levenshtein.ComputeDistance(name, b)
	})
}

package qlp

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// Difference is one fact in which two Specs differ.
type Difference struct {
	Path   string          `json:"path"`             // entities.book.fields.isbn.unique: things that have names stand by them
	Before json.RawMessage `json:"before,omitempty"` // nil: it was not there
	After  json.RawMessage `json:"after,omitempty"`  // nil: it is not there any more
}

// OriginCompared is the data of origin.compared: how an intent's Spec differs from that of the intent it starts from.
type OriginCompared struct {
	Origin      string       `json:"origin"` // the intent that it starts from
	Revision    int          `json:"revision"`
	SameWords   bool         `json:"same_words"`
	Differences []Difference `json:"differences"`
	More        int          `json:"more,omitempty"`   // differences beyond those that are listed
	Reason      string       `json:"reason,omitempty"` // why nothing could be compared
}

// MostDifferences is how many an event lists.
const MostDifferences = 200

// Differences returns in what the Spec differs from one before it, by path. Where the words stand that gave a fact (the Sources)
// is no difference, nor which facts were taken as usual (the Assumptions), nor the order of things that have names.
func (s Spec) Differences(before Spec) ([]Difference, error) {
	before.Sources, s.Sources = nil, nil
	before.Assumptions, s.Assumptions = nil, nil
	was, err := generic(before)
	if err != nil {
		return nil, err
	}
	is, err := generic(s)
	if err != nil {
		return nil, err
	}
	var out []Difference
	compare("", was, is, &out)
	slices.SortStableFunc(out, func(a, b Difference) int { return cmp.Compare(a.Path, b.Path) })
	return out, nil
}

// generic is a value as JSON has it, with exact numbers.
func generic(v any) (any, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("compare Specs: %w", err)
	}
	var out any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf("compare Specs: %w", err)
	}
	return out, nil
}

func compare(path string, was, is any, out *[]Difference) {
	if words, ok := texts(was, is); ok {
		for _, w := range words[0] {
			if !slices.Contains(words[1], w) {
				*out = append(*out, Difference{Path: path, Before: raw(w)})
			}
		}
		for _, w := range words[1] {
			if !slices.Contains(words[0], w) {
				*out = append(*out, Difference{Path: path, After: raw(w)})
			}
		}
		return
	}
	before, ok1 := members(was)
	after, ok2 := members(is)
	if !ok1 || !ok2 {
		if !bytes.Equal(raw(was), raw(is)) {
			*out = append(*out, Difference{path, raw(was), raw(is)})
		}
		return
	}
	names := slices.Sorted(maps.Keys(before))
	for name := range after {
		if _, both := before[name]; !both {
			names = append(names, name)
		}
	}
	for _, name := range names {
		compare(below(path, name), before[name], after[name], out)
	}
}

func below(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// members takes an object, or a list, apart: a list of things with names by these, any other by position.
func members(v any) (map[string]any, bool) {
	switch v := v.(type) {
	case map[string]any:
		return v, true
	case []any:
		out := map[string]any{}
		for i, x := range v {
			out[nameOf(x, i)] = x
		}
		if len(out) < len(v) { // two have one name
			clear(out)
			for i, x := range v {
				out[strconv.Itoa(i)] = x
			}
		}
		return out, true
	}
	return nil, false
}

// texts takes two lists of texts for sets: extras, rules. Either may be missing, not both.
func texts(was, is any) (out [2][]string, ok bool) {
	for i, v := range []any{was, is} {
		list, isList := v.([]any)
		if !isList && v != nil {
			return out, false
		}
		ok = ok || isList
		for _, x := range list {
			s, isText := x.(string)
			if !isText {
				return out, false
			}
			out[i] = append(out[i], s)
		}
	}
	return out, ok
}

func nameOf(v any, position int) string {
	if m, ok := v.(map[string]any); ok {
		for _, key := range []string{"name", "id", "path"} {
			if name, ok := m[key].(string); ok && name != "" {
				return name
			}
		}
	}
	return strconv.Itoa(position)
}

// raw is nil for what is not there.
func raw(v any) json.RawMessage {
	if v == nil {
		return nil
	}
	b, _ := json.Marshal(v) //nolint:errchkjson // it was JSON before
	return b
}

package play

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// document is a JSON value whose objects keep the order of their keys and whose numbers keep their digits.
type document struct {
	value any // nil, bool, string, json.Number, []document, or *members
}

type members struct {
	keys   []string
	values map[string]document
}

func parse(raw []byte) (document, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	d, err := read(dec)
	if err != nil {
		return document{}, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return document{}, fmt.Errorf("there is more than one JSON value")
	}
	return d, nil
}

func read(dec *json.Decoder) (document, error) {
	token, err := dec.Token()
	if err != nil {
		return document{}, err
	}
	switch token {
	case json.Delim('['):
		list := []document{}
		for dec.More() {
			d, err := read(dec)
			if err != nil {
				return document{}, err
			}
			list = append(list, d)
		}
		_, err := dec.Token()
		return document{list}, err
	case json.Delim('{'):
		m := &members{values: map[string]document{}}
		for dec.More() {
			key, err := dec.Token()
			if err != nil {
				return document{}, err
			}
			name, ok := key.(string)
			if !ok {
				return document{}, fmt.Errorf("a key is no string")
			}
			if m.values[name], err = read(dec); err != nil {
				return document{}, err
			}
			m.keys = append(m.keys, name)
		}
		_, err := dec.Token()
		return document{m}, err
	}
	return document{token}, nil
}

// at returns what a JSON pointer points at.
func (d document) at(pointer string) (document, bool) {
	if pointer == "" {
		return d, true
	}
	for part := range strings.SplitSeq(pointer[1:], "/") {
		part = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		var ok bool
		switch v := d.value.(type) {
		case *members:
			d, ok = v.values[part]
		case []document:
			var i int
			var err error
			if i, err = strconv.Atoi(part); err == nil && i >= 0 && i < len(v) {
				d, ok = v[i], true
			}
		}
		if !ok {
			return document{}, false
		}
	}
	return d, true
}

// String returns the value as compact JSON.
func (d document) String() string {
	switch v := d.value.(type) {
	case *members:
		parts := make([]string, len(v.keys))
		for i, k := range v.keys {
			parts[i] = document{k}.String() + ":" + v.values[k].String()
		}
		return "{" + strings.Join(parts, ",") + "}"
	case []document:
		parts := make([]string, len(v))
		for i, x := range v {
			parts[i] = x.String()
		}
		return "[" + strings.Join(parts, ",") + "]"
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return err.Error()
		}
		return string(b)
	}
}

package acceptance

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
)

// document is a JSON value whose objects keep the order of their keys, and whose numbers keep their digits.
type document struct {
	value any // nil, bool, string, json.Number, []document, *object, or nothing
}

type object struct {
	keys   []string
	values map[string]document
}

type missing struct{}

// nothing is what a pointer leads to when there is nothing.
var nothing any = missing{}

func parse(raw []byte) (document, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	d, err := read(dec)
	if err != nil {
		return d, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return d, errors.New("more than one value")
	}
	return d, nil
}

func read(dec *json.Decoder) (document, error) {
	token, err := dec.Token()
	if err != nil {
		return document{nothing}, err
	}
	switch token {
	case json.Delim('['):
		list := []document{}
		for dec.More() {
			d, err := read(dec)
			if err != nil {
				return d, err
			}
			list = append(list, d)
		}
		_, err := dec.Token()
		return document{list}, err
	case json.Delim('{'):
		o := &object{values: map[string]document{}}
		for dec.More() {
			key, err := dec.Token()
			if err != nil {
				return document{nothing}, err
			}
			name, _ := key.(string)
			if o.values[name], err = read(dec); err != nil {
				return document{nothing}, err
			}
			o.keys = append(o.keys, name)
		}
		_, err := dec.Token()
		return document{o}, err
	}
	return document{token}, nil
}

// at follows a JSON pointer.
func (d document) at(pointer string) document {
	for _, part := range strings.Split(pointer, "/")[1:] {
		next := document{nothing}
		switch v := d.value.(type) {
		case *object:
			if found, ok := v.values[part]; ok {
				next = found
			}
		case []document:
			if i, err := strconv.Atoi(part); err == nil && i >= 0 && i < len(v) {
				next = v[i]
			}
		}
		d = next
	}
	return d
}

// text returns the string at a pointer, "" if there is none.
func (d document) text(pointer string) string {
	s, _ := d.at(pointer).value.(string)
	return s
}

// show returns what is at a pointer as compact JSON.
func (d document) show(pointer string) string {
	switch v := d.at(pointer).value.(type) {
	case *object:
		parts := make([]string, len(v.keys))
		for i, k := range v.keys {
			parts[i] = document{k}.show("") + ":" + v.values[k].show("")
		}
		return "{" + strings.Join(parts, ",") + "}"
	case []document:
		parts := make([]string, len(v))
		for i, x := range v {
			parts[i] = x.show("")
		}
		return "[" + strings.Join(parts, ",") + "]"
	case missing:
		return "nothing"
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return err.Error()
		}
		return string(b)
	}
}

// normal writes a JSON value as show does.
func normal(json string) string {
	d, err := parse([]byte(json))
	if err != nil {
		return json
	}
	return d.show("")
}

package prompt

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Decode reads an answer's JSON strictly into v: a key that v does not know, a second value, or a value of another type is an
// *Again that says so. A member that is null counts as absent, because endpoints that keep schemas strictly have no other way
// to leave something out.
func Decode(answer []byte, v any) error {
	plain, err := WithoutNulls(answer)
	if err != nil {
		return Againf("The answer is not one JSON value: %s. Answer with the JSON of the schema alone.", err)
	}
	dec := json.NewDecoder(bytes.NewReader(plain))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return Againf("The answer does not fit its schema: %s. Give the whole answer again.", err)
	}
	return nil
}

// WithoutNulls copies one JSON value without the members of objects that are null. It refuses a key that is there twice, and
// anything after the value. Numbers stay as they are written.
func WithoutNulls(b []byte) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var out bytes.Buffer
	if err := copyValue(dec, &out, 0); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the value")
	}
	return out.Bytes(), nil
}

const deepest = 64

func copyValue(dec *json.Decoder, out *bytes.Buffer, depth int) error {
	token, err := dec.Token()
	if err != nil {
		return ended(err)
	}
	if depth > deepest {
		return fmt.Errorf("it is nested more than %d deep", deepest)
	}
	switch token {
	case json.Delim('{'):
		return copyObject(dec, out, depth)
	case json.Delim('['):
		out.WriteByte('[')
		for first := true; dec.More(); first = false {
			if !first {
				out.WriteByte(',')
			}
			if err := copyValue(dec, out, depth+1); err != nil {
				return err
			}
		}
		out.WriteByte(']')
		_, err = dec.Token()
		return ended(err)
	default:
		plain, err := json.Marshal(token)
		out.Write(plain)
		return err
	}
}

func copyObject(dec *json.Decoder, out *bytes.Buffer, depth int) error {
	seen := map[string]bool{}
	out.WriteByte('{')
	first := true
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return ended(err)
		}
		name, ok := key.(string)
		if !ok || seen[name] {
			return fmt.Errorf("the key %.60q is there twice", fmt.Sprint(key))
		}
		seen[name] = true
		var value bytes.Buffer
		if err := copyValue(dec, &value, depth+1); err != nil {
			return err
		}
		if value.String() == "null" {
			continue
		}
		plain, err := json.Marshal(name)
		if err != nil {
			return err
		}
		if !first {
			out.WriteByte(',')
		}
		first = false
		out.Write(plain)
		out.WriteByte(':')
		out.Write(value.Bytes())
	}
	out.WriteByte('}')
	_, err := dec.Token()
	return ended(err)
}

func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

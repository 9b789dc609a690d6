package contract

import (
	"bytes"
	"encoding/json"
	"strings"
)

// object is a JSON object whose members keep their order.
type object []member

type member struct {
	key   string
	value any
}

// with returns o with one more member.
func (o object) with(key string, value any) object { return append(o, member{key, value}) }

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := marshal(m.key)
		if err != nil {
			return nil, err
		}
		value, err := marshal(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// marshal is json.Marshal without the escapes that are for HTML only: these texts are read by people.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// text returns s as JSON, with doubled braces written so that they are no placeholder of a Step.
func text(s string) string {
	b, err := marshal(s)
	if err != nil { // a string always marshals
		panic(err)
	}
	return strings.ReplaceAll(string(b), "{{", `{\u007b`)
}

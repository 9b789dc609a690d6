package contracttest

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// read returns the members of the JSON object in the body.
func (s *Service) read(r *http.Request) (map[string]json.RawMessage, answer, bool) {
	if t := r.Header.Get("Content-Type"); t != "" && !s.is(FaultContentType) {
		media, _, err := mime.ParseMediaType(t)
		if err != nil || media != "application/json" && (r.Method != http.MethodPatch || media != "application/merge-patch+json") {
			return nil, refuse(http.StatusUnsupportedMediaType), false
		}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20+1))
	limit := 1 << 20
	if s.is(FaultBodyLimit) {
		limit--
	}
	if len(body) > limit && !s.is(FaultNoBodyLimit) {
		_, _ = io.Copy(io.Discard, r.Body) // so that the sender sees the answer
		return nil, refuse(http.StatusRequestEntityTooLarge), false
	}
	if a, ok := s.noQuery(r); !ok {
		return nil, a, false
	}
	given, ok := s.object(body)
	if err != nil || !ok {
		return nil, refuse(http.StatusBadRequest), false
	}
	return given, answer{}, true
}

func (s *Service) object(body []byte) (map[string]json.RawMessage, bool) {
	dec := json.NewDecoder(bytes.NewReader(body))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') || !utf8.Valid(body) {
		return nil, false
	}
	out := map[string]json.RawMessage{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, false
		}
		key, _ := t.(string)
		if _, twice := out[key]; twice && !s.is(FaultKeyTwice) {
			return nil, false
		}
		var raw json.RawMessage
		if dec.Decode(&raw) != nil {
			return nil, false
		}
		out[key] = raw
	}
	if _, err := dec.Token(); err != nil {
		return nil, false
	}
	_, err := dec.Token()
	return out, err == io.EOF || s.is(FaultTrailing)
}

// form makes a row of what was given, or says what is wrong with it.
func (s *Service) form(e qlp.Entity, given map[string]json.RawMessage, old kept, partial bool) (kept, []qlp.FieldError) {
	var errors []qlp.FieldError
	row := kept{}
	isNull := func(key string) bool { return len(given[key]) == 0 || string(given[key]) == "null" }
	if !isNull("id") && !s.is(FaultReadOnly) {
		errors = append(errors, single("id", "read_only"))
	}
	known := []string{"id"}
	for _, f := range e.Fields {
		key := f.Key()
		known = append(known, key)
		_, there := given[key]
		switch {
		case f.Auto:
			row[key] = s.stamp(f, old)
			if !isNull(key) && !s.is(FaultReadOnly) {
				errors = append(errors, single(key, "read_only"))
			}
		case partial && !there:
			row[key] = old[key]
		case isNull(key):
			var rule string
			row[key], rule = s.none(f, partial)
			if rule != "" {
				errors = append(errors, single(key, rule))
			}
		default:
			value, rule := s.value(f, given[key])
			row[key] = value
			if rule != "" {
				errors = append(errors, single(key, rule))
			}
		}
	}
	var unknown []string
	for key := range given {
		if !slices.Contains(known, key) && !s.is(FaultUnknown) {
			unknown = append(unknown, key)
		}
	}
	slices.Sort(unknown)
	for _, key := range unknown {
		errors = append(errors, single(key, "unknown"))
	}
	return row, errors
}

func (s *Service) stamp(f qlp.Field, old kept) string {
	switch {
	case old == nil:
		return s.now(f)
	case f.OnUpdate() != s.is(FaultStampsSwapped):
		return s.now(f)
	default:
		return old[f.Key()]
	}
}

// none returns what a field becomes for which nothing was given.
func (s *Service) none(f qlp.Field, partial bool) (value, rule string) {
	switch {
	case f.Default != nil && !partial && !s.is(FaultDefault):
		if f.Type == qlp.TypeDecimal || f.Type == qlp.TypeUUID || f.Type == qlp.TypeDatetime {
			v, _ := s.value(f, json.RawMessage(*f.Default))
			return v, ""
		}
		return string(*f.Default), ""
	case f.Optional, s.is(FaultRequired):
		return "null", ""
	case f.Default != nil && s.is(FaultDefault):
		return "null", ""
	default:
		return "null", "required"
	}
}

// value returns the canonical JSON of a value, or the rule that it breaks.
func (s *Service) value(f qlp.Field, raw json.RawMessage) (value, rule string) {
	if s.isBlank(f, raw) {
		return "null", "required"
	}
	value, ok := s.typed(f, string(raw))
	if !ok {
		return "null", "type"
	}
	switch f.Type {
	case qlp.TypeEnum:
		var text string
		_ = json.Unmarshal([]byte(value), &text) // it was written by typed
		if !slices.Contains(f.Values, text) && !s.is(FaultEnum) {
			return value, "enum"
		}
	case qlp.TypeInt, qlp.TypeDecimal:
		return value, s.bound(f, strings.Trim(value, `"`))
	case qlp.TypeString, qlp.TypeText:
		return value, s.length(f, value)
	case qlp.TypeRef:
		if id, ok := parseID(value); (!ok || s.state.Rows[f.To][id] == nil) && !s.is(FaultReference) {
			return value, "reference"
		}
	}
	return value, ""
}

func (s *Service) isBlank(f qlp.Field, raw json.RawMessage) bool {
	texts := []qlp.FieldType{qlp.TypeString, qlp.TypeText, qlp.TypeEmail, qlp.TypeURL, qlp.TypeUUID}
	var text string
	return f.Required() && slices.Contains(texts, f.Type) && json.Unmarshal(raw, &text) == nil &&
		strings.TrimSpace(text) == "" && !s.is(FaultBlank)
}

func (s *Service) length(f qlp.Field, value string) string {
	var text string
	_ = json.Unmarshal([]byte(value), &text) // it was written by typed
	n := utf8.RuneCountInString(text)
	if s.is(FaultLengthBytes) {
		n = len(text)
	}
	if s.is(FaultLengthUTF16) {
		for _, r := range text {
			if r > 0xffff {
				n++
			}
		}
	}
	switch {
	case s.is(FaultLength):
		return ""
	case f.Length > 0 && n != f.Length:
		return "length"
	case n < f.MinLength:
		return "min_length"
	case f.MaxLength > 0 && n > f.MaxLength:
		return "max_length"
	}
	return ""
}

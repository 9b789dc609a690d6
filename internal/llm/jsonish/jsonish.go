// Package jsonish reads the JSON value in a model's answer, and mends what is almost right: a fence or prose around it, a
// comma too many, single quotes where they can mean nothing else.
//
// It never completes an answer that was cut, never guesses a value, and says when it has mended something. It is linear in
// the text, and bounded in depth.
//
// Arrows: none.
package jsonish

import (
	"encoding/json"
	"errors"
	"strings"
)

// MaxDepth is how deep a value may be nested.
const MaxDepth = 200

// The errors. A caller feeds their words back to the model.
var (
	ErrNone = errors.New("the answer holds no JSON object or array")
	ErrCut  = errors.New("the JSON in the answer ends before it is complete")
	ErrDeep = errors.New("the JSON in the answer is nested too deep")
	ErrBad  = errors.New("the JSON in the answer is not valid")
)

// Extract returns the first JSON object or array in text. repaired is true unless text was nothing but that value.
func Extract(text string) (raw json.RawMessage, repaired bool, err error) {
	trimmed := strings.TrimSpace(text)
	if json.Valid([]byte(trimmed)) && opens(trimmed) && shallow(trimmed) {
		return json.RawMessage(trimmed), false, nil
	}
	body, fenced := fence(trimmed)
	start := strings.IndexAny(body, "{[")
	if start < 0 && fenced {
		body = trimmed
		start = strings.IndexAny(body, "{[")
	}
	if start < 0 {
		return nil, false, ErrNone
	}
	return mend(body, start)
}

// mend tries the value at start; when that is prose in brackets and not JSON, the next bracket, a bounded number of times,
// so that the whole stays linear.
func mend(body string, start int) (json.RawMessage, bool, error) {
	const tries = 8
	var first error
	for range tries {
		m := mender{in: body[start:]}
		err := m.value()
		if err == nil {
			if out := m.out.String(); json.Valid([]byte(out)) {
				return json.RawMessage(out), true, nil
			}
			err = ErrBad
		}
		if first == nil {
			first = err
		}
		next := strings.IndexAny(body[start+1:], "{[")
		// A bracket inside of a broken object is a part of it: only what follows a bracket of prose is another value.
		if next < 0 || !errors.Is(err, errProse) {
			break
		}
		start += 1 + next
	}
	if errors.Is(first, errProse) {
		first = ErrNone
	}
	return nil, false, first
}

// fence returns what stands in the first fenced block whose text begins with a bracket.
func fence(text string) (string, bool) {
	const mark = "```"
	open := strings.Index(text, mark)
	// A value that begins before the first fence may hold fences in its strings.
	if open < 0 || opens(text[:open]) {
		return text, false
	}
	for open >= 0 {
		rest := text[open+len(mark):]
		_, block, found := strings.Cut(rest, "\n")
		if !found {
			return text, false
		}
		block = strings.TrimSpace(block)
		if opens(block) {
			return block, true
		}
		end := strings.Index(rest, mark)
		if end < 0 {
			return text, false
		}
		after := rest[end+len(mark):]
		next := strings.Index(after, mark)
		if next < 0 {
			return text, false
		}
		open = len(text) - len(after) + next
	}
	return text, false
}

func opens(text string) bool { return text != "" && (text[0] == '{' || text[0] == '[') }

// shallow reports whether brackets outside of strings nest at most MaxDepth deep.
func shallow(text string) bool {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > MaxDepth {
				return false
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return true
}

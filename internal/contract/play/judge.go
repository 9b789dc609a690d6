package play

import (
	"fmt"
	"maps"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// judge returns what is wrong with an answer, and saves what the step saves.
func judge(x *Exchange, vars map[string]string) []string {
	want := x.Step.Expect
	if x.Status != want.Status {
		return []string{fmt.Sprintf("status %d, expected %d", x.Status, want.Status)}
	}
	var wrong []string
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if x.Step.Method == http.MethodHead || x.Status == http.StatusNoContent {
		if len(x.Body) > 0 {
			bad("a body of %d bytes, expected none", len(x.Body))
		}
		return append(wrong, headers(x, vars)...)
	}
	wanted := "application/json"
	if x.Status >= 400 {
		wanted = "application/problem+json"
	}
	if got, _, err := mime.ParseMediaType(x.Header.Get("Content-Type")); err != nil || got != wanted {
		bad("content type %q, expected %s", x.Header.Get("Content-Type"), wanted)
	}
	doc, err := parse(x.Body)
	if err != nil {
		bad("the answer is not JSON: %v", err)
		return wrong
	}
	for name, pointer := range x.Step.Save {
		v, ok := doc.at(pointer)
		if !ok {
			bad("nothing at %s", pointer)
			continue
		}
		vars[name] = strings.Trim(v.String(), `"`)
	}
	wrong = append(wrong, headers(x, vars)...)
	if x.Status >= 400 {
		wrong = append(wrong, problem(doc, want)...)
	}
	return append(wrong, content(doc, want, vars)...)
}

func headers(x *Exchange, vars map[string]string) []string {
	var wrong []string
	for _, name := range slices.Sorted(maps.Keys(x.Step.Expect.Headers)) {
		want := expand(x.Step.Expect.Headers[name], vars)
		got := x.Header.Get(name)
		if got != want && !strings.HasPrefix(got, want+";") {
			wrong = append(wrong, fmt.Sprintf("%s %q, expected %q", name, got, want))
		}
	}
	return wrong
}

// problem checks the form of an error, and its fields where they are expected.
func problem(doc document, want qlp.Expect) []string {
	var wrong []string
	status, _ := doc.at("/status")
	if status.String() != fmt.Sprint(want.Status) {
		wrong = append(wrong, fmt.Sprintf("/status %s, expected %d", status, want.Status))
	}
	for _, p := range []string{"/type", "/title", "/detail"} {
		v, _ := doc.at(p)
		if s, ok := v.value.(string); !ok || strings.TrimSpace(s) == "" {
			wrong = append(wrong, p+" is not a text")
		}
	}
	if want.Errors == nil {
		return wrong
	}
	errors, _ := doc.at("/errors")
	list, _ := errors.value.([]document)
	var got []qlp.FieldError
	for _, e := range list {
		var parts [3]string
		for i, p := range []string{"/field", "/rule", "/message"} {
			v, _ := e.at(p)
			parts[i], _ = v.value.(string)
		}
		if strings.TrimSpace(parts[2]) == "" {
			wrong = append(wrong, "an error has no message")
		}
		got = append(got, qlp.FieldError{Field: parts[0], Rule: parts[1]})
	}
	if !slices.Equal(got, want.Errors) {
		wrong = append(wrong, fmt.Sprintf("errors %v, expected %v", got, want.Errors))
	}
	return wrong
}

func content(doc document, want qlp.Expect, vars map[string]string) []string {
	var wrong []string
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	shown := func(p string) string {
		v, ok := doc.at(p)
		if !ok {
			return "nothing"
		}
		return v.String()
	}
	for _, p := range slices.Sorted(maps.Keys(want.Body)) {
		if value := normal(expand(want.Body[p], vars)); shown(p) != value {
			bad("%s is %s, expected %s", p, shown(p), short(value))
		}
	}
	for _, p := range slices.Sorted(maps.Keys(want.Not)) {
		for _, not := range want.Not[p] {
			if value := normal(expand(not, vars)); shown(p) == value {
				bad("%s is %s, expected another value", p, value)
			}
		}
	}
	for _, p := range slices.Sorted(maps.Keys(want.Match)) {
		v, _ := doc.at(p)
		s, isText := v.value.(string)
		if re, err := regexp.Compile(want.Match[p]); err != nil || !isText || !re.MatchString(s) {
			bad("%s is %s, expected a text like %s", p, shown(p), want.Match[p])
		}
	}
	for _, p := range slices.Sorted(maps.Keys(want.Keys)) {
		v, _ := doc.at(p)
		if m, ok := v.value.(*members); !ok || !slices.Equal(m.keys, want.Keys[p]) {
			bad("the keys of %q are those of %s, expected %v", p, short(shown(p)), want.Keys[p])
		}
	}
	for _, p := range want.Absent {
		if _, ok := doc.at(p); ok {
			bad("%s is %s, expected nothing", p, shown(p))
		}
	}
	for _, p := range slices.Sorted(maps.Keys(want.Count)) {
		v, _ := doc.at(p)
		if list, ok := v.value.([]document); !ok || len(list) != want.Count[p] {
			bad("%s is %s, expected a list of %d", p, short(shown(p)), want.Count[p])
		}
	}
	return wrong
}

// normal writes a JSON value as document.String does.
func normal(json string) string {
	d, err := parse([]byte(json))
	if err != nil {
		return json
	}
	return d.String()
}

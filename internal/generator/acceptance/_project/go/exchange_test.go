package acceptance

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Exchange is one request and its answer.
type Exchange struct {
	Step   Step
	URL    string
	Sent   string
	Status int
	Header http.Header
	Body   []byte
	Err    error // there was no answer
}

var placeholder = regexp.MustCompile(`\{\{(?:([a-z][a-z0-9_]*)|([^{}*]+)\*([0-9]{1,8}))\}\}`)

// expand puts values in place of their placeholders.
func expand(s string, vars map[string]string) string {
	return placeholder.ReplaceAllStringFunc(s, func(found string) string {
		m := placeholder.FindStringSubmatch(found)
		if n, err := strconv.Atoi(m[3]); err == nil {
			return strings.Repeat(m[2], n)
		}
		if v, ok := vars[m[1]]; ok {
			return v
		}
		return found
	})
}

// send makes the request of a step.
func (s *Service) send(step Step, vars map[string]string) *Exchange {
	x := &Exchange{Step: step, URL: expand(step.Path, vars), Sent: expand(step.Body, vars)}
	var body io.Reader
	if x.Sent != "" {
		body = strings.NewReader(x.Sent)
	}
	req, err := http.NewRequest(step.Method, s.Base+x.URL, body)
	if err != nil {
		x.Err = err
		return x
	}
	if x.Sent != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if s.protected && !step.NoAuth {
		req.Header.Set("X-API-Key", apiKey)
	}
	for name, value := range step.Headers {
		if value == "" {
			req.Header.Del(name)
		} else {
			req.Header.Set(name, expand(value, vars))
		}
	}
	res, err := s.client.Do(req)
	if err != nil {
		x.Err = err
		return x
	}
	defer res.Body.Close()
	x.Status, x.Header = res.StatusCode, res.Header
	x.Body, x.Err = io.ReadAll(res.Body)
	return x
}

// judge saves what the step saves, and returns what is wrong with the answer, with the whole exchange; "" is right.
func (x *Exchange) judge(vars map[string]string) string {
	wrong := x.faults(vars)
	if len(wrong) == 0 {
		return ""
	}
	return fmt.Sprintf("request:  %s %s %s\nanswer:   %d %s\nexpected: %s",
		x.Step.Method, x.URL, short(x.Sent), x.Status, short(string(x.Body)), strings.Join(wrong, "\n          "))
}

func short(s string) string {
	if len(s) > 800 {
		return strings.ToValidUTF8(s[:800], "") + "…"
	}
	return s
}

func (x *Exchange) faults(vars map[string]string) []string {
	want := x.Step.Expect
	if x.Err != nil {
		return []string{fmt.Sprintf("an answer, not %v", x.Err)}
	}
	if x.Status != want.Status {
		return []string{fmt.Sprintf("status %d", want.Status)}
	}
	if x.Step.Method == http.MethodHead || x.Status == http.StatusNoContent {
		if len(x.Body) > 0 {
			return []string{"no body"}
		}
		return x.headerFaults(vars)
	}
	wanted := "application/json"
	if x.Status >= 400 {
		wanted = "application/problem+json"
	}
	if got, _, err := mime.ParseMediaType(x.Header.Get("Content-Type")); err != nil || got != wanted {
		return []string{fmt.Sprintf("content type %s, not %q", wanted, x.Header.Get("Content-Type"))}
	}
	doc, err := parse(x.Body)
	if err != nil {
		return []string{fmt.Sprintf("JSON (%v)", err)}
	}
	for name, pointer := range x.Step.Save {
		vars[name] = strings.Trim(doc.show(pointer), `"`)
	}
	wrong := x.headerFaults(vars)
	if x.Status >= 400 {
		wrong = append(wrong, doc.problemFaults(want)...)
	}
	return append(wrong, doc.contentFaults(want, vars)...)
}

func (x *Exchange) headerFaults(vars map[string]string) []string {
	var wrong []string
	for name, value := range x.Step.Expect.Headers {
		value = expand(value, vars)
		if got := x.Header.Get(name); got != value && !strings.HasPrefix(got, value+";") {
			wrong = append(wrong, fmt.Sprintf("header %s %q, not %q", name, value, got))
		}
	}
	return wrong
}

func (d document) problemFaults(want Expect) []string {
	var wrong []string
	if d.show("/status") != strconv.Itoa(want.Status) {
		wrong = append(wrong, fmt.Sprintf("/status %d", want.Status))
	}
	for _, p := range []string{"/type", "/title", "/detail"} {
		if strings.TrimSpace(d.text(p)) == "" {
			wrong = append(wrong, "a text at "+p)
		}
	}
	if want.Errors == nil {
		return wrong
	}
	var got []FieldError
	list, _ := d.at("/errors").value.([]document)
	for _, e := range list {
		got = append(got, FieldError{e.text("/field"), e.text("/rule")})
		if strings.TrimSpace(e.text("/message")) == "" {
			wrong = append(wrong, "a message in every error")
		}
	}
	if !slices.Equal(got, want.Errors) {
		wrong = append(wrong, fmt.Sprintf("errors (field, rule) %v, not %v", want.Errors, got))
	}
	return wrong
}

func (d document) contentFaults(want Expect, vars map[string]string) []string {
	var wrong []string
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	for p, value := range want.Body {
		if value = normal(expand(value, vars)); d.show(p) != value {
			bad("%s at %s, not %s", short(value), p, short(d.show(p)))
		}
	}
	for p, values := range want.Not {
		for _, value := range values {
			if value = normal(expand(value, vars)); d.show(p) == value {
				bad("something else than %s at %s", value, p)
			}
		}
	}
	for p, pattern := range want.Match {
		if !regexp.MustCompile(pattern).MatchString(d.text(p)) {
			bad("a text like %s at %s, not %s", pattern, p, d.show(p))
		}
	}
	for p, keys := range want.Keys {
		if o, ok := d.at(p).value.(*object); !ok || !slices.Equal(o.keys, keys) {
			bad("the keys %v at %q", keys, p)
		}
	}
	for _, p := range want.Absent {
		if d.at(p).value != nothing {
			bad("nothing at %s", p)
		}
	}
	for p, n := range want.Count {
		if list, ok := d.at(p).value.([]document); !ok || len(list) != n {
			bad("a list of %d at %s", n, p)
		}
	}
	return wrong
}

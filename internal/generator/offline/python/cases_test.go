package python

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/contract"
	"github.com/quantumlayer/qlp/internal/qlp"
)

const caseKey = "the key of this test"

// TestServicesPassTheContractsCases sends the cases of two seeds to a service of every sample Spec.
func TestServicesPassTheContractsCases(t *testing.T) {
	t.Parallel()
	need(t, "python3")
	for name, spec := range samples() {
		if name == "hostile" {
			continue // its enum has values that no Spec of the grammar has
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := write(t, spec)
			for _, seed := range seeds() {
				services := map[string]string{}
				for _, c := range contract.Cases(&spec, seed) {
					if services[c.Group] == "" {
						services[c.Group] = start(t, dir, "export API_KEY='"+caseKey+"'; exec python3 -m service\n")
					}
					t.Run(fmt.Sprintf("%d/%s", seed, c.ID), func(t *testing.T) {
						saved := map[string]string{"api_key": caseKey}
						for i, step := range c.Steps {
							if !playStep(t, services[c.Group], spec.Auth != "", i, step, saved) {
								return
							}
						}
					})
				}
			}
		})
	}
}

var placeholder = regexp.MustCompile(`\{\{([^{}]*?)(?:\*(\d+))?\}\}`)

// fill replaces the placeholders of a step's text.
func fill(s string, saved map[string]string) string {
	return placeholder.ReplaceAllStringFunc(s, func(found string) string {
		m := placeholder.FindStringSubmatch(found)
		if m[2] != "" {
			n, err := strconv.Atoi(m[2])
			if err == nil {
				return strings.Repeat(m[1], n)
			}
		}
		if v, ok := saved[m[1]]; ok {
			return v
		}
		return found
	})
}

func playStep(t *testing.T, addr string, protected bool, i int, step qlp.Step, saved map[string]string) bool {
	t.Helper()
	body := fill(step.Body, saved)
	req, err := http.NewRequestWithContext(t.Context(), step.Method, "http://"+addr+fill(step.Path, saved), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if protected && !step.NoAuth {
		req.Header.Set("X-API-Key", caseKey)
	}
	for k, v := range step.Headers {
		req.Header.Set(k, fill(v, saved))
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	content, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	for name, at := range step.Save {
		v, _ := pointer(decode(t, content), at)
		saved[name] = strings.Trim(string(encode(v)), `"`)
	}
	wrong := compare(t, step, res, content, saved)
	if len(wrong) > 0 {
		t.Errorf("step %d: %s %s %.200s\nanswer %d %.600s\n%s", i+1, step.Method, req.URL, body, res.StatusCode, content, strings.Join(wrong, "\n"))
	}
	return len(wrong) == 0
}

func compare(t *testing.T, step qlp.Step, res *http.Response, content []byte, saved map[string]string) []string {
	t.Helper()
	want := step.Expect
	if res.StatusCode != want.Status {
		return []string{fmt.Sprintf("want status %d", want.Status)}
	}
	var wrong []string
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	for k, v := range want.Headers {
		got, _, _ := strings.Cut(res.Header.Get(k), ";")
		if got != fill(v, saved) {
			say("header %s is %q, want %q", k, got, fill(v, saved))
		}
	}
	if step.Method == http.MethodHead || want.Status == http.StatusNoContent {
		if len(content) > 0 {
			say("there is a body")
		}
		return wrong
	}
	doc := decode(t, content)
	if want.Status >= 400 && (res.Header.Get("Content-Type") != "application/problem+json" || string(encode(mustPointer(doc, "/status"))) != strconv.Itoa(want.Status)) {
		say("the answer is no problem of this status")
	}
	if want.Errors != nil {
		var problem struct{ Errors []qlp.FieldError }
		if err := json.Unmarshal(content, &problem); err != nil || !slices.Equal(problem.Errors, want.Errors) {
			say("errors %v, want %v", problem.Errors, want.Errors)
		}
	}
	for at, v := range want.Body {
		got, ok := pointer(doc, at)
		if expected := decode(t, []byte(fill(v, saved))); !ok || !reflect.DeepEqual(got, expected) {
			say("%s is %s, want %s", at, encode(got), fill(v, saved))
		}
	}
	for at, list := range want.Not {
		got := mustPointer(doc, at)
		for _, v := range list {
			if reflect.DeepEqual(got, decode(t, []byte(fill(v, saved)))) {
				say("%s is %s", at, v)
			}
		}
	}
	for at, pattern := range want.Match {
		if got, _ := mustPointer(doc, at).(string); !regexp.MustCompile(pattern).MatchString(got) {
			say("%s is %q, which does not match %s", at, got, pattern)
		}
	}
	for at, keys := range want.Keys {
		if got := keysAt(content, at); !slices.Equal(got, keys) {
			say("the keys of %q are %v, want %v", at, got, keys)
		}
	}
	for _, at := range want.Absent {
		if _, ok := pointer(doc, at); ok {
			say("%s is there", at)
		}
	}
	for at, n := range want.Count {
		if got, _ := mustPointer(doc, at).([]any); len(got) != n {
			say("%s has %d members, want %d", at, len(got), n)
		}
	}
	return wrong
}

func decode(t *testing.T, b []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%.200s is no JSON: %v", b, err)
	}
	return v
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return []byte(err.Error())
	}
	return b
}

// pointer follows a JSON pointer.
func pointer(v any, at string) (any, bool) {
	for _, part := range strings.Split(at, "/")[1:] {
		switch w := v.(type) {
		case map[string]any:
			next, ok := w[part]
			if !ok {
				return nil, false
			}
			v = next
		case []any:
			n, err := strconv.Atoi(part)
			if err != nil || n >= len(w) {
				return nil, false
			}
			v = w[n]
		default:
			return nil, false
		}
	}
	return v, true
}

func mustPointer(v any, at string) any {
	got, _ := pointer(v, at)
	return got
}

// keysAt returns the keys of an object in the order in which they were written.
func keysAt(content []byte, at string) []string {
	raw := json.RawMessage(content)
	for _, part := range strings.Split(at, "/")[1:] {
		var m map[string]json.RawMessage
		var l []json.RawMessage
		if json.Unmarshal(raw, &m) == nil {
			raw = m[part]
		} else if n, err := strconv.Atoi(part); err == nil && json.Unmarshal(raw, &l) == nil && n < len(l) {
			raw = l[n]
		}
	}
	var keys []string
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return nil
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return keys
		}
		keys = append(keys, fmt.Sprint(key))
		var skipped json.RawMessage
		if d.Decode(&skipped) != nil {
			return keys
		}
	}
	return keys
}

// seeds are those of the acceptance cases and, unless the tests shall be short, one that no service can have learnt.
func seeds() []int64 {
	if testing.Short() {
		return []int64{contract.AcceptanceSeed}
	}
	return []int64{contract.AcceptanceSeed, 7}
}

package grammar

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/interpreter"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// labelled is one intent with what must come of it.
type labelled struct {
	ID     string `json:"id"`
	Intent string `json:"intent"`
	Expect expect `json:"expect"`
}

type expect struct {
	Outcome      string                      `json:"outcome"`
	Kind         string                      `json:"kind"`
	Stack        string                      `json:"stack"`
	StackAssumed bool                        `json:"stack_assumed"`
	Entities     map[string]map[string]label `json:"entities"`
	OnDelete     map[string]string           `json:"on_delete"`
	ManyToMany   [][]string                  `json:"many_to_many"`
	Search       map[string][]string         `json:"search"`
	Filters      map[string][]string         `json:"filters"`
	Without      map[string][]string         `json:"without"`
	PageSize     int                         `json:"page_size"`
	Auth         string                      `json:"auth"`
	Storage      string                      `json:"storage"`
	Extras       []string                    `json:"extras"`
	Title        string                      `json:"title"`
	About        []string                    `json:"about"`
	Needs        string                      `json:"needs"`
}

// label is a field as the labels write it.
type label map[string]any

// asFact writes a field of a Spec the way the labels do.
func asFact(f qlp.Field) label {
	out := label{"type": string(f.Type)}
	flag := func(key string, set bool) {
		if set {
			out[key] = true
		}
	}
	flag("optional", f.Optional)
	flag("unique", f.Unique)
	flag("auto", f.Auto)
	for key, n := range map[string]*qlp.Number{"min": f.Min, "max": f.Max, "exclusive_min": f.ExclusiveMin, "exclusive_max": f.ExclusiveMax} {
		if n != nil {
			out[key] = decoded(string(*n))
		}
	}
	for key, n := range map[string]int{"length": f.Length, "min_length": f.MinLength, "max_length": f.MaxLength} {
		if n != 0 {
			out[key] = float64(n)
		}
	}
	if f.To != "" {
		out["to"] = f.To
	}
	if len(f.Values) > 0 {
		var values []any
		for _, v := range f.Values {
			values = append(values, v)
		}
		out["values"] = values
	}
	if f.Default != nil {
		out["default"] = decoded(string(*f.Default))
	}
	return out
}

func decoded(text string) any {
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return text
	}
	return v
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// misses compares a result with its label, both ways.
func (l labelled) misses(r interpreter.Result) []string {
	var out []string
	miss := func(what string, got, want any) {
		if asJSON(got) != asJSON(want) {
			out = append(out, fmt.Sprintf("%s: got %s, want %s", what, asJSON(got), asJSON(want)))
		}
	}
	e := l.Expect
	miss("outcome", string(r.Outcome), e.Outcome)
	if string(r.Outcome) != e.Outcome {
		out = append(out, "questions "+asJSON(r.Questions)+" reason "+r.Reason)
		return out
	}
	switch r.Outcome {
	case interpreter.Asked:
		var about []string
		for _, q := range r.Questions {
			if !slices.Contains(about, q.About) {
				about = append(about, q.About)
			}
		}
		slices.Sort(about)
		slices.Sort(e.About)
		miss("about", about, e.About)
		return out
	case interpreter.Refused:
		miss("needs", r.Needs, e.Needs)
		return out
	}
	s := r.Spec
	miss("kind", string(s.Kind), e.Kind)
	assumed := slices.ContainsFunc(s.Assumptions, func(a qlp.Assumption) bool { return a.Path == "stack" })
	if e.StackAssumed {
		miss("stack assumed", assumed, true)
	} else {
		miss("stack", s.Stack, e.Stack)
	}
	miss("entities", names(s.Entities), slices.Sorted(maps.Keys(e.Entities)))
	for _, entity := range s.Entities {
		fields := map[string]label{}
		for _, f := range entity.Fields {
			fields[f.Name] = asFact(f)
		}
		for name := range maps.Keys(union(fields, e.Entities[entity.Name])) {
			miss(entity.Name+"."+name, fields[name], e.Entities[entity.Name][name])
		}
	}
	out = append(out, l.settingMisses(s)...)
	return out
}

func union[V any](a, b map[string]V) map[string]bool {
	out := map[string]bool{}
	for k := range a {
		out[k] = true
	}
	for k := range b {
		out[k] = true
	}
	return out
}

func names(entities []qlp.Entity) []string {
	var out []string
	for _, e := range entities {
		out = append(out, e.Name)
	}
	slices.Sort(out)
	return out
}

// settingMisses compares everything but the entities.
func (l labelled) settingMisses(s *qlp.Spec) []string {
	var out []string
	e := l.Expect
	miss := func(what string, got, want any) {
		if asJSON(got) != asJSON(want) {
			out = append(out, fmt.Sprintf("%s: got %s, want %s", what, asJSON(got), asJSON(want)))
		}
	}
	onDelete := map[string]string{}
	for _, entity := range s.Entities {
		for _, f := range entity.Fields {
			key := entity.Name + "." + f.Name
			assumed := slices.ContainsFunc(s.Assumptions, func(a qlp.Assumption) bool {
				return a.Path == "entities."+entity.Name+".fields."+f.Name+".on_delete"
			})
			if f.Type == qlp.TypeRef && !assumed {
				onDelete[key] = string(f.OnDelete)
			}
		}
	}
	if e.OnDelete == nil {
		e.OnDelete = map[string]string{}
	}
	miss("on_delete", onDelete, e.OnDelete)
	var pairs [][]string
	for _, p := range s.ManyToMany {
		pairs = append(pairs, []string{p[0], p[1]})
	}
	miss("many_to_many", pairs, e.ManyToMany)
	miss("search", sortedLists(s.Search), sortedLists(e.Search))
	miss("filters", sortedLists(s.Filters), sortedLists(e.Filters))
	without := map[string][]string{}
	for k, ops := range s.Without {
		for _, op := range ops {
			without[k] = append(without[k], string(op))
		}
	}
	miss("without", sortedLists(without), sortedLists(e.Without))
	miss("page_size", s.PageSize, e.PageSize)
	miss("auth", s.Auth, e.Auth)
	miss("storage", s.Storage, e.Storage)
	extras := slices.Sorted(slices.Values(s.Extras))
	miss("extras", extras, slices.Sorted(slices.Values(e.Extras)))
	if e.Title != "" {
		miss("title", s.Title, e.Title)
	}
	return out
}

func sortedLists(lists map[string][]string) map[string][]string {
	out := map[string][]string{}
	for k, v := range lists {
		out[k] = slices.Sorted(slices.Values(v))
	}
	return out
}

// load reads a file of labelled intents.
func load(t testing.TB, file string) []labelled {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []labelled
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		var l labelled
		decoder := json.NewDecoder(strings.NewReader(lines.Text()))
		if err := decoder.Decode(&l); err != nil {
			t.Fatalf("%s: %v in %s", file, err, lines.Text())
		}
		out = append(out, l)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// root returns the module's folder.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
}

func check(t *testing.T, set []labelled) {
	t.Helper()
	g := New()
	right := 0
	for _, l := range set {
		r, err := g.Interpret(context.Background(), l.Intent, interpreter.Options{})
		if err != nil {
			t.Errorf("%s: %v", l.ID, err)
			continue
		}
		if misses := l.misses(r); len(misses) > 0 {
			t.Errorf("%s: %s\n    %s", l.ID, l.Intent, strings.Join(misses, "\n    "))
			continue
		}
		right++
	}
	t.Logf("%d of %d intents right", right, len(set))
}

// TestLabelled holds the grammar to the shared set, where it is there.
func TestLabelled(t *testing.T) {
	t.Parallel()
	file := filepath.Join(root(t), "..", "shared", "data", "intents", "labelled.jsonl")
	if _, err := os.Stat(file); err != nil {
		t.Skip("the shared set of labelled intents is not beside the repository")
	}
	var set []labelled
	for _, l := range load(t, file) {
		family, _, _ := strings.Cut(l.ID, "-")
		if slices.Contains([]string{"svc", "open", "ask", "no"}, family) { // the others are of kinds that the grammar refuses
			set = append(set, l)
		}
	}
	if len(set) == 0 {
		t.Fatal("the shared set is empty")
	}
	check(t, set)
}

// TestOwnLabelled holds the grammar to the sets beside it.
func TestOwnLabelled(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "testdata", "*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no sets of labelled intents: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			check(t, load(t, file))
		})
	}
}

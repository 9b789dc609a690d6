package model

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quantumlayer/qlp/internal/interpreter"
	"github.com/quantumlayer/qlp/internal/interpreter/grammar"
	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/scripttest"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/redact"
)

var (
	update  = flag.Bool("update", false, "rewrite golden files")
	secrets = redact.New(nil)
)

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-update rewrites it):\n%s", name, diff)
	}
}

func stacks() []Stack {
	return []Stack{
		{Name: "go", Title: "Go"},
		{Name: "python", Title: "Python"},
		{Name: "rust", Title: "Rust", Kinds: []qlp.Kind{qlp.KindCLI, qlp.KindPipeline, qlp.KindProject}},
	}
}

func setup(t *testing.T, client llm.Client) *Interpreter {
	t.Helper()
	i, err := New(client, secrets, Config{Stacks: stacks()})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func encode(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const words = "A Python API für books with a title and a unique isbn of 13 characters."

func book() *qlp.Spec {
	return &qlp.Spec{Title: "Books", Kind: qlp.KindService, Stack: "python", Entities: []qlp.Entity{
		{Name: "book", Plural: "books", Fields: []qlp.Field{
			{Name: "title", Type: qlp.TypeString}, {Name: "isbn", Type: qlp.TypeString, Unique: true, Length: 13},
		}},
	}}
}

func good() answer {
	return answer{Outcome: "spec", Spec: book(), Quotes: []quote{
		{"entities.book", "books"},
		{"stack", "Python"},
		{"entities.book.fields.title", "a title"},
		{"entities.book.fields.isbn.unique", "unique"},
		{"entities.book.fields.isbn.length", "thirteen characters"},
		{"nothing.of.the.kind", "API"},
	}}
}

func TestPrompt(t *testing.T) {
	t.Parallel()
	client := scripttest.New(encode(t, good()))
	if _, err := setup(t, client).Interpret(t.Context(), words, interpreter.Options{Intent: "in-7", Caps: qlp.ModelCaps{Run: qlp.Budget{Tokens: 9}}}); err != nil {
		t.Fatal(err)
	}
	req := client.Asked()[0]
	golden(t, "prompt.txt", "# system\n"+req.System+"\n# user\n"+req.Messages[0].Text)
	golden(t, "schema.json", string(req.Schema.JSON)+"\n")
	switch {
	case req.Role != llm.Interpreter, req.Temperature == nil || *req.Temperature != 0, req.MaxTokens == 0:
		t.Errorf("request: %+v", req)
	case req.Account.IntentID != "in-7" || req.Account.Caps.Run.Tokens != 9:
		t.Errorf("account: %+v", req.Account)
	case strings.Contains(encode(t, req.Messages)+req.System, "in-7"):
		t.Error("the intent's id is in the prompt")
	}
}

func TestSourcesAndAssumptions(t *testing.T) {
	t.Parallel()
	r, err := setup(t, scripttest.New(encode(t, good()))).Interpret(t.Context(), words, interpreter.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, s := range r.Spec.Sources {
		got[s.Path] = words[s.Start:s.End]
	}
	want := map[string]string{"stack": "Python", "entities.book": "books", "entities.book.fields.title": "a title", "entities.book.fields.isbn.unique": "unique"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sources:\n%s", diff)
	}
	var assumed []string
	for _, a := range r.Spec.Assumptions {
		assumed = append(assumed, a.Path)
	}
	if diff := cmp.Diff([]string{"entities.book.fields.isbn", "entities.book.fields.isbn.length"}, assumed); diff != "" {
		t.Errorf("assumptions:\n%s", diff)
	}
}

func TestForcedAndDefaultStack(t *testing.T) {
	t.Parallel()
	a := good()
	r, err := setup(t, scripttest.New(encode(t, a))).Interpret(t.Context(), words, interpreter.Options{Stack: "go"})
	if err != nil || r.Spec.Stack != "go" {
		t.Fatalf("forced: %+v, %v", r.Spec, err)
	}
	if slices.ContainsFunc(r.Spec.Sources, func(s qlp.Source) bool { return s.Path == "stack" }) ||
		slices.ContainsFunc(r.Spec.Assumptions, func(s qlp.Assumption) bool { return s.Path == "stack" }) {
		t.Errorf("a stack that a person chose has neither source nor assumption: %+v", r.Spec)
	}
	a.Spec.Stack, a.Quotes = "", nil
	r, err = setup(t, scripttest.New(encode(t, a))).Interpret(t.Context(), words, interpreter.Options{DefaultStack: "python"})
	if err != nil || r.Spec.Stack != "python" || r.Spec.Assumptions[0].Path != "stack" {
		t.Fatalf("default: %+v, %v", r.Spec, err)
	}
}

// What is wrong is told back, and the second or third answer counts.
func TestFaultsAreToldBack(t *testing.T) {
	t.Parallel()
	noTitle, broken, site := book(), book(), book()
	noTitle.Entities[0].Fields[0].Name = "Title!"
	broken.Entities[0].Fields[0].To = "nobody"
	site.Kind = qlp.KindSite
	rules := &qlp.Spec{Title: "x", Kind: qlp.KindCLI, Stack: "go"}
	hidden := book()
	hidden.Summary = "a\u202Eb"
	tests := book()
	tests.Acceptance = []qlp.Acceptance{{ID: "always.green", Good: true}}
	cobol := book()
	cobol.Stack = "cobol"
	rust := book()
	rust.Stack = "rust"
	for name, c := range map[string]struct{ wrong, told string }{
		"not JSON":           {"Sure! I would build a library.", "not one JSON value"},
		"cut JSON":           {`{"outcome":"spec","spec":{"title":`, "not one JSON value"},
		"unknown key":        {`{"outcome":"spec","budget":{"tokens":1000000}}`, "budget"},
		"key twice":          {`{"outcome":"spec","outcome":"refused"}`, "twice"},
		"no outcome":         {`{}`, "outcome"},
		"no spec":            {`{"outcome":"spec"}`, "needs the spec"},
		"unknown Spec key":   {`{"outcome":"spec","spec":{"title":"x","caps":{}}}`, `unknown key "caps"`},
		"bad name":           {encode(t, answer{Outcome: "spec", Spec: noTitle}), "snake_case"},
		"broken reference":   {encode(t, answer{Outcome: "spec", Spec: broken}), "only a ref"},
		"site":               {encode(t, answer{Outcome: "spec", Spec: site}), "cannot be built"},
		"program, no rules":  {encode(t, answer{Outcome: "spec", Spec: rules}), "rules"},
		"hidden characters":  {encode(t, answer{Outcome: "spec", Spec: hidden}), "cannot be seen"},
		"tests":              {encode(t, answer{Outcome: "spec", Spec: tests}), "not yours to write"},
		"no such stack":      {encode(t, answer{Outcome: "spec", Spec: cobol}), "no stack"},
		"not for this kind":  {encode(t, answer{Outcome: "spec", Spec: rust}), "no stack"},
		"no reason":          {`{"outcome":"refused"}`, "reason"},
		"no question":        {`{"outcome":"question"}`, "questions"},
		"choice without any": {`{"outcome":"question","questions":[{"about":"a","text":"b","answer":"choice"}]}`, "options"},
		"default elsewhere":  {`{"outcome":"question","questions":[{"about":"a","text":"b","answer":"choice","options":["c","d"],"default":"e"}]}`, "none of the question's options"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := scripttest.New(c.wrong, c.wrong, encode(t, good()))
			r, err := setup(t, client).Interpret(t.Context(), words, interpreter.Options{})
			if err != nil || r.Outcome != interpreter.Understood {
				t.Fatalf("%+v, %v", r, err)
			}
			asked := client.Asked()
			if len(asked) != 3 || len(asked[2].Messages) != 5 {
				t.Fatalf("%d calls", len(asked))
			}
			if told := asked[1].Messages[2].Text; !strings.Contains(told, c.told) {
				t.Errorf("told %q, want %q", told, c.told)
			}
			client = scripttest.New(c.wrong, c.wrong, c.wrong)
			r, err = setup(t, client).Interpret(t.Context(), words, interpreter.Options{})
			if qlp.CodeOf(err) != qlp.Invalid || qlp.RemedyOf(err) == "" || !reflect.DeepEqual(r, interpreter.Result{}) {
				t.Errorf("after three wrong answers: %+v, %v", r, err)
			}
		})
	}
}

func TestCutAnswerIsToldBack(t *testing.T) {
	t.Parallel()
	whole := encode(t, good())
	client := scripttest.Acting(scripttest.Cut(whole[:90]), scripttest.Say("```json\n"+whole+"\n```"))
	if r, err := setup(t, client).Interpret(t.Context(), words, interpreter.Options{}); err != nil || r.Outcome != interpreter.Understood {
		t.Fatalf("%+v, %v", r, err)
	}
	if told := client.Asked()[1].Messages[2].Text; !strings.Contains(told, "cut off") {
		t.Errorf("told %q", told)
	}
}

func TestQuestionsAndRefusals(t *testing.T) {
	t.Parallel()
	text := `{"outcome":"question","spec":null,"questions":[{"about":"money","text":"Which currency?","answer":"choice","options":["in euro","in dollars"],"default":"in euro","quote":"unique isbn"}]}`
	r, err := setup(t, scripttest.New(text)).Interpret(t.Context(), words, interpreter.Options{})
	if err != nil || r.Outcome != interpreter.Asked || r.Spec != nil {
		t.Fatalf("%+v, %v", r, err)
	}
	q := r.Questions[0]
	if q.Answer != "choice" || q.Default != "in euro" || len(q.Options) != 2 || words[q.Start:q.End] != "unique isbn" {
		t.Errorf("question: %+v", q)
	}
	r, err = setup(t, scripttest.New(`{"outcome":"refused","reason":"a poem\nis no\u001b[31m software"}`)).Interpret(t.Context(), words, interpreter.Options{})
	if err != nil || r.Outcome != interpreter.Refused || r.Needs != interpreter.NeedsNotSoftware || strings.ContainsAny(r.Reason, "\x1b\n") {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestProgram(t *testing.T) {
	t.Parallel()
	spec := &qlp.Spec{
		Title: "Todo", Kind: qlp.KindCLI, Stack: "rust", Commands: []qlp.ProgramCommand{{Name: "add", Args: []qlp.ProgramArg{{Name: "text", Many: true}}}},
		Rules: []string{"add prints the number of the new task", "add without a text exits with 2"},
	}
	text := encode(t, answer{Outcome: "spec", Spec: spec, Quotes: []quote{{"commands.add", "add"}, {"rules.0", "add"}, {"stack", "Rust"}}})
	r, err := setup(t, scripttest.New(text)).Interpret(t.Context(), "A todo list in Rust: add a task", interpreter.Options{})
	if err != nil || len(r.Spec.Rules) != 2 || len(r.Spec.Sources) != 3 || r.Spec.Assumptions[0].Path != "rules.1" {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestClientErrorsPass(t *testing.T) {
	t.Parallel()
	spent := &llm.Error{Kind: llm.Spent, Provider: "x", Message: "the run's cap on tokens"}
	_, err := setup(t, scripttest.Acting(scripttest.Fail(spent))).Interpret(t.Context(), words, interpreter.Options{})
	if llm.KindOf(err) != llm.Spent || qlp.CodeOf(err) != qlp.Exhausted {
		t.Errorf("%v has code %s", err, qlp.CodeOf(err))
	}
}

// The grammar is held to labelled intents; a model that gives the grammar's Specs for them must give the same Results, so
// that both are held to the same labels: whatever the offline interpreter can state, a model's answer can.
func TestLabelledSpecsPass(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "testdata", "*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no labelled intents: %v", err)
	}
	offline := grammar.New()
	passed := 0
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var l struct{ ID, Intent string }
			if json.Unmarshal(lines.Bytes(), &l) != nil {
				continue
			}
			want, err := offline.Interpret(t.Context(), l.Intent, interpreter.Options{})
			if err != nil || want.Outcome != interpreter.Understood {
				continue
			}
			if err := same(t, l.Intent, want.Spec); err != nil {
				t.Errorf("%s: %v", l.ID, err)
			}
			passed++
		}
		_ = f.Close()
	}
	if passed < 100 {
		t.Errorf("only %d labelled intents gave a Spec", passed)
	}
}

func same(t *testing.T, intent string, want *qlp.Spec) error {
	t.Helper()
	a := answer{Outcome: "spec", Spec: new(qlp.Spec)}
	*a.Spec = *want
	a.Spec.Sources = nil
	for _, s := range want.Sources {
		a.Quotes = append(a.Quotes, quote{s.Path, intent[s.Start:s.End]})
	}
	i, err := New(scripttest.New(encode(t, a)), secrets, Config{})
	if err != nil {
		return err
	}
	got, err := i.Interpret(t.Context(), intent, interpreter.Options{})
	if err != nil {
		return err
	}
	for _, s := range got.Spec.Sources {
		if !slices.Contains(a.Quotes, quote{s.Path, intent[s.Start:s.End]}) {
			return fmt.Errorf("source %+v was not quoted", s)
		}
	}
	x, y := *want, *got.Spec
	x.Sources, y.Sources, x.Assumptions, y.Assumptions = nil, nil, nil, nil
	if diff := cmp.Diff(x, y); diff != "" {
		return fmt.Errorf("another Spec:\n%s", diff)
	}
	return nil
}

func FuzzRead(f *testing.F) {
	f.Add(`{"outcome":"spec","spec":{"title":"x","kind":"service","stack":"go","entities":[{"name":"a","fields":[{"name":"b","type":"int","min":1}]}]},"quotes":[{"path":"stack","text":"Go"}]}`)
	f.Add(`{"outcome":"question","questions":[{"about":"a","text":"b","answer":"text","quote":"für"}]}`)
	f.Add("```json\n{\"outcome\":\"refused\",\"reason\":\"no\"}\n```")
	f.Add(`{"outcome":"spec","spec":{"title":null,"rules":[null,{"x":[]}]}}`)
	f.Add(strings.Repeat(`{"spec":`, 200))
	i, err := New(scripttest.New(), secrets, Config{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := i.read(text, words, interpreter.Options{})
		if err != nil {
			return
		}
		if r.Spec != nil {
			if p := r.Spec.Validate(); len(p) > 0 {
				t.Errorf("accepted with %v", p)
			}
			for _, s := range r.Spec.Sources {
				if s.Start < 0 || s.End > len(words) || s.Start >= s.End {
					t.Errorf("source %+v lies outside the words", s)
				}
			}
		}
	})
}

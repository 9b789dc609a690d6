package agent

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/scripttest"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/reviewer"
)

var update = flag.Bool("update", false, "rewrite golden files")

func golden(t *testing.T, name string, req llm.Request) {
	t.Helper()
	got := "# system\n" + req.System
	for _, m := range req.Messages {
		got += fmt.Sprintf("\n# %s\n%s", m.From, m.Text)
	}
	if req.Schema != nil {
		got += "\n# schema\n" + string(req.Schema.JSON) + "\n"
	}
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

func setup(t *testing.T, client llm.Client) *Agent {
	t.Helper()
	a, err := New(Deps{
		Client: client, Redactor: secrets,
		Acceptance: acceptanceFiles,
		Stack: func(name string) (qlp.Stack, error) {
			return qlp.Stack{
				Name: name, Title: "Go", Language: "go", Tools: []qlp.Tool{{Name: "go", Minimum: "1.24"}},
				Commands: qlp.Commands{Build: []qlp.Command{{Name: "go-build", Argv: []string{"go", "build", "."}}}},
			}, nil
		},
	}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// acceptanceFiles shows what the acceptance room would be given.
func acceptanceFiles(req generator.Request) ([]qlp.File, error) {
	b, err := json.MarshalIndent(map[string]any{"cases": req.Spec.Acceptance}, "", " ")
	return []qlp.File{{Path: casesFile, Content: append(b, '\n')}}, err
}

func program() qlp.Spec {
	return qlp.Spec{
		Title: "Todo", Kind: qlp.KindCLI, Stack: "go", Commands: []qlp.ProgramCommand{{Name: "add", Args: []qlp.ProgramArg{{Name: "text"}}}},
		Rules:   []string{"add prints the number of the new task", "add without a text exits with 2"},
		Sources: []qlp.Source{{Path: "stack", Start: 3, End: 5}},
	}
}

const goStore = `// Package store keeps tasks.
package store

import "os"

// Store is a list of tasks.
type Store struct {
	Tasks []string
	file  *os.File
}

// Add appends a task and returns its number.
func (s *Store) Add(text string) (int, error) {
	secret := 41
	return secret, nil
}

func hidden() {}
`

func coding() generator.Request {
	plan := samplePlan()
	return generator.Request{
		Spec: program(), Plan: plan, Task: plan.Tasks[2], Attempt: 1, Intent: "intent-1", Run: "run-1",
		Files: []qlp.File{
			{Path: "acceptance/cases.json", Content: []byte("{\"cases\": [\n{\"id\":\"add.one\",\"when\":\"x\"},\n{\"id\":\"add.none\",\"when\":\"y\"}\n]}\n")},
			{Path: "store/store.go", Content: []byte(goStore)},
			{Path: "store/store_test.go", Content: []byte("package store\n")},
		},
	}
}

func failing() generator.Request {
	req := coding()
	req.Attempt = 2
	req.Files = append(req.Files, qlp.File{Path: "main.go", Content: []byte("package main\n\nfunc main() {}\n")})
	failed := qlp.Fail(qlp.LayerTest, "acceptance", qlp.FromExecutions(qlp.Execution{ID: "0190-exec"}), "1 of 2 cases failed",
		qlp.Finding{Path: "main.go", Line: 3, Rule: "test-failed", Severity: "error", Message: "add.none: exit 0, want 2 (0.01s)"})
	req.Failure = []qlp.Check{failed, qlp.Pass(qlp.LayerBuild, "go-build", qlp.FromReading(qlp.DigestOf(nil)))}
	req.Evidence = map[string]string{"0190-exec": "\x1b[31mFAIL\x1b[0m add.none (0.123s)\n2026-11-25T10:00:01Z listening on 127.0.0.1:43121\npanic at 0xc000123456 in /tmp/build-8123/x\n"}
	return req
}

// play answers a coder's request with blocks whose marks have the request's own tag.
func play(text string) scripttest.Play {
	return func(req llm.Request) (llm.Answer, error) {
		return llm.Answer{Text: strings.ReplaceAll(text, "@@ ", tagOf(req)+" "), Finish: llm.Stopped}, nil
	}
}

// tagOf finds the mark that the prompt tells the model to use, as a model would.
func tagOf(req llm.Request) string {
	_, rest, _ := strings.Cut(req.Messages[0].Text, "\n@@")
	mark, _, _ := strings.Cut(rest, " ")
	return "@@" + mark
}

const whole = "@@ write main.go\npackage main\n\nfunc main() { println(1) }\n@@ end\n"

func TestCoderPrompts(t *testing.T) {
	t.Parallel()
	service := coding()
	service.Spec = qlp.Spec{Title: "Books", Kind: qlp.KindService, Stack: "go", Entities: []qlp.Entity{{Name: "book", Plural: "books", Fields: []qlp.Field{{Name: "title", Type: qlp.TypeString}}}}}
	more := failing()
	more.Strategy = generator.MoreContext
	anew := failing()
	anew.Strategy = generator.Elsewhere
	for name, req := range map[string]generator.Request{
		"first.txt": coding(), "repair.txt": failing(), "more.txt": more, "anew.txt": anew, "service.txt": service,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := scripttest.Acting(play(whole))
			client.More = 2
			if _, err := setup(t, client).Generate(t.Context(), req); err != nil {
				t.Fatal(err)
			}
			asked := client.Asked()[0]
			golden(t, name, asked)
			if want := map[bool]int{true: 1}[req.Strategy == generator.Elsewhere]; asked.Fallback != want {
				t.Errorf("fallback %d, want %d", asked.Fallback, want)
			}
			for _, id := range []string{"intent-1", "run-1", "0190-exec", "43121", "0xc000", "build-8123", "0.123s", "\x1b", "2026-11-25"} {
				if strings.Contains(asked.System+asked.Messages[0].Text, id) {
					t.Errorf("%q is in the prompt: a replayed run would ask something else", id)
				}
			}
			if asked.Account.TaskID != "main" || asked.Account.Repair != (req.Attempt > 1) || asked.Account.RunID != "run-1" {
				t.Errorf("account: %+v", asked.Account)
			}
		})
	}
}

func TestWhatIsShown(t *testing.T) {
	t.Parallel()
	text := func(req generator.Request) string {
		client := scripttest.Acting(play(whole))
		if _, err := setup(t, client).Generate(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		return client.Asked()[0].Messages[0].Text
	}
	first, repair := text(coding()), text(failing())
	more, anew := failing(), failing()
	more.Strategy, anew.Strategy = generator.MoreContext, generator.Elsewhere
	for what, c := range map[string]struct {
		text string
		has  []string
		not  []string
	}{
		"first":  {first, []string{"func (s *Store) Add(text string) (int, error)", "add.one"}, []string{"secret := 41", "hidden()", "What was found wrong"}},
		"repair": {repair, []string{"acceptance case, which failed", "exit 0, want 2 (#s)", "func main() {}", "Mend what was found wrong"}, []string{"secret := 41"}},
		"more":   {text(more), []string{"secret := 41", "func main() {}"}, nil},
		"anew":   {text(anew), []string{"Write every file of your task"}, []string{"func main() {}", "exit 0, want 2"}},
	} {
		for _, s := range c.has {
			if !strings.Contains(c.text, s) {
				t.Errorf("%s lacks %q", what, s)
			}
		}
		for _, s := range c.not {
			if strings.Contains(c.text, s) {
				t.Errorf("%s has %q", what, s)
			}
		}
	}
	if strings.Index(repair, "add.none\",\"when") > strings.Index(repair, "add.one\",\"when") {
		t.Error("the case that failed does not come first")
	}
}

// The same request gives the same prompt, in whatever order the files and the evidence come.
func TestPromptIsDeterministic(t *testing.T) {
	t.Parallel()
	digest := func(req generator.Request) qlp.Digest {
		client := scripttest.Acting(play(whole))
		if _, err := setup(t, client).Generate(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		return client.Asked()[0].Digest()
	}
	a, b := failing(), failing()
	b.Intent, b.Run = "other", "other"
	b.Files[0], b.Files[3] = b.Files[3], b.Files[0]
	b.Failure = []qlp.Check{qlp.Fail(qlp.LayerTest, "acceptance", qlp.FromExecutions(qlp.Execution{ID: "other-id"}), "1 of 2 cases failed",
		qlp.Finding{Path: "main.go", Line: 3, Rule: "test-failed", Severity: "error", Message: "add.none: exit 0, want 2 (0.07s)"})}
	b.Evidence = map[string]string{"other-id": "\x1b[31mFAIL\x1b[0m add.none (0.456s)\n2027-01-01T10:00:01Z listening on 127.0.0.1:1234\npanic at 0xc000fffff0 in /tmp/build-9/y\n"}
	if digest(a) != digest(b) {
		t.Error("two runs of the same code ask differently")
	}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	req := failing()
	req.Strategy = generator.MoreContext
	for i := range 40 {
		req.Files = append(req.Files, qlp.File{Path: fmt.Sprintf("store/f%02d.go", i), Content: []byte("package store\n" + strings.Repeat("// x\n", 400))})
	}
	client := scripttest.Acting(play(whole))
	client.Size = 12_000
	if _, err := setup(t, client).Generate(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	asked := client.Asked()[0]
	if need := llm.Tokens(asked.Size()) + int64(asked.MaxTokens); need > client.Size || asked.MaxTokens != 4000 {
		t.Errorf("the call needs %d tokens (%d of the answer) of %d", need, asked.MaxTokens, client.Size)
	}
	text := asked.Messages[0].Text
	if !strings.Contains(text, "are left out: no room for other files of the project") || !strings.Contains(text, "exit 0, want 2") {
		t.Error("other files are cut first, and the evidence stays")
	}
	client = scripttest.New()
	client.Size = 1500
	_, err := setup(t, client).Generate(t.Context(), req)
	if qlp.CodeOf(err) != qlp.Invalid || !strings.Contains(err.Error(), "does not fit") || len(client.Asked()) != 0 {
		t.Errorf("%v after %d calls", err, len(client.Asked()))
	}
}

func TestGenerate(t *testing.T) {
	t.Parallel()
	client := scripttest.Acting(scripttest.Say("Of course! Here it is."), play(whole))
	a := setup(t, client)
	var seen strings.Builder
	req := coding()
	req.Progress = func(text string) { seen.WriteString(text) }
	files, err := a.Generate(t.Context(), req)
	if err != nil || len(files) != 1 || files[0].Path != "main.go" || a.Name() != "script/one" {
		t.Fatalf("%+v, %v", files, err)
	}
	if told := client.Asked()[1].Messages; len(told) != 3 || !strings.Contains(told[2].Text, "no block") || !strings.Contains(seen.String(), "println(1)") {
		t.Errorf("told %+v", told)
	}
	req = coding()
	req.Task = req.Plan.Tasks[0]
	req.Spec.Kind = qlp.KindService
	if files, err = a.Generate(t.Context(), req); err != nil || files[0].Path != casesFile || len(client.Asked()) != 2 {
		t.Errorf("a service's tests are derived: %+v, %v", files, err)
	}
}

func TestUnchangedRepairIsToldBack(t *testing.T) {
	t.Parallel()
	client := scripttest.Acting(play("@@ write main.go\npackage main\n\nfunc main() {}\n@@ end\n"), play(whole))
	if _, err := setup(t, client).Generate(t.Context(), failing()); err != nil || !strings.Contains(client.Asked()[1].Messages[2].Text, "Nothing has changed") {
		t.Errorf("%v", err)
	}
}

// An answer with a secret is refused, its text is not sent back with the secret in it, and in the end there is no file.
func TestSecretsInAnswers(t *testing.T) {
	t.Parallel()
	key := "ghp_" + "9fK2mQ7xWc4Lr8Tn1Vb6Zp3Hs5Jd0YgAeRuX"
	leak := play("@@ write main.go\npackage main\n\nconst t = \"" + key + "\"\n@@ end\n")
	client := scripttest.Acting(leak, play(whole))
	if _, err := setup(t, client).Generate(t.Context(), coding()); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(client.Asked()[1])
	if err != nil || strings.Contains(string(b), key) || !strings.Contains(string(b), "looks like a secret (github-pat)") {
		t.Errorf("%s, %v", b, err)
	}
	files, err := setup(t, scripttest.Acting(leak, leak, leak, leak, leak)).Generate(t.Context(), coding())
	if qlp.CodeOf(err) != qlp.Invalid || len(files) != 0 || strings.Contains(err.Error(), key) {
		t.Errorf("%+v, %v", files, err)
	}
}

func cases(change func(*casesAnswer)) string {
	one := "1\n"
	a := casesAnswer{Cases: []testCase{
		{ID: "add.number", When: "a task is added", Then: "its number is printed", Rule: "rules.0", Good: true, Calls: []testCall{{Args: []string{"add", "milk"}, Expect: testExpect{Stdout: &one}}}},
		{ID: "add.number.no", When: "nothing is added", Then: "no number", Rule: "rules.0", Calls: []testCall{{Args: []string{}, Expect: testExpect{Exit: 2, StdoutLacks: []string{"1"}}}}},
		{ID: "add.text", When: "a text is given", Then: "it is taken", Rule: "rules.1", Good: true, Calls: []testCall{{Args: []string{"add", "x"}, Files: []testFile{{"in.txt", "<&>"}}, Expect: testExpect{StdoutMatch: "^[0-9]+$"}}}},
		{ID: "add.text.no", When: "no text is given", Then: "exit 2", Rule: "rules.1", Calls: []testCall{{Args: []string{"add"}, Expect: testExpect{Exit: 2}}}},
	}}
	if change != nil {
		change(&a)
	}
	b, err := json.Marshal(a)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func testTask() generator.Request {
	req := coding()
	req.Task = req.Plan.Tasks[0]
	req.Files = []qlp.File{{Path: "main.go", Content: []byte("package main // THE CODE\n")}}
	req.Spec.Acceptance = []qlp.Acceptance{{ID: "mine", When: "w", Then: "t", Rule: "rules.0", Good: true, Calls: []qlp.ProgramCall{{Args: []string{"add", "a"}, Expect: qlp.ProgramExpect{StdoutHas: []string{"1"}}}}}}
	return req
}

func TestTester(t *testing.T) {
	t.Parallel()
	client := scripttest.New(cases(nil))
	files, err := setup(t, client).Generate(t.Context(), testTask())
	if err != nil || len(files) != 1 || files[0].Path != casesFile {
		t.Fatalf("%+v, %v", files, err)
	}
	asked := client.Asked()[0]
	golden(t, "tester.txt", asked)
	if asked.Role != llm.Tester || strings.Contains(asked.Messages[0].Text, "THE CODE") || strings.Contains(asked.Messages[0].Text, "store/") {
		t.Error("the tester sees more than the Spec")
	}
	var suite struct{ Cases []qlp.Acceptance }
	if err := json.Unmarshal(files[0].Content, &suite); err != nil || len(suite.Cases) != 5 || suite.Cases[0].ID != "mine" {
		t.Fatalf("%s, %v", files[0].Content, err)
	}
	path := filepath.Join("testdata", "cases.json")
	if *update {
		if err := os.WriteFile(path, files[0].Content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(path); err != nil || string(want) != string(files[0].Content) {
		t.Errorf("cases.json (-update rewrites it), %v:\n%s", err, files[0].Content)
	}
}

func TestTesterFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*casesAnswer)
		want   string
	}{
		"none":             {func(a *casesAnswer) { a.Cases = nil }, "1 to 150"},
		"no refusing case": {func(a *casesAnswer) { a.Cases = a.Cases[:3] }, "rules.1 needs"},
		"no such rule":     {func(a *casesAnswer) { a.Cases[0].Rule = "rules.7" }, "no rule"},
		"id of another":    {func(a *casesAnswer) { a.Cases[0].ID = "mine" }, "twice"},
		"bad id":           {func(a *casesAnswer) { a.Cases[0].ID = "A b" }, "its id"},
		"no call":          {func(a *casesAnswer) { a.Cases[0].Calls = nil }, "calls"},
		"compares nothing": {func(a *casesAnswer) { a.Cases[0].Calls[0].Expect = testExpect{} }, "nothing but exit codes"},
		"path outside":     {func(a *casesAnswer) { a.Cases[2].Calls[0].Files[0].Path = "../x" }, "relative path"},
		"absolute path":    {func(a *casesAnswer) { a.Cases[0].Calls[0].Expect.FilesMissing = []string{"/etc/x"} }, "relative path"},
		"bad expression":   {func(a *casesAnswer) { a.Cases[2].Calls[0].Expect.StdoutMatch = "(?=x)" }, "RE2"},
		"NUL":              {func(a *casesAnswer) { a.Cases[0].Calls[0].Args = []string{"a\x00b"} }, "not text"},
		"exit code":        {func(a *casesAnswer) { a.Cases[1].Calls[0].Expect.Exit = 256 }, "exit code"},
		"empty part":       {func(a *casesAnswer) { a.Cases[1].Calls[0].Expect.StdoutLacks = []string{""} }, "empty text"},
		"path twice":       {func(a *casesAnswer) { a.Cases[2].Calls[0].Files = []testFile{{"a", "1"}, {"a", "2"}} }, "twice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := scripttest.New(cases(c.change), cases(nil))
			if _, err := setup(t, client).Generate(t.Context(), testTask()); err != nil {
				t.Fatal(err)
			}
			if told := client.Asked()[1].Messages[2].Text; !strings.Contains(told, c.want) {
				t.Errorf("told %q, want %q", told, c.want)
			}
			wrong := cases(c.change)
			if files, err := setup(t, scripttest.New(wrong, wrong, wrong)).Generate(t.Context(), testTask()); qlp.CodeOf(err) != qlp.Invalid || len(files) != 0 {
				t.Errorf("after three: %+v, %v", files, err)
			}
		})
	}
}

func TestReview(t *testing.T) {
	t.Parallel()
	req := reviewer.Request{
		Spec: program(), Plan: samplePlan(), Files: failing().Files, Attempt: 1, Intent: "intent-1", Run: "run-1",
		Checks: []qlp.Check{qlp.Pass(qlp.LayerBuild, "go-build", qlp.FromReading(qlp.DigestOf(nil)))},
	}
	good := `{"findings":[{"path":"main.go","line":3,"rule":"incomplete","severity":"error","message":"main does\nnothing"}]}`
	client := scripttest.New(`{"findings":[{"path":"ghost.go","line":1,"rule":"wrong","severity":"error","message":"x"}]}`, `{"findings":[],"verdict":"verified"}`, good)
	said, err := setup(t, client).Review(t.Context(), req)
	if err != nil || len(said.Findings) != 1 || said.Findings[0].Rule != "review-incomplete" || said.Findings[0].Message != "main does nothing" || said.Answer != qlp.DigestOf([]byte(good)) {
		t.Fatalf("%+v, %v", said, err)
	}
	golden(t, "review.txt", client.Asked()[0])
	if last := client.Asked()[2].Messages; !strings.Contains(last[2].Text, "not in the project") || !strings.Contains(last[4].Text, "verdict") {
		t.Errorf("told %+v", last)
	}
}

func TestInterfaces(t *testing.T) {
	t.Parallel()
	python := "import os\n\nLIMIT: int = 3\n\n@dataclass\nclass Store(Base):\n    \"\"\"Keeps.\"\"\"\n\n    @property\n    def size(\n        self,\n        deep: bool = False,\n    ) -> int:\n        return LIMIT\n\n    def _own(self): pass\n\nasync def load(path): return 1\n"
	want := "LIMIT: int = 3\n@dataclass\nclass Store(Base):\n    @property\n    def size(\n        self,\n        deep: bool = False,\n    ) -> int:\nasync def load(path): return 1"
	if got := interfaceOf(qlp.File{Path: "a/store.py", Content: []byte(python)}); got != want {
		t.Errorf("python:\n%s", got)
	}
	for _, path := range []string{"a_test.go", "test_a.py", "a.test.js"} {
		if got := interfaceOf(qlp.File{Path: path, Content: []byte("x")}); got != "" {
			t.Errorf("%s offers %q", path, got)
		}
	}
	if got := interfaceOf(qlp.File{Path: "a.go", Content: []byte("package a\n\nfunc broken( {\n")}); !strings.Contains(got, "broken") {
		t.Errorf("a small file that does not parse is shown whole: %q", got)
	}
	if got := interfaceOf(qlp.File{Path: "a.rs", Content: []byte(strings.Repeat("x", smallFile+1))}); got != "" {
		t.Error("a large file of another language is shown")
	}
}

func TestSpoken(t *testing.T) {
	t.Parallel()
	stream := `{"Time":"2026-11-25T10:00:00Z","Action":"output","Package":"x","Output":"--- FAIL: TestA (0.00s)\n"}` + "\n" + `{"Action":"fail","Elapsed":0.01}` + "\nplain\n"
	if got := changing().normal(spoken(stream)); got != "--- FAIL: TestA (#s)\nplain\n" {
		t.Errorf("%q", got)
	}
	if got := tail("one\ntwo\nthree\n", 8); !strings.HasSuffix(got, "\nthree\n") || strings.Contains(got, "two") {
		t.Errorf("%q", got)
	}
}

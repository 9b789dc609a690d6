package model

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/scripttest"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/redact"
)

var (
	update  = flag.Bool("update", false, "rewrite golden files")
	secrets = redact.New(nil)
)

func request() Request {
	return Request{
		Spec: qlp.Spec{
			Title: "Todo", Kind: qlp.KindCLI, Stack: "demo", Commands: []qlp.ProgramCommand{{Name: "add"}}, Rules: []string{"add prints a number"},
			Sources: []qlp.Source{{Path: "stack", Start: 1, End: 2}},
		},
		Stack: qlp.Stack{
			Name: "demo", Title: "Demo", Language: "demo", Generated: true,
			Commands: qlp.Commands{Build: []qlp.Command{{Name: "build", Argv: []string{"demo", "build"}}}},
			Layout:   []qlp.Part{{Role: qlp.RoleDomain, Title: "Program", Owns: []string{"main.demo"}, Accept: []string{"it builds"}}},
		},
		Intent: "intent-7", Run: "run-7",
	}
}

const good = `{"tasks":[{"id":"store","title":"Storage","owns":["store/"],"after":["acceptance"],"accept":["it keeps tasks"]},
 {"id":"main","title":"Program","owns":["main.demo","README.md"],"after":["store"],"accept":["it builds"]}]}`

func setup(t *testing.T, client llm.Client) *Planner {
	t.Helper()
	p, err := New(client, secrets, Config{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPlan(t *testing.T) {
	t.Parallel()
	client := scripttest.New(good)
	plan, err := setup(t, client).Plan(t.Context(), request())
	if err != nil {
		t.Fatal(err)
	}
	if first := plan.Tasks[0]; first.Role != qlp.RoleAcceptance || !first.Frozen || len(plan.Tasks) != 3 || plan.Tasks[2].ID != "main" {
		t.Errorf("plan: %+v", plan)
	}
	for _, task := range plan.Tasks[1:] {
		if !slices.Contains(task.After, "acceptance") || task.Frozen {
			t.Errorf("task: %+v", task)
		}
	}
	req := client.Asked()[0]
	text := "# system\n" + req.System + "\n# user\n" + req.Messages[0].Text + "\n# schema\n" + string(req.Schema.JSON) + "\n"
	if strings.Contains(text, "intent-7") || strings.Contains(text, "run-7") || req.Account.RunID != "run-7" {
		t.Errorf("ids: %+v", req.Account)
	}
	path := filepath.Join("testdata", "prompt.txt")
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("prompt (-update rewrites it):\n%s", diff)
	}
}

func TestServiceAsksNobody(t *testing.T) {
	t.Parallel()
	in := request()
	in.Spec.Kind = qlp.KindService
	in.Stack.Layout = append(in.Stack.Layout, qlp.Part{Role: qlp.RoleAcceptance, Title: "Tests", Owns: []string{"acceptance/"}})
	client := scripttest.New()
	if plan, err := setup(t, client).Plan(t.Context(), in); err != nil || plan.Tasks[0].Role != qlp.RoleAcceptance || len(client.Asked()) != 0 {
		t.Errorf("%+v, %v", plan, err)
	}
}

func TestFaultsAreToldBack(t *testing.T) {
	t.Parallel()
	one := func(change func(*task)) string {
		it := task{ID: "main", Title: "Program", Owns: []string{"main.demo"}, After: []string{}, Accept: []string{"it builds"}}
		change(&it)
		b, err := json.Marshal(answer{Tasks: []task{it, {ID: "other", Title: "Other", Owns: []string{"other/"}, Accept: []string{"fine"}}}})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for name, c := range map[string]struct{ wrong, told string }{
		"no JSON":         {"First, the storage…", "JSON"},
		"unknown key":     {`{"tasks":[],"commands":["curl"]}`, "commands"},
		"no task":         {`{"tasks":[]}`, "1 to 12"},
		"bad id":          {one(func(t *task) { t.ID = "Main; rm -rf" }), "task id"},
		"acceptance":      {one(func(t *task) { t.ID = "acceptance" }), "already"},
		"tests' folder":   {one(func(t *task) { t.Owns = []string{"acceptance/cases.json"} }), "frozen"},
		"tests' case":     {one(func(t *task) { t.Owns = []string{"Acceptance/"} }), "frozen"},
		"outside":         {one(func(t *task) { t.Owns = []string{"../../etc/"} }), "relative path"},
		"git's own":       {one(func(t *task) { t.Owns = []string{".git/hooks/"} }), ".git"},
		"shell":           {one(func(t *task) { t.Owns = []string{"a;curl x|sh"} }), "plain path"},
		"homoglyph":       {one(func(t *task) { t.Owns = []string{"асceptance/"} }), "plain path"},
		"two owners":      {one(func(t *task) { t.Owns = []string{"other/x"} }), "both own"},
		"unknown after":   {one(func(t *task) { t.After = []string{"ghost"} }), "not in the plan"},
		"circle":          {one(func(t *task) { t.After = []string{"main"} }), "cycle"},
		"hidden title":    {one(func(t *task) { t.Title = "a\u202Eb" }), "title"},
		"nothing owned":   {one(func(t *task) { t.Owns = nil }), "owns"},
		"nothing checked": {one(func(t *task) { t.Accept = nil }), "accept"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := scripttest.New(c.wrong, good)
			if _, err := setup(t, client).Plan(t.Context(), request()); err != nil {
				t.Fatal(err)
			}
			if told := client.Asked()[1].Messages[2].Text; !strings.Contains(told, c.told) {
				t.Errorf("told %q, want %q", told, c.told)
			}
			plan, err := setup(t, scripttest.New(c.wrong, c.wrong, c.wrong)).Plan(t.Context(), request())
			if qlp.CodeOf(err) != qlp.Invalid || len(plan.Tasks) != 0 {
				t.Errorf("after three wrong answers: %+v, %v", plan, err)
			}
		})
	}
}

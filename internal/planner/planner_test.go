package planner

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quantumlayer/qlp/internal/qlp"
)

var update = flag.Bool("update", false, "rewrite golden files")

func library() qlp.Spec {
	one := qlp.Number("1")
	return qlp.Spec{Title: "Library", Kind: qlp.KindService, Stack: "demo", Entities: []qlp.Entity{
		{Name: "book", Plural: "books", Fields: []qlp.Field{{Name: "title", Type: qlp.TypeString, MaxLength: 100}, {Name: "isbn", Type: qlp.TypeString, Unique: true}}},
		{Name: "loan", Plural: "loans", Fields: []qlp.Field{{Name: "book", Type: qlp.TypeRef, To: "book"}, {Name: "days", Type: qlp.TypeInt, Min: &one, Optional: true}}},
	}}
}

func demo() qlp.Stack {
	return qlp.Stack{Name: "demo", Generated: true, Layout: []qlp.Part{
		{Role: qlp.RoleDomain, Title: "Entities", Owns: []string{"domain/"}, Accept: []string{"it parses"}},
		{Role: qlp.RoleStorage, Title: "Storage", Owns: []string{"store/"}, After: []qlp.Role{qlp.RoleDomain}},
		{Role: qlp.RoleHandlers, Title: `HTTP "handlers"`, Owns: []string{"web/"}, After: []qlp.Role{qlp.RoleDomain}},
		{Role: qlp.RoleWiring, Title: "Process", Owns: []string{"main.x", "config.x"}, After: []qlp.Role{qlp.RoleStorage, qlp.RoleHandlers}},
		{Role: qlp.RoleAcceptance, Title: "Acceptance tests", Owns: []string{"acceptance/"}},
	}}
}

func TestPlanPutsFrozenTestsFirst(t *testing.T) {
	t.Parallel()
	plan, err := Plan(library(), demo())
	if err != nil {
		t.Fatal(err)
	}
	if first := plan.Tasks[0]; first.Role != qlp.RoleAcceptance || !first.Frozen || len(first.After) != 0 {
		t.Errorf("first task: %+v", first)
	}
	for _, task := range plan.Tasks[1:] {
		if !slices.Contains(task.After, "acceptance") || task.Frozen {
			t.Errorf("task %s: after %v, frozen %v", task.ID, task.After, task.Frozen)
		}
	}
	if !strings.Contains(plan.Tasks[0].Accept[0], "10 rules of 4 fields") {
		t.Errorf("acceptance in words: %q", plan.Tasks[0].Accept)
	}
	again, err := Plan(library(), demo())
	if err != nil || qlp.DigestJSON(plan) != qlp.DigestJSON(again) {
		t.Errorf("the same Spec gave another plan (%v)", err)
	}
}

func TestPlanRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*qlp.Stack)
		want   string
	}{
		"not generated":      {func(s *qlp.Stack) { s.Generated = false }, "nothing here can write it"},
		"overlapping folder": {func(s *qlp.Stack) { s.Layout[1].Owns = []string{"domain/store/"} }, "both own"},
		"overlapping file":   {func(s *qlp.Stack) { s.Layout[3].Owns = []string{"web/main.x"} }, "both own"},
		"unknown dependency": {func(s *qlp.Stack) { s.Layout[1].After = []qlp.Role{"nothing"} }, "nothing, which is not in the plan"},
		"cycle":              {func(s *qlp.Stack) { s.Layout[0].After = []qlp.Role{qlp.RoleWiring} }, "cycle among"},
		"path outside":       {func(s *qlp.Stack) { s.Layout[0].Owns = []string{"../etc/"} }, "plain relative path"},
		"no path":            {func(s *qlp.Stack) { s.Layout[0].Owns = nil }, "owns no path"},
		"role twice":         {func(s *qlp.Stack) { s.Layout[1].Role = qlp.RoleDomain }, "used twice"},
		"no task":            {func(s *qlp.Stack) { s.Layout = nil }, "no task"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := demo()
			tc.change(&st)
			if _, err := Plan(library(), st); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error about %q", err, tc.want)
			}
		})
	}
}

func TestShow(t *testing.T) {
	t.Parallel()
	plan, err := Plan(library(), demo())
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{
		"tree.txt":    Tree(plan, map[string]string{"acceptance": "done", "domain": "running"}),
		"mermaid.txt": Mermaid(plan),
	} {
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
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

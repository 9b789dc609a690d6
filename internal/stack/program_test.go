package stack_test

import (
	"os"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/stack"
)

func TestProgramsAreValid(t *testing.T) {
	t.Parallel()
	all, err := stack.Programs()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, st := range all {
		names = append(names, st.Name)
		if known, err := stack.Known(st.Name); err != nil || known.Title != st.Title {
			t.Errorf("Known(%s) is %q, %v", st.Name, known.Title, err)
		}
		for _, c := range append(st.Commands.Build, st.Commands.Test...) {
			if c.WallMS <= 0 {
				t.Errorf("%s: %s has no limit of time", st.Name, c.Name)
			}
		}
	}
	if got := strings.Join(names, " "); got != "program-go program-node program-python program-rust" {
		t.Errorf("the stacks for programs are %s", got)
	}
}

func TestFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind       qlp.Kind
		name, want string
		says       string
	}{
		{qlp.KindService, "go", "go", ""},
		{qlp.KindCLI, "go", "program-go", ""},
		{qlp.KindPipeline, " Py ", "program-python", ""},
		{qlp.KindProject, "nodejs", "program-node", ""},
		{qlp.KindCLI, "program-rust", "program-rust", ""},
		{qlp.KindService, "program-go", "", "is for programs, not for a service"},
		{qlp.KindService, "rust", "", "no stack"},
		{qlp.KindCLI, "cobol", "", "for programs"},
		{qlp.KindSite, "go", "", "does not build a site"},
	} {
		st, err := stack.For(c.kind, c.name)
		if st.Name != c.want || (err == nil) != (c.says == "") || err != nil && (!strings.Contains(err.Error(), c.says) || qlp.CodeOf(err) != qlp.Invalid || qlp.RemedyOf(err) == "") {
			t.Errorf("For(%s, %q) is %q, %v", c.kind, c.name, st.Name, err)
		}
	}
}

func TestParseRefusesPrograms(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile("program/python.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, replacement, says string }{
		"no absolute path":   {"entry: [python3, -S, /work/main.py]", "entry: [python3, main.py]", "no absolute path"},
		"another entry":      {"--, python3, -S, /work/main.py]", "--, python3, /work/other.py]", "plays the cases with the entry"},
		"no program":         {"role: program\n", "role: wiring\n", "lays out no program"},
		"generated":          {"aliases:", "generated: true\naliases:", "nothing generates"},
		"no alias":           {"aliases: [python, py, python3]", "aliases: []", "first alias"},
		"a tool not listed":  {"tool: ruff", "tool: rough", "rough"},
		"two owners of main": {"owns: [README.md]", "owns: [main.py]", "both own"},
	} {
		text := strings.Replace(string(good), c.old, c.replacement, 1)
		if text == string(good) {
			t.Fatalf("%s: %q is not there", name, c.old)
		}
		text = strings.Replace(text, "after: [program]", "after: [acceptance]", 1)
		if _, err := stack.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

package pipeline_test

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/generator/acceptance"
	"github.com/quantumlayer/qlp/internal/planner"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/stack"
	"github.com/quantumlayer/qlp/internal/validator"
	"github.com/quantumlayer/qlp/internal/validator/pipeline"
)

// counter is the Spec of the sample program, which is written in each language.
func counter(name string) qlp.Spec {
	out := func(s string) *string { return &s }
	return qlp.Spec{
		Title: "Counter", Kind: qlp.KindCLI, Stack: name, Rules: []string{"it counts the lines of a file or of stdin"},
		Acceptance: []qlp.Acceptance{
			{ID: "stdin", Good: true, Calls: []qlp.ProgramCall{{Stdin: "a\nb\n", Expect: qlp.ProgramExpect{Stdout: out("2 lines\n")}}}},
			{ID: "file", Good: true, Calls: []qlp.ProgramCall{{
				Args: []string{"--out", "n.txt", "in/a.txt"}, Files: map[string]string{"in/a.txt": "a\nb\nc\n"},
				Expect: qlp.ProgramExpect{Stdout: out(""), Files: map[string]string{"n.txt": "3 lines"}},
			}}},
			{ID: "no-file", Calls: []qlp.ProgramCall{{Args: []string{"none.txt"}, Expect: qlp.ProgramExpect{Exit: 1, StderrHas: []string{"count: "}}}}},
		},
	}
}

// programSubject reads the sample program of a language, with its cases as the generator writes them. Without the language's
// toolchain the test is skipped.
func programSubject(t testing.TB, name string) validator.Subject {
	t.Helper()
	spec := counter(name)
	st, err := stack.For(spec.Kind, name)
	if err != nil {
		t.Fatal(err)
	}
	machine.mu.Lock()
	defer machine.mu.Unlock()
	if _, ok := machine.stacks[st.Name]; !ok {
		tc, err := stack.Locate(context.Background(), st)
		if err != nil {
			t.Skipf("no toolchain for %s on this machine: %v", st.Name, err)
		}
		machine.stacks[st.Name] = tc
	}
	plan, err := planner.Plan(spec, st)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := acceptance.Files(generator.Request{Spec: spec, Plan: plan})
	if err != nil {
		t.Fatal(err)
	}
	s := validator.Subject{Spec: spec, Plan: plan, Stack: st, Files: append(readProject(t, "program/"+name), cases...)}
	return freeze(change(s, nil))
}

func TestPrograms(t *testing.T) {
	b := newBench(t)
	p := newPipeline(t, b, pipeline.Config{})
	wrong := map[string][3]string{
		"go":     {"internal/count/count.go", "n := 0", "n := 1"},
		"python": {"program/count.py", "sum(1 for", "1 + sum(1 for"},
		"node":   {"src/count.js", "length;", "length + 1;"},
		"rust":   {"src/main.rs", "text.lines().count()", "text.lines().count() + 1"},
	}
	for _, name := range []string{"go", "python", "node", "rust"} {
		t.Run(name, func(t *testing.T) {
			s := programSubject(t, name)
			r := validate(t, p, s)
			if v := qlp.Decide(r.Checks); v != qlp.Verified {
				t.Errorf("verdict %s", v)
			}
			for _, c := range r.Checks {
				t.Logf("%-24s %s %v %s", c.Key(), c.Status(), c.Required, c.Reason)
				if c.Required && c.Status() != qlp.Passed {
					t.Errorf("%s is %s: %s %+v", c.Key(), c.Status(), c.Reason, c.Findings)
				}
				if c.Layer == qlp.LayerStart {
					t.Errorf("a program has the check %s", c.Key())
				}
			}
			if c := find(t, r, "test/acceptance"); c.Counts == nil || c.Counts.Passed != 3 || !c.Required {
				t.Errorf("acceptance: %+v", c)
			}
			evidence(t, r)
		})
		t.Run(name+" with a wrong result", func(t *testing.T) {
			s := programSubject(t, name)
			bad := change(s, with(t, s, wrong[name][0], wrong[name][1], wrong[name][2]))
			r := validate(t, p, bad)
			c := find(t, r, "test/acceptance")
			if c.Status() != qlp.Failed || len(c.Findings) == 0 || !strings.Contains(fmt.Sprint(c.Findings), "expected") || !strings.Contains(fmt.Sprint(c.Findings), "4 lines") {
				t.Errorf("acceptance is %s: %s %+v", c.Status(), c.Reason, c.Findings)
			}
			if v := qlp.Decide(r.Checks); v != qlp.VerdictFailed {
				t.Errorf("verdict %s", v)
			}
		})
	}
}

// hostile is a program that tries everything to pass without doing its work: it reads the cases for the answers, prints
// reports, and writes to the tool's report by way of /proc and ptrace.
const hostile = `import ctypes, glob, os, sys
if __name__ == "__main__":
    fake = '{"Action":"pass","Package":"acceptance","Test":"%s"}\n'
    for name in ("stdin", "file", "no-file"):
        sys.stdout.write(fake % name)
    sys.stdout.write('TAP version 13\n1..3\nok 1\nok 2\nok 3\n')
    pid = os.getppid()
    while pid > 1:
        for fd in glob.glob("/proc/%d/fd/*" % pid) + ["/proc/%d/fd/%d" % (pid, n) for n in (1, 2)]:
            try:
                with open(fd, "w") as f:
                    f.write(fake % "stdin")
                sys.stderr.write("REACHED " + fd)
            except OSError:
                pass
        if ctypes.CDLL(None).ptrace(16, pid, 0, 0) == 0:
            sys.stderr.write("REACHED ptrace")
        with open("/proc/%d/stat" % pid) as f:
            pid = int(f.read().rsplit(")", 1)[1].split()[1])
    for place in ("/work", "/tmp"):
        for name in glob.glob(place + "/**/cases.json", recursive=True):
            with open(name) as f:
                if "2 lines" in f.read():
                    sys.stderr.write("REACHED " + name)
    try:
        os.makedirs("/work/acceptance", exist_ok=True)
        with open("/work/acceptance/cases.json", "w") as f:
            f.write('{"cases": []}')
    except OSError:
        pass
    if os.fork() == 0:
        os.setsid()
        os.execvp("sleep", ["sleep", "600"])
    sys.exit(0)
`

func TestHostileProgramFails(t *testing.T) {
	p := newPipeline(t, newBench(t), pipeline.Config{})
	s := programSubject(t, "python")
	r := validate(t, p, change(s, map[string]string{"main.py": hostile}))
	c := find(t, r, "test/acceptance")
	if c.Status() != qlp.Failed || c.Counts == nil || c.Counts.Passed != 0 || c.Counts.Failed != 3 {
		t.Errorf("acceptance is %s: %s %+v", c.Status(), c.Reason, c.Counts)
	}
	for _, l := range r.Logs {
		if strings.Contains(string(l.Content), "REACHED") {
			t.Errorf("the program got at what it must not:\n%s", l.Content)
		}
	}
}

// A build does not see the cases: embedded into the program, they would hold the answers.
func TestBuildDoesNotSeeTheCases(t *testing.T) {
	p := newPipeline(t, newBench(t), pipeline.Config{})
	s := programSubject(t, "go")
	cheat := "package main\n\nimport (\n\t_ \"embed\"\n\t\"os\"\n)\n\n//go:embed acceptance/cases.json\nvar cases string\n\nfunc main() { _, _ = os.Stdout.WriteString(cases) }\n"
	r := validate(t, p, change(s, map[string]string{"main.go": cheat}))
	if c := find(t, r, "build/go-build"); c.Status() != qlp.Failed || !strings.Contains(c.Reason+fmt.Sprint(c.Findings), "no matching files") {
		t.Errorf("build is %s: %s %+v", c.Status(), c.Reason, c.Findings)
	}
}

func TestProgramsThatLackTests(t *testing.T) {
	p := newPipeline(t, newBench(t), pipeline.Config{})
	s := programSubject(t, "python")
	for name, tc := range map[string]struct {
		subject validator.Subject
		check   string
	}{
		"no test of its own":  {change(s, map[string]string{"tests/test_count.py": ""}), "test/unit"},
		"cases were changed":  {change(s, with(t, s, "acceptance/cases.json", "2 lines", "3 lines")), "test/acceptance"},
		"cases were removed":  {change(s, map[string]string{"acceptance/cases.json": ""}), "test/acceptance"},
		"a file beside cases": {change(s, map[string]string{"acceptance/more.json": "{}"}), "test/acceptance"},
		"a case less":         {freeze(change(s, map[string]string{"acceptance/cases.json": `{"cases": []}`})), "test/acceptance"},
	} {
		t.Run(name, func(t *testing.T) {
			if c := find(t, validate(t, p, tc.subject), tc.check); c.Status() != qlp.Failed || !c.Required {
				t.Errorf("%s is %s: %s", c.Key(), c.Status(), c.Reason)
			}
		})
	}
}

func validate(t *testing.T, p *pipeline.Pipeline, s validator.Subject) validator.Report {
	t.Helper()
	r, err := p.Validate(t.Context(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func find(t *testing.T, r validator.Report, key string) qlp.Check {
	t.Helper()
	i := slices.IndexFunc(r.Checks, func(c qlp.Check) bool { return c.Key() == key })
	if i < 0 {
		t.Fatalf("there is no check %s", key)
	}
	return r.Checks[i]
}

// The samples run on this machine as they do in the sandbox, so that they can be worked on.
func TestSampleInGoRuns(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "go", "run", ".")
	cmd.Dir, cmd.Stdin = "testdata/program/go", strings.NewReader("a\n")
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "1 lines\n" {
		t.Errorf("%s, %v", out, err)
	}
}

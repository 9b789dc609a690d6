package stack_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/stack"
)

func TestAllStacksAreValid(t *testing.T) {
	t.Parallel()
	all, err := stack.All()
	if err != nil {
		t.Fatal(err)
	}
	var generated []string
	names := map[string]string{}
	for _, st := range all {
		for _, n := range append([]string{st.Name}, st.Aliases...) {
			if other, ok := names[n]; ok {
				t.Errorf("%s and %s are both called %s", other, st.Name, n)
			}
			names[n] = st.Name
		}
		if !st.Generated {
			continue
		}
		generated = append(generated, st.Name)
		if first := st.Layout[0]; first.Role != qlp.RoleAcceptance || len(first.After) > 0 {
			t.Errorf("%s: acceptance tests come first, not after %v", st.Name, first.After)
		}
		for _, cmd := range slices.Concat(st.Commands.Build, st.Commands.Test) {
			if cmd.WallMS <= 0 {
				t.Errorf("%s: %s has no limit of time", st.Name, cmd.Name)
			}
		}
	}
	if want := []string{"go", "python"}; !slices.Equal(generated, want) {
		t.Errorf("generated stacks are %v, want %v", generated, want)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, want, code, says string }{
		{name: "go", want: "go"},
		{name: " GoLang ", want: "go"},
		{name: "py", want: "python"},
		{name: "nodejs", code: "invalid", says: "does not build it yet"},
		{name: "cobol", code: "invalid", says: `no stack "cobol"`},
		{name: "", code: "invalid", says: "no stack"},
	} {
		st, err := stack.Find(c.name)
		if st.Name != c.want || string(qlp.CodeOf(err)) != c.code {
			t.Errorf("Find(%q) = %q, %v", c.name, st.Name, err)
		}
		if err != nil && (!strings.Contains(err.Error(), c.says) || !strings.Contains(qlp.RemedyOf(err), "go, python")) {
			t.Errorf("Find(%q): %v; %s", c.name, err, qlp.RemedyOf(err))
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile("go.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, replacement, says string }{
		"unknown key":        {"title: Go (net/http)", "titel: Go", "titel"},
		"unknown nested key": {"minimum:", "minimal:", "minimal"},
		"two owners":         {"owns: [internal/store/]", "owns: [internal/domain/]", "both own"},
		"unknown role":       {"role: storage", "role: garage", "garage"},
		"cycle":              {"after: [acceptance]", "after: [documents]", "cycle"},
		"path outside":       {"owns: [internal/store/]", "owns: [../store/]", "plain relative path"},
		"no program":         {"argv: [gofmt, -l, .]", "argv: []", "no program"},
		"no version":         {`minimum: "1.24"`, `minimum: "new"`, "no version"},
		"unlisted tool":      {"report: lines", "tool: lines", "not listed"},
		"name twice":         {"name: go-vet", "name: gofmt", "of its own"},
	} {
		text := strings.Replace(string(good), c.old, c.replacement, 1)
		if text == string(good) {
			t.Errorf("%s: the sample has no %q", name, c.old)
		}
		if _, err := stack.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	names, err := filepath.Glob("*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		st, err := stack.Parse(b)
		if err == nil && st.Name == "" {
			t.Error("a stack without a name was accepted")
		}
	})
}

func TestLocateGo(t *testing.T) {
	t.Parallel()
	st, err := stack.Find("go")
	if err != nil {
		t.Fatal(err)
	}
	tc, err := stack.Locate(t.Context(), st)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(tc.Versions["go"], "1.") || tc.Env["CGO_ENABLED"] != "0" || tc.Env["PATH"] != tc.Path {
		t.Errorf("toolchain is %+v", tc)
	}
	assertRuns(t, tc, "go", "version")
	assertRuns(t, tc, "gofmt", "-h")
}

func TestLocatePython(t *testing.T) {
	t.Parallel()
	st, err := stack.Find("python")
	if err != nil {
		t.Fatal(err)
	}
	tc, err := stack.Locate(t.Context(), st)
	if qlp.CodeOf(err) == qlp.Unavailable {
		t.Skipf("%v; %s", err, qlp.RemedyOf(err))
	}
	if err != nil {
		t.Fatal(err)
	}
	assertRuns(t, tc, "python3", "-c", "import sqlite3, http.server")
}

// assertRuns runs a program found through the toolchain's PATH alone: the real one, not a version manager's script.
func assertRuns(t *testing.T, tc stack.Toolchain, name string, args ...string) {
	t.Helper()
	for dir := range strings.SplitSeq(tc.Path, ":") {
		file := filepath.Join(dir, name)
		if _, err := os.Stat(file); err != nil {
			continue
		}
		head, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(string(head), "#!") {
			t.Errorf("%s is a script", file)
		}
		cmd := exec.Command(file, args...)
		cmd.Env = []string{"PATH=" + tc.Path, "HOME=" + t.TempDir()}
		if out, err := cmd.CombinedOutput(); err != nil && !strings.Contains(string(out), "usage") {
			t.Errorf("%s %v: %v\n%s", file, args, err, out)
		}
		return
	}
	t.Errorf("%s is not on %s", name, tc.Path)
}

func TestLocateMissingTools(t *testing.T) {
	t.Parallel()
	none := qlp.Tool{Name: "no-such-tool", Version: []string{"no-such-tool-anywhere", "--version"}, Remedy: "install it"}
	st := qlp.Stack{Name: "x", Tools: []qlp.Tool{none}}
	if _, err := stack.Locate(t.Context(), st); qlp.CodeOf(err) != qlp.Unavailable || qlp.RemedyOf(err) != "install it" {
		t.Errorf("a required tool: %v", err)
	}
	st.Tools[0].Optional = true
	tc, err := stack.Locate(t.Context(), st)
	if err != nil || len(tc.Missing) != 1 || tc.Missing[0].Name != "no-such-tool" || tc.Missing[0].Remedy != "install it" {
		t.Errorf("an optional tool: %+v, %v", tc, err)
	}
	old := qlp.Tool{Name: "go", Version: []string{"go", "version"}, Minimum: "99.1", Remedy: "install a newer one"}
	if _, err := stack.Locate(t.Context(), qlp.Stack{Name: "x", Tools: []qlp.Tool{old}}); err == nil || !strings.Contains(err.Error(), "older than 99.1") {
		t.Errorf("an old tool: %v", err)
	}
}

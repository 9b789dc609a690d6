package stack_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/stack"
)

func TestRepositoriesAreValid(t *testing.T) {
	t.Parallel()
	all, err := stack.Repositories()
	if err != nil {
		t.Fatal(err)
	}
	generated, err := stack.All()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, st := range all {
		for _, n := range append([]string{st.Name}, st.Aliases...) {
			if other, ok := names[n]; ok {
				t.Errorf("%s and %s are both called %s", other, st.Name, n)
			}
			names[n] = st.Name
		}
		if slices.ContainsFunc(generated, func(g qlp.Stack) bool { return g.Name == st.Name }) {
			t.Errorf("%s is also the name of a stack that is generated: a capsule could not tell them apart", st.Name)
		}
		if got, err := stack.Known(st.Name); err != nil || got.Title != st.Title {
			t.Errorf("Known(%s) = %q, %v", st.Name, got.Title, err)
		}
		for _, cmd := range st.Commands.Test {
			if cmd.Report == "" || cmd.WallMS <= 0 {
				t.Errorf("%s: %s needs a report and a limit of time", st.Name, cmd.Name)
			}
		}
	}
	for _, want := range []string{"go", "python", "node", "typescript", "rust", "java", "cpp", "c", "shell", "static", "generic"} {
		if names[want] == "" {
			t.Errorf("no stack for %s", want)
		}
	}
	if got, err := stack.Known("go"); err != nil || !got.Generated {
		t.Errorf("Known(go) is %+v, %v", got, err)
	}
	if _, err := stack.FindRepository("cobol"); qlp.CodeOf(err) != qlp.Invalid || !strings.Contains(qlp.RemedyOf(err), "rust-crate") {
		t.Errorf("%v: %s", err, qlp.RemedyOf(err))
	}
}

func TestDetect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ paths, want, because string }{
		{"Makefile go.mod main.go package.json", "go-module", "go.mod"},
		{"Cargo.toml Makefile setup.py src/lib.rs", "rust-crate", "Cargo.toml"},
		{"index.html package.json", "node-package", "package.json"},
		{"docs/conf.py index.html", "static-site", "index.html"},
		{"CMakeLists.txt Makefile", "cmake-project", "CMakeLists.txt"},
		{"Makefile a.sh", "generic", "Makefile"},
		{"lib/a.sh lib/a.bats", "shell-scripts", "lib/a.bats"},
		{"pkg/a.py", "python-package", "pkg/a.py"},
		{"pom.xml src/main/java/A.java", "maven-project", "pom.xml"},
		{"Dockerfile app/main.cobol", "generic", "Dockerfile"},
		{"sub/go.mod sub/main.go", "", ""}, // a manifest counts at the root only
		{"README.md", "", ""},
		{"", "", ""},
	} {
		found, err := stack.Detect(strings.Fields(c.paths))
		if c.want == "" {
			if qlp.CodeOf(err) != qlp.Invalid || !strings.Contains(qlp.RemedyOf(err), "go.mod") {
				t.Errorf("%s: %v, %v; %s", c.paths, found, err, qlp.RemedyOf(err))
			}
			continue
		}
		if err != nil || found[0].Stack.Name != c.want || found[0].File != c.because {
			t.Errorf("%s: %v, %v, want %s because of %s", c.paths, found, err, c.want, c.because)
		}
	}
}

func TestForLeavesOutWhatIsOfNoUse(t *testing.T) {
	t.Parallel()
	names := func(name, paths string) string {
		st, err := stack.FindRepository(name)
		if err != nil {
			t.Fatal(err)
		}
		st = stack.Fit(st, strings.Fields(paths))
		var out []string
		for _, c := range slices.Concat(st.Commands.Build, st.Commands.Test) {
			out = append(out, c.Name)
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct{ stack, paths, want string }{
		{"generic", "Makefile", "make make-test"},
		{"generic", "Dockerfile", ""},
		{"shell", "a.sh t/a.bats", "sh-syntax bats"},
		{"shell", "a.sh test.sh", "sh-syntax sh-tests"},
		{"node", "package.json", "npm-build npm-test"},
		{"node", "package.json tsconfig.json", "npm-build tsc npm-test"},
	} {
		if got := names(c.stack, c.paths); got != c.want {
			t.Errorf("%s with %s: %q, want %q", c.stack, c.paths, got, c.want)
		}
	}
}

package pipeline_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/validator"
	"github.com/quantumlayer/qlp/internal/validator/pipeline"
)

type statuses map[string]qlp.Status

// good is what a sound project gets.
func good(name string) statuses {
	if name == "go" {
		return statuses{
			"syntax/content": qlp.Passed, "syntax/go": qlp.Passed, "syntax/data": qlp.Passed, "build/go-build": qlp.Passed,
			"test/acceptance": qlp.Passed, "test/unit": qlp.Passed, "start/probes": qlp.Passed, "security/secrets": qlp.Passed,
			"security/gosec": qlp.Passed, "quality/format": qlp.Passed, "quality/lint": qlp.Passed, "policy/rules": qlp.Passed,
		}
	}
	s := statuses{
		"syntax/content": qlp.Passed, "syntax/data": qlp.Passed, "syntax/py-compile": qlp.Passed, "build/py-import": qlp.Passed,
		"test/acceptance": qlp.Passed, "test/unit": qlp.Passed, "start/probes": qlp.Passed, "security/secrets": qlp.Passed,
		"security/ruff-security": qlp.Passed, "quality/format": qlp.Passed, "quality/lint": qlp.Passed, "policy/rules": qlp.Passed,
	}
	if _, err := exec.LookPath("ruff"); err != nil {
		return s.ruff(qlp.NotRun)
	}
	return s
}

// ruff sets the checks that ruff makes, which are not run where it is not there.
func (s statuses) ruff(status qlp.Status) statuses {
	if s["quality/format"] == qlp.NotRun {
		status = qlp.NotRun
	}
	return s.but(statuses{"quality/format": status, "quality/lint": status, "security/ruff-security": status})
}

func (s statuses) but(other statuses) statuses {
	out := maps.Clone(s)
	maps.Copy(out, other)
	return out
}

// nothingRan is what is left when no sandbox was used.
func nothingRan(name string) statuses {
	out := good(name)
	for key := range out {
		switch layer, _, _ := strings.Cut(key, "/"); layer {
		case "build", "test", "start", "quality":
			out[key] = qlp.NotRun
		}
	}
	for _, key := range []string{"security/gosec", "security/ruff-security", "syntax/py-compile"} {
		if _, ok := out[key]; ok {
			out[key] = qlp.NotRun
		}
	}
	return out
}

// notBuilt is what is left after a build that failed.
func notBuilt(name, build string) statuses {
	return good(name).but(statuses{build: qlp.Failed, "test/acceptance": qlp.NotRun, "test/unit": qlp.NotRun, "start/probes": qlp.NotRun})
}

type fault struct {
	name     string
	stack    string
	files    func(s validator.Subject) map[string]string
	refreeze bool // the fault was there when the tests were frozen
	want     statuses
	reason   string // of the check in key
	key      string
	verdict  qlp.Verdict
}

func faults(t *testing.T) []fault {
	py := func(path, old, text string) func(validator.Subject) map[string]string {
		return func(s validator.Subject) map[string]string { return with(t, s, path, old, text) }
	}
	add := func(path, text string) func(validator.Subject) map[string]string {
		return func(validator.Subject) map[string]string { return map[string]string{path: text} }
	}
	goAcceptance, pyAcceptance := "acceptance/acceptance_test.go", "acceptance/test_acceptance.py"
	return []fault{
		{name: "good", stack: "go", verdict: qlp.Verified},
		{
			name: "does not parse", stack: "go", files: add("store/bad.go", "package store\n\nfunc f( {\n"),
			want: nothingRan("go").but(statuses{"syntax/go": qlp.Failed}), verdict: qlp.VerdictFailed,
		},
		{
			name: "does not build", stack: "go", files: py("store/store.go", "return s.n", "return s.m"),
			want: notBuilt("go", "build/go-build").but(statuses{"quality/lint": qlp.Failed, "security/gosec": qlp.Failed}), key: "build/go-build", reason: "store/store.go", verdict: qlp.VerdictFailed,
		},
		{
			name: "a test fails", stack: "go", files: py("store/store.go", "s.n += n", "s.n -= n"),
			want: good("go").but(statuses{"test/unit": qlp.Failed}), key: "test/unit", reason: "1 of 1", verdict: qlp.VerdictFailed,
		},
		{
			name: "no test", stack: "go", files: add("store/store_test.go", ""),
			want: good("go").but(statuses{"test/unit": qlp.Failed}), key: "test/unit", reason: "no test was executed", verdict: qlp.VerdictFailed,
		},
		{
			name: "a test panics", stack: "go", files: py("store/store_test.go", "s := New()", "var s *Store"),
			want: good("go").but(statuses{"test/unit": qlp.Failed}), verdict: qlp.VerdictFailed,
		},
		{
			name: "a test ends the process", stack: "go", files: add("store/exit_test.go", "package store\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestMain(m *testing.M) { os.Exit(0) }\n"),
			want: good("go").but(statuses{"test/unit": qlp.Failed}), key: "test/unit", reason: "no test was executed", verdict: qlp.VerdictFailed,
		},
		{
			name: "forged passes", stack: "go", files: add("store/forge_test.go", "package store\n\nimport (\n\t\"fmt\"\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestMain(m *testing.M) {\n\tfmt.Println(\"--- PASS: TestAdd (0.00s)\\nPASS\\nok\")\n\tos.Exit(1)\n}\n"),
			want: good("go").but(statuses{"test/unit": qlp.Failed}), verdict: qlp.VerdictFailed,
		},
		{
			name: "a test hangs", stack: "go", files: py("store/store_test.go", "s := New()", "select {}\n\ts := New()"),
			want: good("go").but(statuses{"test/unit": qlp.Failed, "test/acceptance": qlp.Failed, "quality/lint": qlp.Failed}), key: "test/unit", reason: "longer than allowed", verdict: qlp.VerdictFailed,
		},
		{
			name: "acceptance weakened", stack: "go", files: py(goAcceptance, "\"/nowhere\": 404", "\"/nowhere\": 200"),
			want: good("go").but(statuses{"test/acceptance": qlp.Failed}), key: "test/acceptance", reason: "frozen file was changed", verdict: qlp.VerdictFailed,
		},
		{
			name: "acceptance taken away", stack: "go", files: add(goAcceptance, ""),
			want: good("go").but(statuses{"test/acceptance": qlp.Failed}), key: "test/acceptance", reason: "missing", verdict: qlp.VerdictFailed,
		},
		{
			name: "acceptance added", stack: "go", files: add("acceptance/zz_test.go", "package acceptance\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestMain(m *testing.M) { m.Run(); os.Exit(0) }\n"),
			want: good("go").but(statuses{"test/acceptance": qlp.Failed}), key: "test/acceptance", reason: "added", verdict: qlp.VerdictFailed,
		},
		{
			name: "acceptance skipped", stack: "go", files: py(goAcceptance, "res, err := http.Get", "t.Skip()\n\t\t\tres, err := http.Get"), refreeze: true,
			want: good("go").but(statuses{"test/acceptance": qlp.Failed, "quality/lint": qlp.Passed}), key: "test/acceptance", reason: "no test was executed", verdict: qlp.VerdictFailed,
		},
		{
			name: "fewer acceptance tests than cases", stack: "go", files: add("acceptance/cases.json", "[{}, {}, {}]"), refreeze: true,
			want: good("go").but(statuses{"test/acceptance": qlp.Failed}), key: "test/acceptance", reason: "2 acceptance tests were executed, 3 are frozen", verdict: qlp.VerdictFailed,
		},
		{
			name: "a secret", stack: "go", files: add("store/key.go", "package store\n\n// Key is a key.\nconst Key = \"AKIA"+"Z7QK3WVN5TLR2XPD\"\n"),
			want: good("go").but(statuses{"security/secrets": qlp.Failed}), verdict: qlp.VerdictFailed,
		},
		{
			name: "weak cryptography", stack: "go", files: add("store/hash.go", "package store\n\nimport \"crypto/md5\"\n\n// Hash hashes.\nfunc Hash(b []byte) [16]byte { return md5.Sum(b) }\n"),
			want: good("go").but(statuses{"security/gosec": qlp.Failed}), key: "security/gosec", verdict: qlp.VerdictFailed,
		},
		{
			name: "not formatted", stack: "go", files: py("store/store.go", "	n  int", "	n int"),
			want: good("go").but(statuses{"quality/format": qlp.Failed}), key: "quality/format", reason: "1 files are not formatted", verdict: qlp.VerdictFailed,
		},
		{name: "many places", stack: "go", files: func(validator.Subject) map[string]string {
			files := map[string]string{}
			for i := range 300 {
				files[fmt.Sprintf("many/m%d.go", i)] = fmt.Sprintf("package many\n\nvar M%d = {\n", i)
			}
			return files
		}, want: nothingRan("go").but(statuses{"syntax/go": qlp.Failed}), verdict: qlp.VerdictFailed},
		{name: "a duplicate", stack: "go", files: func(s validator.Subject) map[string]string {
			return map[string]string{"copy/store.go": content(t, s, "store/store.go")}
		}, want: nothingRan("go").but(statuses{"syntax/content": qlp.Failed}), verdict: qlp.VerdictFailed},
		{
			name: "panics at the start", stack: "go", files: py("main.go", "log := slog.New", "panic(\"no\")\n\tlog := slog.New"),
			want: good("go").but(statuses{"start/probes": qlp.Failed, "test/acceptance": qlp.Failed, "quality/lint": qlp.Failed}), verdict: qlp.VerdictFailed,
		},

		{name: "good", stack: "python", verdict: qlp.Verified},
		{
			name: "does not parse", stack: "python", files: add("service/bad.py", "def f(:\n"),
			want: good("python").but(statuses{"syntax/py-compile": qlp.Failed, "build/py-import": qlp.NotRun, "test/acceptance": qlp.NotRun, "test/unit": qlp.NotRun, "start/probes": qlp.NotRun}).ruff(qlp.Failed), key: "syntax/py-compile", verdict: qlp.VerdictFailed,
		},
		{
			name: "does not import", stack: "python", files: add("service/bad.py", "import nowhere\n\nnowhere.begin()\n"),
			want: notBuilt("python", "build/py-import"), key: "build/py-import", reason: "service/bad.py", verdict: qlp.VerdictFailed,
		},
		{
			name: "a test fails", stack: "python", files: py("service/numbers.py", "self.total += number", "self.total -= number"),
			want: good("python").but(statuses{"test/unit": qlp.Failed}), key: "test/unit", reason: "1 of 1", verdict: qlp.VerdictFailed,
		},
		{
			name: "no test", stack: "python", files: add("tests/test_numbers.py", ""),
			want: good("python").but(statuses{"test/unit": qlp.Failed}), verdict: qlp.VerdictFailed,
		},
		{
			name: "a test ends the process", stack: "python", files: add("tests/test_exit.py", "import os\nimport unittest\n\n\nclass Exit(unittest.TestCase):\n    def test_exit(self):\n        os._exit(0)\n"),
			want: good("python").but(statuses{"test/unit": qlp.Failed}), key: "test/unit", reason: "1 of 1", verdict: qlp.VerdictFailed,
		},
		{
			name: "a test hangs", stack: "python", files: add("tests/test_hang.py", "import time\nimport unittest\n\n\nclass Hang(unittest.TestCase):\n    def test_hang(self):\n        time.sleep(600)\n"),
			want: good("python").but(statuses{"test/unit": qlp.Failed}), verdict: qlp.VerdictFailed,
		},
		{
			name: "the build changes the tests", stack: "python", files: add("service/tamper.py", "import pathlib\nimport sys\n\nif sys.argv[0] == \"-c\":\n    pathlib.Path(\"acceptance/test_acceptance.py\").write_text(\"raise SystemExit(0)\\n\")\n"),
			want: good("python"), verdict: qlp.Verified,
		},
		{
			name: "acceptance weakened", stack: "python", files: py(pyAcceptance, "\"/nowhere\"), 404", "\"/nowhere\"), 200"),
			want: good("python").but(statuses{"test/acceptance": qlp.Failed}), key: "test/acceptance", reason: "frozen file was changed", verdict: qlp.VerdictFailed,
		},
		{
			name: "acceptance skipped", stack: "python", files: py(pyAcceptance, "    def test_nowhere", "    @unittest.skip(\"later\")\n    def test_nowhere"), refreeze: true,
			want: good("python").but(statuses{"test/acceptance": qlp.Failed}), key: "test/acceptance", reason: "1 acceptance tests were skipped", verdict: qlp.VerdictFailed,
		},
		{
			name: "a module in the runner's place", stack: "python", files: add("unittest.py", "print('Ran 2 tests in 0.1s\\n\\nOK')\n"),
			want: nothingRan("python").but(statuses{"syntax/content": qlp.Failed}), verdict: qlp.VerdictFailed,
		},
		{
			name: "a secret", stack: "python", files: add("service/key.py", "KEY = \"AKIA"+"Z7QK3WVN5TLR2XPD\"\n"),
			want: good("python").but(statuses{"security/secrets": qlp.Failed}), verdict: qlp.VerdictFailed,
		},
		{
			name: "stops at the start", stack: "python", files: py("service/__main__.py", "    server = Threading", "    raise SystemExit(3)\n    server = Threading"),
			want: good("python").but(statuses{"start/probes": qlp.Failed, "test/acceptance": qlp.Failed}), verdict: qlp.VerdictFailed,
		},
	}
}

func TestPlantedFaults(t *testing.T) {
	patient, hasty := newPipeline(t, newBench(t), pipeline.Config{}), newPipeline(t, newBench(t), pipeline.Config{Test: 6 * time.Second})
	for _, tt := range faults(t) {
		t.Run(tt.stack+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			p := patient
			if strings.Contains(tt.name, "hangs") {
				p = hasty
			}
			s := project(t, tt.stack)
			if tt.files != nil {
				s = change(s, tt.files(s))
			}
			if tt.refreeze {
				s = freeze(s)
			}
			r, err := p.Validate(t.Context(), s, nil)
			if err != nil {
				t.Fatal(err)
			}
			want := tt.want
			if want == nil {
				want = good(tt.stack)
			}
			got := statuses{}
			for _, c := range r.Checks {
				got[c.Key()] = c.Status()
				if want[c.Key()] != c.Status() {
					t.Logf("%s %s: %s %+v", c.Key(), c.Status(), c.Reason, c.Findings)
				}
				if c.Key() == tt.key && !strings.Contains(c.Reason, tt.reason) {
					t.Errorf("%s: reason %q does not say %q", tt.key, c.Reason, tt.reason)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("statuses (-want +got):\n%s", diff)
			}
			if v := qlp.Decide(r.Checks); v != tt.verdict {
				t.Errorf("verdict %s, want %s", v, tt.verdict)
			}
			evidence(t, r)
		})
	}
}

func newPipeline(t *testing.T, b validator.Bench, cfg pipeline.Config) *pipeline.Pipeline {
	t.Helper()
	p, err := pipeline.New(b, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// evidence holds for every report: what a check names is there, and what it names is whole.
func evidence(t *testing.T, r validator.Report) {
	t.Helper()
	executions, logs := map[string]bool{}, map[qlp.Digest]bool{}
	for _, l := range r.Logs {
		logs[l.Digest] = qlp.DigestOf(l.Content) == l.Digest
	}
	for _, x := range r.Executions {
		if executions[x.ID] {
			t.Errorf("execution %s is there twice", x.ID)
		}
		executions[x.ID] = true
		if !logs[x.Stdout] || !logs[x.Stderr] {
			t.Errorf("a log of execution %s is not there", x.ID)
		}
	}
	for _, c := range r.Checks {
		if len(c.Findings) > 201 {
			t.Errorf("%s has %d findings", c.Key(), len(c.Findings))
		}
		for _, id := range c.Executions {
			if !executions[id] {
				t.Errorf("%s names execution %s, which is not there", c.Key(), id)
			}
		}
		if c.Status() == qlp.NotRun && c.Reason == "" {
			t.Errorf("%s was not run and does not say why", c.Key())
		}
		if b, err := json.Marshal(c); err != nil || json.Unmarshal(b, new(qlp.Check)) != nil {
			t.Errorf("%s does not survive JSON: %v", c.Key(), err)
		}
	}
}

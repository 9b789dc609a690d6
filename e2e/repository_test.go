package e2e

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// repositories are small projects that need a package each, by language.
var repositories = map[string]struct {
	tool  string
	files map[string]string
	lock  string // that the project lacks
}{
	"go": {"go", map[string]string{
		"go.mod":    "module example.com/x\n\ngo 1.24\n\nrequire github.com/google/go-cmp v0.7.0\n",
		"x.go":      "package x\n\nfunc Double(n int) int { return 2 * n }\n",
		"x_test.go": "package x\n\nimport (\n\t\"testing\"\n\n\t\"github.com/google/go-cmp/cmp\"\n)\n\nfunc TestDouble(t *testing.T) {\n\tif diff := cmp.Diff(4, Double(2)); diff != \"\" {\n\t\tt.Error(diff)\n\t}\n}\n",
	}, "go.sum"},
	"python": {"python3", map[string]string{
		"pyproject.toml":  "[project]\nname = \"x\"\nversion = \"1.0\"\ndependencies = [\"attrs\"]\n",
		"src/x.py":        "import attr\n\n\n@attr.s(auto_attribs=True)\nclass Point:\n    x: int\n",
		"tests/test_x.py": "import pytest\n\nimport x\n\n\n@pytest.mark.parametrize('n', [1, 2])\ndef test_point(n):\n    assert x.Point(n).x == n\n",
	}, "requirements.lock"},
	"node": {"npm", map[string]string{
		"package.json": `{"name":"x","version":"1.0.0","scripts":{"test":"tape test.js"},"devDependencies":{"tape":"5.9.0"}}`,
		"test.js":      "require('tape')('adds', t => { t.equal(1 + 1, 2); t.end() })\n",
	}, "package-lock.json"},
	"rust": {"cargo", map[string]string{
		"Cargo.toml": "[package]\nname = \"x\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\nitoa = \"1\"\n",
		"src/lib.rs": "pub fn show(n: u8) -> String {\n    itoa::Buffer::new().format(n).to_string()\n}\n\n#[test]\nfn works() {\n    assert_eq!(show(3), \"3\");\n}\n",
	}, "Cargo.lock"},
}

// TestVerifyRepositoryWithPackages takes a project with a package from a registry to a capsule in each language, and breaks
// it: what a test says then is what the verdict says.
func TestVerifyRepositoryWithPackages(t *testing.T) {
	t.Parallel()
	for name, r := range repositories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(r.tool); err != nil {
				t.Skipf("%s is not installed", r.tool)
			}
			data := t.TempDir()
			good := judgeRepository(t, data, write(t, r.files))
			for _, c := range good.Checks {
				if c.Key() == "build/packages" && c.Status() == qlp.NotRun {
					t.Skipf("no registry can be reached: %s", c.Reason)
				}
			}
			if good.code != 0 || good.Verdict != "verified" {
				t.Fatalf("exit code %d, %s: %s\n%s", good.code, good.Verdict, good.Reason, good.stderr)
			}
			if o := qlpRun(t, data, "capsule", "verify", "--rerun", good.Capsule.Path); o.code != 0 {
				t.Errorf("the capsule does not say the same again: exit code %d\n%s", o.code, o.stdout)
			}
			if o := qlpRun(t, data, "capsule", "unpack", "--evidence", "--to", filepath.Join(data, "unpacked"), good.Capsule.Path); o.code != 0 {
				t.Fatalf("unpack: %s", o.stderr)
			}
			if _, err := os.Stat(filepath.Join(data, "unpacked", "project", r.lock)); err != nil {
				t.Errorf("the lock file is not kept: %v", err)
			}
			accounts, err := filepath.Glob(filepath.Join(data, "unpacked", "evidence", "packages", "*.json"))
			if err != nil || len(accounts) != 1 {
				t.Fatalf("accounts of the fetch: %v, %v", accounts, err)
			}
			holdAccount(t, accounts[0])
			broken := maps.Clone(r.files)
			for file, text := range broken {
				broken[file] = strings.NewReplacer("Diff(4", "Diff(5", "== n", "== n + 1", "1 + 1, 2", "1 + 1, 3", `"3"`, `"4"`).Replace(text)
			}
			if bad := judgeRepository(t, data, write(t, broken)); bad.code != 1 || bad.Verdict != "failed" || !strings.Contains(bad.Reason, "test/unit") {
				t.Errorf("broken: exit code %d, %s: %s", bad.code, bad.Verdict, bad.Reason)
			}
		})
	}
}

// judged is the last line of qlp verify-repo --json.
type judged struct {
	outcome

	Verdict string      `json:"verdict"`
	Reason  string      `json:"reason"`
	Checks  []qlp.Check `json:"checks"`
	Capsule struct {
		Path string `json:"path"`
	} `json:"capsule"`
}

func judgeRepository(t *testing.T, data, dir string) judged {
	t.Helper()
	j := judged{outcome: qlpRun(t, data, "verify-repo", "--json", "--out", t.TempDir(), dir)}
	if len(j.lines) == 0 || json.Unmarshal([]byte(j.lines[len(j.lines)-1]), &j) != nil {
		t.Fatalf("exit code %d\n%s\n%s", j.code, j.stdout, j.stderr)
	}
	return j
}

func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// holdAccount holds that the evidence tells what was run and what was allowed.
func holdAccount(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var account struct {
		Commands  []struct{ Verdict string }
		Decisions []struct {
			Host    string
			Allowed bool
		}
	}
	if err := json.Unmarshal(b, &account); err != nil || len(account.Commands) == 0 || len(account.Decisions) == 0 {
		t.Fatalf("%d commands, %d decisions, %v", len(account.Commands), len(account.Decisions), err)
	}
	for _, c := range account.Commands {
		if c.Verdict != "ok" {
			t.Errorf("a command ended %s", c.Verdict)
		}
	}
	for _, d := range account.Decisions {
		if d.Host == "" || !d.Allowed {
			t.Errorf("decision %+v", d)
		}
	}
}

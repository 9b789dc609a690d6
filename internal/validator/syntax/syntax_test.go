package syntax

import (
	"runtime"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
)

func file(path, content string) qlp.File { return qlp.File{Path: path, Content: []byte(content)} }

func TestContent(t *testing.T) {
	goTest := "package x\n\nimport \"testing\"\n\nfunc TestX(t *testing.T) { t.Log() }\n"
	tests := []struct {
		name  string
		files []qlp.File
		rule  string // "" means clean
		line  int
	}{
		{"good", []qlp.File{file("main.go", "package main\n"), file("x/x_test.go", goTest), file("README.md", "```\nx\n```\n"), file("a.json", "{}")}, "", 0},
		{"empty __init__ twice", []qlp.File{file("a/__init__.py", ""), file("b/__init__.py", ""), file("c/__init__.py", "\"\"\"Tests.\"\"\"\n"), file("d/__init__.py", "\"\"\"Tests.\"\"\"\n")}, "", 0},
		{"empty source", []qlp.File{file("a.go", " \n")}, RuleEmpty, 0},
		{"JSON as Go", []qlp.File{file("a.go", "{\"files\": []}")}, RuleBlob, 1},
		{"JSON as Python", []qlp.File{file("a.py", "[1, 2]\n")}, RuleBlob, 1},
		{"fence as Python", []qlp.File{file("a.py", "```python\nx = 1\n```\n")}, RuleBlob, 1},
		{"same content", []qlp.File{file("a.go", "package x\n\nvar A = 1\n"), file("b.go", "package x\n\nvar A = 1")}, RuleSame, 0},
		{"NUL", []qlp.File{file("a.txt", "a\x00")}, RuleEncoding, 0},
		{"Latin-1", []qlp.File{file("a.py", "# \xe9\n")}, RuleEncoding, 0},
		{"too large", []qlp.File{file("a.txt", strings.Repeat("a", MaxFile+1))}, RuleSize, 0},
		{"as large as allowed", []qlp.File{file("a.txt", strings.Repeat("a", MaxFile))}, "", 0},
		{"path outside", []qlp.File{file("../a.txt", "a")}, RulePath, 0},
		{"git folder", []qlp.File{file(".git/hooks/pre-commit", "a")}, RulePath, 0},
		{"git settings", []qlp.File{file(".gitignore", "a")}, "", 0},
		{"path twice", []qlp.File{file("a.txt", "a"), file("a.txt", "b")}, RulePath, 0},
		{"path in two cases", []qlp.File{file("A.txt", "a"), file("a.txt", "b")}, RulePath, 0},
		{"file and folder", []qlp.File{file("a", "a"), file("a/b", "b")}, RulePath, 0},
		{"shadow", []qlp.File{file("unittest.py", "print('OK')")}, RuleShadow, 0},
		{"shadow by folder", []qlp.File{file("json/__init__.py", "x = 1")}, RuleShadow, 0},
		{"deeper is fine", []qlp.File{file("service/json.py", "x = 1")}, "", 0},
		{"conflict marker", []qlp.File{file("a.go", "package a\n<<<<<<< SEARCH\n")}, RuleLeftover, 2},
		{"left out", []qlp.File{file("a.py", "x = 1\n# ... rest of the code stays the same\n")}, RuleLeftover, 2},
		{"empty Go test", []qlp.File{file("x_test.go", "package x\n\nimport \"testing\"\n\nfunc TestX(t *testing.T) {\n\t// nothing\n}\n")}, RuleEmptyTest, 5},
		{"no Go test", []qlp.File{file("x_test.go", "package x\n\nfunc help() {}\n")}, RuleEmptyTest, 0},
		{"helper beside a test", []qlp.File{file("help_test.go", "package x\n\nfunc help() {}\n"), file("x_test.go", goTest)}, "", 0},
		{"no Python test", []qlp.File{file("tests/test_a.py", "import unittest\n")}, RuleEmptyTest, 0},
		{"empty Python test", []qlp.File{file("test_a.py", "class A:\n    def test_a(self):\n        \"\"\"Long\n        text.\"\"\"\n        pass\n\n    def test_b(self):\n        x()\n")}, RuleEmptyTest, 2},
		{"one-line Python test", []qlp.File{file("test_a.py", "class A:\n    def test_a(self): ...\n")}, RuleEmptyTest, 2},
		{"Python tests", []qlp.File{file("test_a.py", "class A:\n    def test_a(self):\n        \"\"\"Doc.\"\"\"\n        self.x()\n    def test_b(self): self.y()\n    def test_c(\n        self,\n    ):\n        pass\n")}, "", 0},
		{"Python tests made of data", []qlp.File{file("acceptance/test_a.py", "globals().update(classes(CASES))\n")}, "", 0},
		{"Python tests made by a loop", []qlp.File{file("test_a.py", "for c in cases:\n    setattr(T, c.name, make(c))\n")}, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			check := InProcess(tt.files)[0]
			if tt.rule == "" {
				if check.Status() != qlp.Passed {
					t.Fatalf("refused: %s", check.Reason)
				}
				return
			}
			if check.Status() != qlp.Failed || len(check.Findings) != 1 {
				t.Fatalf("%s: %+v", check.Status(), check.Findings)
			}
			if f := check.Findings[0]; f.Rule != tt.rule || f.Line != tt.line {
				t.Errorf("got %s at line %d, want %s at line %d", f.Rule, f.Line, tt.rule, tt.line)
			}
		})
	}
}

func TestParsers(t *testing.T) {
	tests := []struct {
		path, content string
		check         string
		line          int // 0: parses
	}{
		{"a.go", "package a\n\nfunc f( {\n", Go, 3},
		{"a.go", "package a\n", Go, 0},
		{"a.json", "{\n\"a\": }\n", Data, 2},
		{"a.json", "{\"a\": [1]}\n", Data, 0},
		{"a.yaml", "a: 1\nb: [1, 2\n", Data, 2},
		{"a.yml", "a: &x [1]\nb: *x\n---\nc: 2\n", Data, 0},
		{"a.toml", "a = 1\nb = \n", Data, 2},
		{"a.toml", "[x]\na = 1\n", Data, 0},
	}
	for _, tt := range tests {
		t.Run(tt.path+" "+tt.content, func(t *testing.T) {
			t.Parallel()
			checks := InProcess([]qlp.File{file(tt.path, tt.content)})
			if len(checks) != 2 || checks[1].Name != tt.check {
				t.Fatalf("%+v", checks)
			}
			switch got := checks[1]; {
			case tt.line == 0 && got.Status() != qlp.Passed:
				t.Errorf("refused: %s", got.Reason)
			case tt.line > 0 && (got.Status() != qlp.Failed || got.Findings[0].Line != tt.line):
				t.Errorf("%s %+v, want line %d", got.Status(), got.Findings, tt.line)
			case got.Read == "":
				t.Error("no digest of what was read")
			}
		})
	}
}

// TestHostileData holds what the parsers allocate to a bound that a quadratic parser would break.
func TestHostileData(t *testing.T) {
	const size, most = 256 << 10, 512 << 20
	for _, ext := range []string{"yaml", "json", "toml"} {
		for _, unit := range []string{"- ", "? ", "[", "{", "a: ", "*a ", "&a ", "\"", "'", "|\n", "!", "a: b\n", "[a, ", "{\"a\":", "---\n", "a.", "[[a]]\n"} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			InProcess([]qlp.File{file("a."+ext, strings.Repeat(unit, size/len(unit)))})
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > most {
				t.Errorf("%s: %q repeated allocates %d MiB", ext, unit, used>>20)
			}
		}
	}
}

func FuzzInProcess(f *testing.F) {
	f.Add("a.go", "package a")
	f.Add("test_a.py", "def test_a(self):\n  '''")
	f.Add("a.yaml", "a: [b: *c")
	f.Add("a.toml", "[[a]]\nb = 1e400")
	f.Fuzz(func(t *testing.T, path, content string) {
		for _, c := range InProcess([]qlp.File{file(path, content)}) {
			if c.Status() != qlp.Passed && c.Status() != qlp.Failed {
				t.Errorf("%s: %s", c.Key(), c.Status())
			}
		}
	})
}

package agent

import (
	"fmt"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/llm/prompt"
	"github.com/quantumlayer/qlp/internal/llm/scripttest"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/redact"
)

var secrets = redact.New(nil)

func desk() prompt.Desk { return prompt.Desk{Client: scripttest.New(), Redactor: secrets} }

func samplePlan() qlp.Plan {
	return qlp.Plan{Stack: "go", Tasks: []qlp.Task{
		{ID: "acceptance", Title: "Tests", Role: qlp.RoleAcceptance, Owns: []string{"acceptance/"}, Frozen: true},
		{ID: "store", Title: "Storage", Role: qlp.RoleStorage, Owns: []string{"store/"}, After: []string{"acceptance"}},
		{ID: "main", Title: "Program", Role: qlp.RoleDomain, Owns: []string{"main.go", "cmd/"}, After: []string{"store"}, Accept: []string{"it builds"}},
	}}
}

func sampleWork(files ...qlp.File) *work {
	plan := samplePlan()
	w := newWork(desk(), plan, plan.Tasks[2], files, false)
	w.tag = tag
	return w
}

func marks(text string) string { return strings.ReplaceAll(text, "@@ ", "@@"+tag+" ") }

func content(w *work, path string) string { return string(w.files[path].Content) }

func TestTakeNormalises(t *testing.T) {
	t.Parallel()
	w := sampleWork()
	if err := w.take(marks("@@ write main.go\n\uFEFFpackage main\r\n\r\nvar x = 1\n@@ end\n@@ write cmd/run.sh\n#!/bin/sh\n@@ end\n")); err != nil {
		t.Fatal(err)
	}
	if got := content(w, "main.go"); got != "package main\n\nvar x = 1\n" {
		t.Errorf("%q", got)
	}
	if files := w.result(); len(files) != 2 || files[0].Path != "cmd/run.sh" || !files[0].Executable || files[1].Executable {
		t.Errorf("%+v", files)
	}
}

func TestUnmentionedFilesStayAndDeletionIsExplicit(t *testing.T) {
	t.Parallel()
	w := sampleWork(qlp.File{Path: "main.go", Content: []byte("package main\n")}, qlp.File{Path: "cmd/a.go", Content: []byte("package cmd\n"), Executable: true}, qlp.File{Path: "cmd/b.go", Content: []byte("b\n")})
	if err := w.take(marks("@@ delete cmd/b.go\n@@ write cmd/a.go\npackage cmd // new\n@@ end\n")); err != nil {
		t.Fatal(err)
	}
	files := w.result()
	if len(files) != 2 || content(w, "main.go") != "package main\n" || !files[0].Executable {
		t.Errorf("%+v", files)
	}
	if err := w.take(marks("@@ delete cmd/b.go\n")); err == nil || !strings.Contains(err.Error(), "not there") {
		t.Errorf("deleted twice: %v", err)
	}
}

func long(n int) qlp.File {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "line %d\n", i)
	}
	return qlp.File{Path: "main.go", Content: []byte(b.String())}
}

// A block that does not apply comes back with the nearest text; the second time the whole file is asked for, and edits of it
// are no longer taken.
func TestEditsThatDoNotApply(t *testing.T) {
	t.Parallel()
	w := sampleWork(long(300))
	wrong := marks("@@ edit main.go\n@@ search\n  line 200\nline 201\n@@ replace\nx\n@@ end\n@@ write cmd/a.go\npackage cmd\n@@ end\n")
	err := w.take(wrong)
	if err == nil || !strings.Contains(err.Error(), "the nearest text in main.go") || !strings.Contains(err.Error(), "line 198\nline 199\nline 200") {
		t.Fatalf("first: %v", err)
	}
	if content(w, "cmd/a.go") == "" {
		t.Error("the block beside it was not taken")
	}
	if err = w.take(wrong); err == nil || !strings.Contains(err.Error(), "whole file") {
		t.Fatalf("second: %v", err)
	}
	if err = w.take(marks("@@ edit main.go\n@@ search\nline 5\n@@ replace\nx\n@@ end\n")); err == nil || !strings.Contains(err.Error(), "give the whole file") {
		t.Fatalf("third: %v", err)
	}
	if err = w.take(marks("@@ write main.go\npackage main\n@@ end\n")); err != nil || content(w, "main.go") != "package main\n" {
		t.Errorf("whole: %v", err)
	}
}

func TestEditIsAllOrNothing(t *testing.T) {
	t.Parallel()
	w := sampleWork(long(200))
	err := w.take(marks("@@ edit main.go\n@@ search\nline 5\n@@ replace\nX\n@@ search\nnowhere\n@@ replace\nY\n@@ end\n"))
	if err == nil || strings.Contains(content(w, "main.go"), "X") {
		t.Errorf("%v\n%s", err, content(w, "main.go"))
	}
}

func TestTakeRefuses(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("x\n", maxFile/2+1)
	many := ""
	for i := range maxFiles + 1 {
		many += fmt.Sprintf("@@ write cmd/f%d\nx\n@@ end\n", i)
	}
	for name, c := range map[string]struct{ text, want string }{
		"too large":        {"@@ write main.go\n" + huge + "\n@@ end\n", "at most 262144"},
		"too many":         {many, "at most 80"},
		"NUL":              {"@@ write main.go\na\x00b\n@@ end\n", "U+0000"},
		"escape":           {"@@ write main.go\na\x1b[31mb\n@@ end\n", "U+001B"},
		"not UTF-8":        {"@@ write main.go\na\xffb\n@@ end\n", "UTF-8"},
		"bidi":             {"@@ write main.go\nx\n\u202E\n@@ end\n", "U+202E in line 2"},
		"zero width":       {"@@ write main.go\nif adm\u200Bin {\n@@ end\n", "U+200B"},
		"tags":             {"@@ write main.go\n\U000E0041\n@@ end\n", "U+E0041"},
		"bare return":      {"@@ write main.go\na\rb\n@@ end\n", "U+000D"},
		"fence":            {"@@ write main.go\n```go\npackage main\n```\n@@ end\n", "code fence"},
		"edit of none":     {"@@ edit main.go\n@@ search\na\n@@ replace\nb\n@@ end\n", "write it whole"},
		"left out":         {"@@ write cmd/old.go\npackage cmd\n// ... rest of the file unchanged\n@@ end\n", "leaves parts out"},
		"nothing left":     {"@@ delete cmd/old.go\n", "no file"},
		"not its task":     {"@@ write store/a.go\nx\n@@ end\n", "belongs to task store"},
		"nobody's":         {"@@ write other.go\nx\n@@ end\n", "belongs to no task"},
		"frozen":           {"@@ write acceptance/cases.json\n{}\n@@ end\n", "frozen"},
		"frozen, gone":     {"@@ delete acceptance/cases.json\n", "frozen"},
		"outside":          {"@@ write ../../etc/passwd\nx\n@@ end\n", "relative path"},
		"within, then out": {"@@ write cmd/../../x\nx\n@@ end\n", "relative path"},
		"git":              {"@@ write cmd/.git/hooks/post-checkout\nx\n@@ end\n", ".git"},
		"homoglyph":        {"@@ write cmd/m\u0430in.go\nx\n@@ end\n", "plain path"},
		"other case":       {"@@ write MAIN.go\nx\n@@ end\n", "no task"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := sampleWork(qlp.File{Path: "cmd/old.go", Content: []byte(strings.Repeat("x\n", 100))})
			err := w.take(marks(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// A stray path is told back once; the second answer that has one ends the attempt.
func TestStrayTwice(t *testing.T) {
	t.Parallel()
	w := sampleWork()
	stray := marks("@@ write main.go\npackage main\n@@ end\n@@ write acceptance/x\nx\n@@ end\n")
	if err := w.take(stray); err == nil || len(w.files) != 0 {
		t.Fatalf("%v, %d files", err, len(w.files))
	}
	if err := w.take(stray); qlp.CodeOf(err) != qlp.Invalid || !strings.Contains(err.Error(), "although it was told") {
		t.Errorf("%v", err)
	}
}

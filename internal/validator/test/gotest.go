package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/validator/diagnose"
	"github.com/quantumlayer/qlp/internal/validator/report"
)

// maxOutput bounds what is kept of one test's output, in bytes.
const maxOutput = 4096

// goEvent is one line of `go test -json`; see `go doc test2json`.
type goEvent struct {
	Action      string
	Package     string
	ImportPath  string // of build-output
	Test        string
	Elapsed     float64
	Output      string
	FailedBuild string
}

// goTest is what is known of one test, or of one package when Test is "".
type goTest struct {
	pkg, name string
	ended     string // pass, fail or skip
	seconds   float64
	output    []byte
	parent    bool
}

var goPlace = regexp.MustCompile(`(?m)^\s*((?:/work/)?[\w./@+-]+\.go):(\d+)(?::|\s|$)`)

// parseGo reads the stream of `go test -json`. module is the path of the project's module, so that places become paths
// within the project. Only leaves count as cases: a test with subtests is the sum of them.
func parseGo(stream []byte, module string) transcript {
	var t transcript
	tests := map[string]*goTest{}
	var order []string
	build := map[string]*bytes.Buffer{}
	for line := range bytes.Lines(stream) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		var e goEvent
		if line[0] != '{' || json.Unmarshal(line, &e) != nil || e.Action == "" {
			t.stray = append(t.stray, string(line[:min(len(line), 200)]))
			continue
		}
		if e.Action == "build-output" || e.Action == "build-fail" {
			collect(build, e)
			continue
		}
		key := e.Package + "\x00" + e.Test
		g, ok := tests[key]
		if !ok {
			g = &goTest{pkg: e.Package, name: e.Test}
			tests[key] = g
			order = append(order, key)
		}
		switch e.Action {
		case "pass", "fail", "skip":
			g.ended, g.seconds = e.Action, e.Elapsed
			if e.FailedBuild != "" {
				g.output = append(g.output, "the package does not build\n"...)
			}
		case "output":
			if len(g.output) < maxOutput {
				g.output = append(g.output, e.Output...)
			}
		}
	}
	for _, name := range sortedKeys(build) {
		t.findings = append(t.findings, diagnose.Text("build", build[name].Bytes())...)
	}
	t.readGo(tests, order, module)
	return t
}

func collect(build map[string]*bytes.Buffer, e goEvent) {
	b, ok := build[e.ImportPath]
	if !ok {
		b = &bytes.Buffer{}
		build[e.ImportPath] = b
	}
	if b.Len() < 16*maxOutput {
		b.WriteString(e.Output)
	}
}

func (t *transcript) readGo(tests map[string]*goTest, order []string, module string) {
	for _, g := range tests {
		for i, c := range g.name {
			if c == '/' {
				if p, ok := tests[g.pkg+"\x00"+g.name[:i]]; ok {
					p.parent = true
				}
			}
		}
	}
	failing := map[string]bool{} // packages with a failed leaf
	packages := 0
	for _, key := range order {
		g := tests[key]
		switch {
		case g.ended == "" && t.problem == "":
			t.problem = fmt.Sprintf("the report ends in the middle of %s %s", g.pkg, g.name)
		case g.name == "":
			packages++
		case g.parent && g.ended != "fail", g.ended == "":
		default:
			if g.parent && childFailed(tests, g) {
				continue
			}
			failing[g.pkg] = failing[g.pkg] || g.ended == "fail"
			t.add(g, module)
		}
	}
	for _, key := range order {
		if g := tests[key]; g.name == "" && g.ended == "fail" && !failing[g.pkg] {
			g.name = "(package)"
			t.add(g, module)
		}
	}
	if packages == 0 && t.problem == "" {
		t.problem = "the report names no package"
	}
}

func childFailed(tests map[string]*goTest, g *goTest) bool {
	for _, c := range tests {
		if c.pkg == g.pkg && strings.HasPrefix(c.name, g.name+"/") && c.ended == "fail" {
			return true
		}
	}
	return false
}

func (t *transcript) add(g *goTest, module string) {
	dir := strings.TrimPrefix(strings.TrimPrefix(g.pkg, module), "/")
	c := report.Case{Suite: dir, Name: g.name, Seconds: g.seconds}
	if c.Suite == "" {
		c.Suite = "."
	}
	switch g.ended {
	case "pass":
		c.Outcome = report.Passed
	case "skip":
		c.Outcome, c.Message = report.Skipped, diagnose.Tail(g.output, 2)
	default:
		c.Outcome, c.Message = report.Failed, message(g.output)
		t.findings = append(t.findings, goFinding(dir, c, g.output))
	}
	t.cases = append(t.cases, c)
}

// goFinding places a failure at the first line of the output that names a file of the project: the test's own line, or the
// first frame of a panic that is within the project.
func goFinding(dir string, c report.Case, output []byte) qlp.Finding {
	f := qlp.Finding{Rule: RuleFailed, Severity: "error", Message: diagnose.Short(c.Suite + " " + c.Name + ": " + c.Message)}
	for _, m := range goPlace.FindAllSubmatch(output, -1) {
		name := string(m[1])
		if !strings.HasPrefix(name, "/") {
			name = path.Join(dir, name)
		}
		line, err := strconv.Atoi(string(m[2]))
		if p := diagnose.Path(name); p != "" && err == nil {
			f.Path, f.Line = p, line
			return f
		}
	}
	return f
}

// message leaves out the runner's own lines.
func message(output []byte) string {
	var keep []string
	for line := range strings.Lines(string(output)) {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || strings.HasPrefix(trimmed, "=== ") || strings.HasPrefix(trimmed, "--- ") || trimmed == "FAIL" {
			continue
		}
		keep = append(keep, trimmed)
	}
	return diagnose.Short(strings.Join(keep, "\n"))
}

func sortedKeys(m map[string]*bytes.Buffer) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// modulePath returns the module that go.mod declares, "" if there is none.
func modulePath(files []qlp.File) string {
	for _, f := range files {
		if f.Path != "go.mod" {
			continue
		}
		for line := range strings.Lines(string(f.Content)) {
			if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "module "); ok {
				return strings.Trim(strings.TrimSpace(rest), `"`)
			}
		}
	}
	return ""
}

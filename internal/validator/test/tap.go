package test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/validator/diagnose"
	"github.com/quantumlayer/qlp/internal/validator/report"
)

var (
	tapResult    = regexp.MustCompile(`^( *)(ok|not ok)\b(?:\s+(\d+))?(?:\s*-)?\s*(.*)$`)
	tapPlan      = regexp.MustCompile(`^( *)1\.\.(\d+)(?:\s*#\s*(.*))?$`)
	tapDirective = regexp.MustCompile(`(?i)\s#\s*(skip|todo)\S*\s*(.*)$`)
	tapBail      = regexp.MustCompile(`^\s*Bail out!\s*(.*)$`)
)

// tapReader follows the Test Anything Protocol, versions 12 to 14, with subtests that stand indented above their parent.
type tapReader struct {
	t        transcript
	children map[int]int // by depth: results since the last one of a lesser depth
	bad      map[int]int // of these, how many failed
	top      int         // results that are not indented
	plan     int         // -1: not read
}

// parseTAP reads TAP. The plan rules: without it, or with another number of results, the report is not whole. Of a test with
// subtests only the subtests count, unless it failed by itself.
//
// Several reports may follow each other, as where a script runs one suite after the other: each begins with its version, and
// each must be whole.
func parseTAP(text []byte) transcript {
	var sum transcript
	parts := tapParts(text)
	for i, part := range parts {
		t := parseOneTAP(part)
		if i == 0 && len(parts) > 1 && t.problem == noPlan && len(t.cases) == 0 {
			continue // what was printed before the first report
		}
		sum.cases, sum.findings, sum.stray = append(sum.cases, t.cases...), append(sum.findings, t.findings...), append(sum.stray, t.stray...)
		if sum.problem == "" {
			sum.problem = t.problem
		}
	}
	return sum
}

const noPlan = "the report has no plan"

var tapVersion = regexp.MustCompile(`(?m)^TAP version \d+\r?$`)

// tapParts cuts a text before each line that begins a report.
func tapParts(text []byte) [][]byte {
	var parts [][]byte
	at := 0
	for _, m := range tapVersion.FindAllIndex(text, -1) {
		parts = append(parts, text[at:m[0]])
		at = m[0]
	}
	return append(parts, text[at:])
}

func parseOneTAP(text []byte) transcript {
	r := tapReader{children: map[int]int{}, bad: map[int]int{}, plan: -1}
	for line := range strings.Lines(strings.ToValidUTF8(string(text), "\uFFFD")) {
		r.read(strings.TrimRight(line, "\r\n"))
	}
	switch {
	case r.t.problem != "":
	case r.plan < 0:
		r.t.problem = noPlan
	case r.plan != r.top:
		r.t.problem = fmt.Sprintf("%d tests were planned, and %d reported", r.plan, r.top)
	}
	return r.t
}

func (r *tapReader) read(line string) {
	if m := tapBail.FindStringSubmatch(line); m != nil {
		r.t.problem = "the tests were given up: " + diagnose.Short(m[1])
		return
	}
	if m := tapPlan.FindStringSubmatch(line); m != nil {
		if n, err := strconv.Atoi(m[2]); m[1] == "" && err == nil && r.plan < 0 {
			r.plan = n
		}
		return
	}
	m := tapResult.FindStringSubmatch(line)
	if m == nil {
		if len(r.t.stray) < 20 && strings.TrimSpace(line) != "" && !strings.HasPrefix(strings.TrimSpace(line), "#") {
			r.t.stray = append(r.t.stray, diagnose.Short(line))
		}
		return
	}
	r.result(len(m[1]), m[2] == "ok", m[4])
}

func (r *tapReader) result(depth int, ok bool, text string) {
	subtests, failed := 0, 0
	for d, n := range r.children {
		if d > depth {
			subtests, failed = subtests+n, failed+r.bad[d]
			delete(r.children, d)
			delete(r.bad, d)
		}
	}
	c := report.Case{Suite: "tap", Name: text, Outcome: report.Passed}
	if m := tapDirective.FindStringSubmatch(" " + text); m != nil {
		c.Name, c.Message = strings.TrimSpace(strings.TrimSuffix(" "+text, m[0])), m[2]
		c.Outcome = report.Skipped // what is still to be done does not count either way
	} else if !ok {
		c.Outcome = report.Failed
	}
	if c.Name == "" {
		c.Name = fmt.Sprintf("test %d", len(r.t.cases)+1)
	}
	if depth == 0 {
		r.top++
	}
	r.children[depth]++
	if c.Outcome == report.Failed {
		r.bad[depth]++
	}
	if subtests > 0 && (c.Outcome != report.Failed || failed > 0) {
		return
	}
	r.t.cases = append(r.t.cases, c)
	if c.Outcome == report.Failed && len(r.t.findings) < diagnose.MaxFindings {
		r.t.findings = append(r.t.findings, qlp.Finding{Rule: RuleFailed, Severity: "error", Message: diagnose.Short(c.Name)})
	}
}

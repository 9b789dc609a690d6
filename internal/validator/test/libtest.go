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
	rustCase    = regexp.MustCompile(`^test (.+?)(?: - should panic)? \.\.\. (ok|FAILED|ignored)(?:[, ].*)?$`)
	rustRunning = regexp.MustCompile(`^running (\d+) tests?$`)
	rustEnd     = regexp.MustCompile(`^test result: (?:ok|FAILED)\. (\d+) passed; (\d+) failed; (\d+) ignored; (\d+) measured; (\d+) filtered out`)
)

// parseLibtest reads what `cargo test` prints: the runs of one test binary after the other. Every run must end with its own
// summary, whose numbers match the cases that were named.
func parseLibtest(text []byte) transcript {
	var t transcript
	var run qlp.Counts
	open, runs := false, 0
	for line := range strings.Lines(strings.ToValidUTF8(string(text), "\uFFFD")) {
		line = strings.TrimRight(line, "\r\n")
		if rustRunning.MatchString(line) {
			if open && t.problem == "" {
				t.problem = "the report of a test binary ends in the middle"
			}
			open, run, runs = true, qlp.Counts{}, runs+1
			continue
		}
		if m := rustEnd.FindStringSubmatch(line); m != nil && open {
			open = false
			if said := (qlp.Counts{Passed: number(m[1]), Failed: number(m[2]), Skipped: number(m[3])}); said != run && t.problem == "" {
				t.problem = fmt.Sprintf("the summary says %d passed, %d failed and %d ignored, and the cases %d, %d and %d",
					said.Passed, said.Failed, said.Skipped, run.Passed, run.Failed, run.Skipped)
			}
			continue
		}
		if m := rustCase.FindStringSubmatch(line); m != nil && open {
			t.rust(m[1], m[2], &run)
		}
	}
	if t.problem == "" && open {
		t.problem = "the report of a test binary ends in the middle"
	}
	if t.problem == "" && runs == 0 {
		t.problem = "there is no report of a test binary"
	}
	return t
}

func (t *transcript) rust(name, outcome string, run *qlp.Counts) {
	c := report.Case{Suite: "rust", Name: name, Outcome: report.Passed}
	if at := strings.LastIndex(name, "::"); at > 0 {
		c.Suite, c.Name = name[:at], name[at+2:]
	}
	switch outcome {
	case "ok":
		run.Passed++
	case "ignored":
		c.Outcome = report.Skipped
		run.Skipped++
	default:
		c.Outcome = report.Failed
		run.Failed++
		if len(t.findings) < diagnose.MaxFindings {
			t.findings = append(t.findings, qlp.Finding{Rule: RuleFailed, Severity: "error", Message: diagnose.Short(name)})
		}
	}
	t.cases = append(t.cases, c)
}

// number reads digits that a pattern has matched; one that is too long for an int is as good as none.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

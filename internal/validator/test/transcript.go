package test

import (
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/validator/report"
)

// RuleFailed is the rule of a finding about a failed test.
const RuleFailed = "test-failed"

// transcript is what a parser understood of a runner's report.
type transcript struct {
	cases    []report.Case
	tally    qlp.Counts // of a report that names no cases: the runner's own numbers
	findings []qlp.Finding
	// problem says why the report cannot be relied on: cut off, or its parts do not add up. "" means that it is whole.
	problem string
	stray   []string // lines that are no part of a report
}

func (t transcript) counts(want func(report.Case) bool) qlp.Counts {
	var n qlp.Counts
	if want(report.Case{}) {
		n = t.tally
	}
	for _, c := range t.cases {
		if !want(c) {
			continue
		}
		switch c.Outcome {
		case report.Passed:
			n.Passed++
		case report.Skipped:
			n.Skipped++
		default:
			n.Failed++
		}
	}
	return n
}

// isAcceptance reports whether the case is one of the frozen tests: they live in the folder, or package, acceptance.
func isAcceptance(c report.Case) bool {
	return c.Suite == acceptanceFolder || strings.HasPrefix(c.Suite, acceptanceFolder+"/") || strings.HasPrefix(c.Suite, acceptanceFolder+".")
}

func all(report.Case) bool { return true }

func isUnit(c report.Case) bool { return !isAcceptance(c) }

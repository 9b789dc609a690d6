package agent

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// casesFile is where a project's acceptance cases lie.
const casesFile = "acceptance/cases.json"

// acceptance shows the acceptance cases that were written for the Spec, those that the failure names first.
func (a *Agent) acceptance(req generator.Request) []string {
	at := slices.IndexFunc(req.Files, func(f qlp.File) bool { return f.Path == casesFile })
	if at < 0 {
		return nil
	}
	var suite struct {
		Cases []json.RawMessage `json:"cases"`
	}
	if err := json.Unmarshal(req.Files[at].Content, &suite); err != nil {
		return nil // not a file of ours: the tests are run from it all the same
	}
	failure := failureText(req)
	var named, rest []string
	for _, raw := range suite.Cases {
		var c struct {
			ID string `json:"id"`
		}
		var line bytes.Buffer
		if json.Unmarshal(raw, &c) != nil || json.Compact(&line, raw) != nil {
			continue
		}
		if c.ID != "" && strings.Contains(failure, c.ID) {
			named = append(named, a.desk.Data("acceptance case, which failed", line.String()))
		} else {
			rest = append(rest, a.desk.Data("acceptance case", line.String()))
		}
	}
	return append(named, rest...)
}

// failureText is all that the failure says of what failed, to look for names in: in a stream of test events, what tests printed,
// not the names of those that passed.
func failureText(req generator.Request) string {
	var b strings.Builder
	for _, c := range req.Failure {
		if c.Status() == qlp.Passed {
			continue
		}
		b.WriteString(describe(c, len(c.Findings)))
		for _, id := range c.Executions {
			b.WriteString(spoken(req.Evidence[id]))
		}
	}
	return b.String()
}

package test

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Rules of the findings about frozen tests.
const (
	RuleFrozenChanged = "acceptance-changed"
	RuleFrozenMissing = "acceptance-missing"
	RuleFrozenAdded   = "acceptance-added"
	RuleFrozenNone    = "acceptance-none"
)

const (
	acceptanceFolder = "acceptance"
	casesFile        = "acceptance/cases.json"
)

// compareFrozen returns what differs between the project's acceptance files and those that were frozen before the code
// was written: changed, missing, and new files in a frozen folder, where a new file could change how the tests run.
func compareFrozen(files []qlp.File, frozen qlp.Tree, plan qlp.Plan) []qlp.Finding {
	fault := func(file, rule, text string) qlp.Finding {
		return qlp.Finding{Path: file, Rule: rule, Severity: "error", Message: text}
	}
	if len(frozen) == 0 {
		return []qlp.Finding{fault("", RuleFrozenNone, "no acceptance test was frozen before the code was written")}
	}
	var out []qlp.Finding
	now := map[string]qlp.File{}
	for _, f := range files {
		now[f.Path] = f
	}
	known := map[string]bool{}
	for _, e := range frozen {
		known[e.Path] = true
		f, ok := now[e.Path]
		switch {
		case !ok:
			out = append(out, fault(e.Path, RuleFrozenMissing, "the frozen file is missing"))
		case qlp.DigestOf(f.Content) != e.Digest:
			out = append(out, fault(e.Path, RuleFrozenChanged, "the frozen file was changed"))
		case f.Executable != e.Executable:
			out = append(out, fault(e.Path, RuleFrozenChanged, "the frozen file's mode was changed"))
		}
	}
	for _, f := range files {
		if !known[f.Path] && inFrozenFolder(f.Path, frozen, plan) {
			out = append(out, fault(f.Path, RuleFrozenAdded, "the file was added to the frozen tests"))
		}
	}
	return out
}

func inFrozenFolder(file string, frozen qlp.Tree, plan qlp.Plan) bool {
	for _, t := range plan.Tasks {
		if t.Frozen && t.Owner(file) {
			return true
		}
	}
	return slices.ContainsFunc(frozen, func(e qlp.Entry) bool {
		dir := path.Dir(e.Path)
		return dir != "." && (file == dir || strings.HasPrefix(file, dir+"/"))
	})
}

// frozenCases is what is counted of acceptance/cases.json: each entry is played by one test.
type frozenCases struct {
	Cases      []json.RawMessage `json:"cases"`
	Properties []json.RawMessage `json:"properties"`
	Races      []json.RawMessage `json:"races"`
	Crash      json.RawMessage   `json:"crash"`
}

// wantedCases returns how many acceptance cases must at least be executed: as many as acceptance/cases.json lists, else as
// many as the Spec has, and never less than one.
func wantedCases(files []qlp.File, spec qlp.Spec) (int, error) {
	n := len(spec.Acceptance)
	for _, f := range files {
		if f.Path != casesFile {
			continue
		}
		var doc frozenCases
		if json.Unmarshal(f.Content, &doc.Cases) != nil { // not a plain list
			doc = frozenCases{}
			if err := json.Unmarshal(f.Content, &doc); err != nil || doc.Cases == nil {
				return 0, fmt.Errorf("%s is not a list of cases", casesFile)
			}
		}
		listed := len(doc.Cases) + len(doc.Properties) + len(doc.Races)
		if len(doc.Crash) > 0 && string(doc.Crash) != "null" {
			listed++
		}
		n = max(n, listed)
	}
	return max(n, 1), nil
}

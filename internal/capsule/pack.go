package capsule

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/validator"
)

// Input is everything that a capsule holds. Created is the time that the capsule states; the same Input and key give
// the same bytes.
type Input struct {
	Intent    qlp.Intent
	Run       qlp.Run
	Spec      qlp.Spec
	Plan      qlp.Plan
	Stack     qlp.Stack
	Files     []qlp.File // the project as it was tested
	Frozen    qlp.Tree
	Report    validator.Report
	SARIF     []byte // the findings, as SARIF 2.1.0
	Verdict   qlp.Verdict
	Reason    string
	Generator string
	Attempts  []qlp.Attempt
	Calls     []qlp.Call // of models, in the order of their beginning
	Created   time.Time
	Version   string // of qlp
}

// Pack returns the capsule's bytes. It refuses an input whose verdict does not follow from its checks: what verify would
// not accept is never written.
func Pack(in Input, key PrivateKey) ([]byte, error) {
	entries, err := contents(in)
	if err != nil {
		return nil, err
	}
	entries = append(entries, entry{path: entryKey, content: key.Public().PEM()})
	order(entries)
	envelope, err := sign(key, manifestOf(entries))
	if err != nil {
		return nil, err
	}
	b, err := encode(append(entries, entry{path: entrySignature, content: envelope}))
	if err != nil {
		return nil, err
	}
	c, err := Read(b)
	if err == nil {
		err = c.judge()
	}
	if err != nil {
		return nil, fmt.Errorf("check the new capsule: %w", err)
	}
	return b, nil
}

func contents(in Input) ([]entry, error) {
	tree, err := treeOf(in.Files)
	if err != nil {
		return nil, err
	}
	header := headerOf(in, tree)
	sbom, err := sbomOf(in, header)
	if err != nil {
		return nil, err
	}
	documents := []struct {
		path  string
		value any
	}{
		{entryHeader, header},
		{entrySpec, in.Spec},
		{entryPlan, in.Plan},
		{entryStack, in.Stack},
		{entryChecks, in.Report.Checks},
		{entryProvenance, provenanceOf(in, header)},
	}
	for _, x := range in.Report.Executions {
		documents = append(documents, struct {
			path  string
			value any
		}{prefixExecution + x.ID + ".json", x})
	}
	entries := []entry{{path: entrySBOM, content: sbom}}
	for _, d := range documents {
		content, err := encodeJSON(d.value)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{path: d.path, content: content})
	}
	if len(in.SARIF) > 0 {
		entries = append(entries, entry{path: entryFindings, content: in.SARIF})
	}
	for _, f := range in.Files {
		entries = append(entries, entry{path: prefixProject + f.Path, content: f.Content, executable: f.Executable})
	}
	return append(entries, evidenceFiles(in.Report)...), nil
}

// evidenceFiles returns the logs, each digest once, and the test reports.
func evidenceFiles(r validator.Report) []entry {
	var entries []entry
	seen := map[qlp.Digest]bool{}
	for _, l := range r.Logs {
		if !seen[l.Digest] {
			seen[l.Digest] = true
			entries = append(entries, entry{path: logPath(l.Digest), content: l.Content})
		}
	}
	for _, f := range r.Reports {
		entries = append(entries, entry{path: prefixEvidence + f.Path, content: f.Content})
	}
	return entries
}

func logPath(d qlp.Digest) string { return prefixLogs + d.Hex() + ".txt" }

func headerOf(in Input, tree qlp.Tree) Header {
	return Header{
		Format: FormatVersion, IntentID: in.Intent.ID, RunID: in.Run.ID, Words: in.Intent.Words,
		Revision: in.Intent.Revision, Parent: in.Intent.Parent, Title: in.Spec.Title, Stack: in.Stack.Name,
		SpecDigest: qlp.DigestJSON(in.Spec), PlanDigest: qlp.DigestJSON(in.Plan), TreeDigest: tree.Digest(),
		Frozen: in.Frozen, Verdict: in.Verdict, Reason: in.Reason, Toolchain: in.Report.Toolchain,
		Created: in.Created.UTC().Truncate(time.Microsecond), Version: in.Version,
	}
}

func treeOf(files []qlp.File) (qlp.Tree, error) {
	entries := make([]qlp.Entry, 0, len(files))
	for _, f := range files {
		entries = append(entries, qlp.Entry{
			Path: f.Path, Digest: qlp.DigestOf(f.Content), Size: int64(len(f.Content)), Executable: f.Executable,
		})
	}
	return qlp.NewTree(entries)
}

// manifestOf lists entries in archive order.
func manifestOf(entries []entry) manifest {
	m := manifest{Format: FormatVersion}
	for _, e := range entries {
		m.Entries = append(m.Entries, qlp.Entry{
			Path: e.path, Digest: qlp.DigestOf(e.content), Size: int64(len(e.content)), Executable: e.executable,
		})
	}
	return m
}

// attemptLine is one line of the ledger of attempts in the provenance.
type attemptLine struct {
	Task      string           `json:"task"`
	Number    int              `json:"number"`
	Generator string           `json:"generator"`
	State     qlp.AttemptState `json:"state"`
	Reason    string           `json:"reason,omitempty"`
	Tree      qlp.Digest       `json:"tree,omitempty"`
}

func attemptLines(attempts []qlp.Attempt) []attemptLine {
	lines := make([]attemptLine, 0, len(attempts))
	for _, a := range attempts {
		line := attemptLine{Task: a.TaskID, Number: a.Number, Generator: a.Generator, State: a.State, Reason: a.Reason}
		if len(a.Tree) > 0 {
			line.Tree = a.Tree.Digest()
		}
		lines = append(lines, line)
	}
	slices.SortStableFunc(lines, func(a, b attemptLine) int {
		return cmp.Or(cmp.Compare(a.Task, b.Task), cmp.Compare(a.Number, b.Number))
	})
	return lines
}

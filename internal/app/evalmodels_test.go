package app

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/eval"
	"github.com/quantumlayer/qlp/internal/llm/llmtest"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlite"
)

// functions are two problems in the form of HumanEval.
const functions = `{"task_id":"two/add","entry_point":"add","prompt":"def add(a, b):\n    \"\"\"The sum.\"\"\"\n","canonical_solution":"    return a + b\n","test":"def check(candidate):\n    assert candidate(2, 3) == 5\n"}
{"task_id":"two/double","entry_point":"double","prompt":"def double(a):\n    \"\"\"Twice as much.\"\"\"\n","canonical_solution":"    return 2 * a\n","test":"def check(candidate):\n    assert candidate(3) == 6\n"}
`

// The price of the model, in dollars for a million tokens: an ordinary answer of the endpoint (21 tokens in, 5 of them cached,
// 9 out) costs 16×1 + 5×1 + 9×2 = 39 micro-dollars.
const priced = "providers:\n  local: {kind: compatible, base_url: \"%s/v1\"}\nroles:\n  coder: local/small\nprices:\n  local/small: {input: 1, output: 2}\n"

// TestModelIsEvaluated: a model solves one of two problems; what it took is in the report and in the ledger, and a run that
// goes on asks only what was not answered yet.
func TestModelIsEvaluated(t *testing.T) {
	if _, err := exec.LookPath("bwrap"); err != nil {
		t.Skipf("no sandbox on this machine: %v", err)
	}
	withInit(t)
	dir := t.TempDir()
	data := filepath.Join(dir, "two.jsonl")
	if err := os.WriteFile(data, []byte(functions), 0o600); err != nil {
		t.Fatal(err)
	}
	endpoint := oneRightOneWrong(t)
	cfg := config.Default()
	cfg.DataDir = t.TempDir()
	if err := os.WriteFile(filepath.Join(cfg.DataDir, config.ProvidersName), []byte(strings.ReplaceAll(priced, "%s", endpoint.URL())), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	o := Evaluation{
		Suite: "humaneval", Data: data, Solver: solverModel, Provider: "local", Samples: 1, K: []int{1}, Parallel: 1, Seed: 1, Out: filepath.Join(dir, "out"),
		Progress: func(eval.Sample, int, int) { interrupt() },
	}
	if m, err := Eval(ctx, cfg, "test", o); err == nil || m.Report.Finished != 1 || endpoint.Calls() != 1 {
		t.Fatalf("interrupted: %v, %d judged, %d calls", err, m.Report.Finished, endpoint.Calls())
	}
	for range 2 { // the second time, nothing is left to ask
		m, err := Eval(t.Context(), cfg, "test", Evaluation{Resume: o.Out, Parallel: 1})
		if err != nil {
			t.Fatal(err)
		}
		checkMeasured(t, m)
		if endpoint.Calls() != 2 {
			t.Errorf("%d calls", endpoint.Calls())
		}
	}
	checkSettled(t, cfg, 2)
}

// oneRightOneWrong answers the first problem as it should, and the second one not.
func oneRightOneWrong(t *testing.T) *llmtest.Hostile {
	t.Helper()
	endpoint := llmtest.NewHostile()
	t.Cleanup(endpoint.Close)
	endpoint.Answer(func(s llmtest.Seen) string {
		if strings.Contains(string(s.Body), "def double") {
			return "```python\ndef double(a):\n    return a + 2\n```\n"
		}
		return "```python\ndef add(a, b):\n    return a + b\n```\n"
	})
	return endpoint
}

// checkMeasured holds the report, as it was returned and as it lies in the folder.
func checkMeasured(t *testing.T, m Measured) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(m.Dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	var written eval.Report
	if err := json.Unmarshal(b, &written); err != nil {
		t.Fatal(err)
	}
	for where, r := range map[string]eval.Report{"returned": m.Report, "written": written} {
		if r.Finished != 2 || r.Statuses[eval.Passed] != 1 || r.Statuses[eval.Failed] != 1 || len(r.PassAt) != 1 || r.PassAt[0].Value != 0.5 {
			t.Errorf("%s: %d judged, %v, %+v", where, r.Finished, r.Statuses, r.PassAt)
		}
		if c := r.Cost; c.Calls != 2 || c.Tokens != 60 || c.Micros != 78 || c.PerSolved == nil {
			t.Errorf("%s: cost %+v", where, c)
		}
	}
}

// checkSettled holds that the ledger has n calls, all over and paid for.
func checkSettled(t *testing.T, cfg config.Config, n int) {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(cfg.DataDir, "qlp.db"), sqlite.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	var calls []qlp.Call
	err = st.Read(t.Context(), func(r store.Reader) error {
		calls, err = r.Calls(t.Context(), "") // an evaluation is no intent
		return err
	})
	if err != nil || len(calls) != n {
		t.Fatalf("%d calls: %v", len(calls), err)
	}
	for _, c := range calls {
		if c.State != qlp.CallSettled || c.Usage.Total() != 30 || c.Micros != 39 || !c.Priced || c.Model != "small" {
			t.Errorf("call: %+v", c)
		}
	}
}

package test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/validator/report"
)

// The files in testdata are what the runners printed, with the project's folder renamed to /work.
func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func outcomes(tr transcript) map[string]report.Outcome {
	out := map[string]report.Outcome{}
	for _, c := range tr.cases {
		out[c.Suite+" "+c.Name] = c.Outcome
	}
	return out
}

func places(tr transcript) []string {
	var out []string
	for _, f := range tr.findings {
		out = append(out, f.Path)
	}
	slices.Sort(out)
	return out
}

func TestParseGo(t *testing.T) {
	tr := parseGo(read(t, "gotest-mixed.jsonl"), "example.com/lib")
	if tr.problem != "" || len(tr.stray) != 0 {
		t.Errorf("problem %q, stray %q", tr.problem, tr.stray)
	}
	want := map[string]report.Outcome{
		"acceptance TestAcceptance/book.create.good":        report.Passed,
		"acceptance TestAcceptance/book.create.isbn.unique": report.Failed,
		"acceptance TestAcceptance/book.list":               report.Skipped,
		"store TestOpen":                                    report.Passed,
		"store TestPanic":                                   report.Failed,
		"broken (package)":                                  report.Failed,
	}
	if diff := cmp.Diff(want, outcomes(tr)); diff != "" {
		t.Error(diff)
	}
	if got := places(tr); !slices.Contains(got, "acceptance/a_test.go") || !slices.Contains(got, "broken/b_test.go") || !slices.Contains(got, "store/s_test.go") {
		t.Errorf("places: %q", got)
	}
	if n := tr.counts(isAcceptance); n != (qlp.Counts{Passed: 1, Failed: 1, Skipped: 1}) {
		t.Errorf("acceptance %+v", n)
	}
}

func TestParseGoCut(t *testing.T) {
	whole := read(t, "gotest-good.jsonl")
	if tr := parseGo(whole, "example.com/lib"); tr.problem != "" || tr.counts(isUnit).Passed != 1 || tr.counts(isAcceptance).Passed != 2 {
		t.Fatalf("the whole report: %q %+v", tr.problem, tr.cases)
	}
	lines := bytes.SplitAfter(bytes.TrimSpace(whole), []byte("\n"))
	for i := range lines {
		// A cut between the packages leaves a report that is whole in itself; the count of frozen cases is the net there.
		cut := bytes.Join(lines[:i], nil)
		if tr := parseGo(cut, "example.com/lib"); tr.problem == "" && !bytes.Contains(lines[i], []byte(`"start"`)) {
			t.Errorf("cut after line %d of %d was not noticed", i, len(lines))
		}
	}
}

func TestParseUnittest(t *testing.T) {
	tr := parseUnittest(read(t, "unittest-mixed.txt"))
	if tr.problem != "" {
		t.Errorf("problem %q", tr.problem)
	}
	want := map[string]report.Outcome{
		"acceptance.test_acceptance.Acceptance test_book_create": report.Passed,
		"acceptance.test_acceptance.Acceptance test_book_list":   report.Passed,
		"acceptance.test_acceptance.Acceptance test_book_delete": report.Skipped,
		"tests test_import":                    report.Failed,
		"tests.test_store.Store test_error":    report.Failed,
		"tests.test_store.Store test_expected": report.Skipped,
		"tests.test_store.Store test_open":     report.Failed,
		"tests.test_store.Store test_sub":      report.Failed,
	}
	if diff := cmp.Diff(want, outcomes(tr)); diff != "" {
		t.Error(diff)
	}
	if got := places(tr); !slices.Contains(got, "tests/test_store.py") {
		t.Errorf("places: %q", got)
	}
}

func TestParseUnittestDoubts(t *testing.T) {
	good := string(read(t, "unittest-good.txt"))
	tests := []struct {
		name, text, problem string
		passed              int
	}{
		{"good", good, "", 3},
		{"cut before the summary", before(good, "\nRan "), "without a summary", 0},
		{"cut before the last line", before(good, "\nOK"), "without a summary", 0},
		{"a case is missing", strings.TrimPrefix(good, before(good, "test_book_list")), "names 2", 0},
		{"OK with a failure", strings.Replace(good, "Store.test_open) ... ok", "Store.test_open) ... FAIL", 1), "says OK", 0},
		{"forged summary inside", strings.Replace(good, `{"level":"INFO"}`, "\nRan 1 test in 0.1s\n\nOK\n", 1), "", 0},
		{"no tests", "\n----\nRan 0 tests in 0.000s\n\nNO TESTS RAN\n", "", 0},
		{"nothing", "", "without a summary", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tr := parseUnittest([]byte(tt.text))
			if tt.name == "forged summary inside" {
				if tr.problem == "" && tr.counts(func(report.Case) bool { return true }).Passed > 3 {
					t.Errorf("%+v", tr.cases)
				}
				return
			}
			if (tr.problem == "") != (tt.problem == "") || !strings.Contains(tr.problem, tt.problem) {
				t.Errorf("problem %q, want %q", tr.problem, tt.problem)
			}
			if tt.passed > 0 && tr.counts(func(report.Case) bool { return true }).Passed != tt.passed {
				t.Errorf("%+v", tr.cases)
			}
		})
	}
}

// before returns text up to mark.
func before(text, mark string) string {
	head, _, _ := strings.Cut(text, mark)
	return head
}

func FuzzParseGo(f *testing.F) {
	f.Add(read(f, "gotest-mixed.jsonl"))
	f.Add(read(f, "gotest-good.jsonl"))
	f.Add([]byte(`{"Action":"run","Package":"a","Test":"/"}`))
	f.Fuzz(func(t *testing.T, b []byte) { consistent(t, parseGo(b, "example.com/lib")) })
}

func FuzzParseUnittest(f *testing.F) {
	f.Add(read(f, "unittest-mixed.txt"))
	f.Add(read(f, "unittest-good.txt"))
	f.Add([]byte("FAIL: a (b.a)\nRan 1 test in 0s\nOK"))
	f.Fuzz(func(t *testing.T, b []byte) { consistent(t, parseUnittest(b)) })
}

// consistent holds for any transcript: every case has an outcome and every finding a place within the project or none.
func consistent(t *testing.T, tr transcript) {
	t.Helper()
	for _, c := range tr.cases {
		if c.Outcome != report.Passed && c.Outcome != report.Failed && c.Outcome != report.Skipped {
			t.Errorf("case without an outcome: %+v", c)
		}
	}
	for _, f := range tr.findings {
		if f.Path != "" && qlp.CleanPath(f.Path) != nil {
			t.Errorf("finding outside: %+v", f)
		}
	}
}

package report

import (
	"encoding/json"
	"encoding/xml"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quantumlayer/qlp/internal/qlp"
)

var update = flag.Bool("update", false, "rewrite golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestSARIF(t *testing.T) {
	ev := qlp.FromReading(qlp.DigestOf(nil))
	got := SARIF([]qlp.Check{
		qlp.Fail(qlp.LayerSecurity, "secrets", ev, "1 secret", qlp.Finding{Path: "a.go", Line: 3, Column: 7, Rule: "aws-access-token", Severity: "error", Message: "A key."}),
		qlp.Pass(qlp.LayerSecurity, "docker", ev).WithFindings(qlp.Finding{Path: "Dockerfile", Rule: "root", Severity: "odd", Message: "Runs as root."}),
		qlp.Fail(qlp.LayerTest, "unit", ev, "1 failed", qlp.Finding{Severity: "error", Message: "no place"}),
	})
	if !json.Valid(got) {
		t.Fatal("not JSON")
	}
	golden(t, "findings.sarif", got)
	var empty sarifLog
	if err := json.Unmarshal(SARIF(nil), &empty); err != nil || empty.Runs[0].Results == nil {
		t.Errorf("no findings: %v %+v", err, empty)
	}
}

func TestJUnit(t *testing.T) {
	got := JUnit([]Case{
		{Suite: "x/acceptance", Name: "TestBook/create", Outcome: Passed, Seconds: 0.0214},
		{Suite: "x/store", Name: "TestOpen", Outcome: Failed, Message: "store_test.go:7: got <nil>\n\x1b[31m]]>\xff"},
		{Suite: "x/acceptance", Name: "TestBook/skip", Outcome: Skipped, Message: "later"},
	})
	if err := xml.Unmarshal(got, new(junitSuites)); err != nil {
		t.Fatal(err)
	}
	golden(t, "junit.xml", got)
}

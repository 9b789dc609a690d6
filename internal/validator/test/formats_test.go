package test

import (
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// TestFormats reads what runners print, whole and damaged. The texts are cut from real runs.
func TestFormats(t *testing.T) {
	t.Parallel()
	junit := func(texts ...string) transcript {
		files := map[string][]byte{}
		for i, text := range texts {
			files[string(rune('a'+i))+".xml"] = []byte(text)
		}
		return parseJUnit(files)
	}
	tap := func(text string) transcript { return parseTAP([]byte(text)) }
	rust := func(text string) transcript { return parseLibtest([]byte(text)) }
	auto := func(out, errs string) transcript { return parseAuto([]byte(out), []byte(errs), nil, "m") }
	cargo := "\nrunning 3 tests\ntest a::works ... ok\ntest a::panics - should panic ... ok\ntest slow ... ignored, takes long\n\ntest result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n"
	surefire := `<?xml version="1.0"?><testsuite name="A" tests="3"><testcase name="one" classname="p.A" time="0.01"/><testcase name="two" classname="p.A"><failure message="no">at p.A</failure></testcase><testcase name="three" classname="p.A"><skipped/></testcase></testsuite>`
	node := "TAP version 13\n# Subtest: math\n    # Subtest: adds\n    ok 1 - adds\n      ---\n      duration_ms: 0.3\n      ...\n    # Subtest: fails\n    not ok 2 - fails\n    1..2\nnot ok 1 - math\n# Subtest: top\nok 2 - top\n1..2\n# tests 3\n"
	for name, c := range map[string]struct {
		got     transcript
		want    qlp.Counts
		problem string
	}{
		"tap":                      {tap("1..3\nok 1 - a\nnot ok 2 - b\nok 3 # SKIP no network\n"), qlp.Counts{Passed: 1, Failed: 1, Skipped: 1}, ""},
		"tap, plan last":           {tap("TAP version 13\n# group\nok 1 should be equal\nok 2 again\n\n1..2\n# pass 2\n"), qlp.Counts{Passed: 2}, ""},
		"tap, subtests":            {tap(node), qlp.Counts{Passed: 2, Failed: 1}, ""},
		"tap, parent alone fails":  {tap("    ok 1 - a\n    1..1\nnot ok 1 - teardown\n1..1\n"), qlp.Counts{Passed: 1, Failed: 1}, ""},
		"tap, two reports":         {tap("> run\nTAP version 13\nok 1 a\n1..1\nTAP version 13\nok 1 b\nnot ok 2 c\n1..2\n"), qlp.Counts{Passed: 2, Failed: 1}, ""},
		"tap, the second is cut":   {tap("TAP version 13\nok 1 a\n1..1\nTAP version 13\nok 1 b\n"), qlp.Counts{Passed: 2}, "no plan"},
		"tap, none":                {tap("hello\n"), qlp.Counts{}, "no plan"},
		"tap, todo":                {tap("not ok 1 - later # TODO when there is time\n1..1\n"), qlp.Counts{Skipped: 1}, ""},
		"tap, cut":                 {tap("1..3\nok 1\nok 2\n"), qlp.Counts{Passed: 2}, "3 tests were planned"},
		"tap, no plan":             {tap("ok 1\n"), qlp.Counts{Passed: 1}, "no plan"},
		"tap, given up":            {tap("1..1\nok 1\nBail out! no database\n"), qlp.Counts{Passed: 1}, "no database"},
		"tap, nothing":             {tap("1..0 # skip all\n"), qlp.Counts{}, ""},
		"cargo":                    {rust(cargo + "\nrunning 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n"), qlp.Counts{Passed: 2, Skipped: 1}, ""},
		"cargo, failed":            {rust("running 1 test\ntest x ... FAILED\n\nfailures:\n    x\n\ntest result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n"), qlp.Counts{Failed: 1}, ""},
		"cargo, cut":               {rust("running 2 tests\ntest a ... ok\n"), qlp.Counts{Passed: 1}, "ends in the middle"},
		"cargo, forged summary":    {rust("running 1 test\ntest a ... ok\ntest result: ok. 9 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n"), qlp.Counts{Passed: 1}, "the summary says 9"},
		"cargo, no test binary":    {rust("    Finished `test` profile\n"), qlp.Counts{}, "no report"},
		"junit":                    {junit(surefire), qlp.Counts{Passed: 1, Failed: 1, Skipped: 1}, ""},
		"junit, two files":         {junit(surefire, surefire), qlp.Counts{Passed: 2, Failed: 2, Skipped: 2}, ""},
		"junit, ctest":             {junit(`<testsuite name="x"><testcase name="a" classname="a" status="run"/><testcase name="b" classname="b" status="fail"><failure message=""/></testcase><testcase name="c" classname="c" status="notrun"><skipped message="x"/></testcase></testsuite>`), qlp.Counts{Passed: 1, Failed: 1, Skipped: 1}, ""},
		"junit, cut":               {junit(surefire[:200]), qlp.Counts{Passed: 1, Failed: 1}, "cannot be read"},
		"junit, none":              {junit(), qlp.Counts{}, "no report was written"},
		"junit, not a report":      {junit("<html/>"), qlp.Counts{}, "holds no test suite"},
		"auto, tap":                {auto("> demo@1.0.0 test\n> tape t.js\n\nTAP version 13\nok 1 a\n1..1\n", ""), qlp.Counts{Passed: 1}, ""},
		"auto, cargo":              {auto(cargo, ""), qlp.Counts{Passed: 2, Skipped: 1}, ""},
		"auto, unittest":           {auto("", "test_a (t.T.test_a) ... ok\n\n----------------------------------------------------------------------\nRan 1 test in 0.000s\n\nOK\n"), qlp.Counts{Passed: 1}, ""},
		"auto, go":                 {auto(`{"Time":"2026-01-01T00:00:00Z","Action":"pass","Package":"m/a","Test":"TestA"}`+"\n"+`{"Time":"2026-01-01T00:00:00Z","Action":"pass","Package":"m/a"}`+"\n", ""), qlp.Counts{Passed: 1}, ""},
		"auto, mocha":              {auto("\n  adds\n    \x1b[32m✓\x1b[0m works\n\n  12 passing (34ms)\n  1 pending\n  2 failing\n\n", ""), qlp.Counts{Passed: 12, Failed: 2, Skipped: 1}, ""},
		"auto, jest":               {auto("", "Test Suites: 1 failed, 1 total\nTests:       1 failed, 2 skipped, 4 passed, 7 total\n"), qlp.Counts{Passed: 4, Failed: 1, Skipped: 2}, ""},
		"auto, vitest":             {auto(" Test Files  1 passed (1)\n      Tests  1 failed | 4 passed (5)\n", ""), qlp.Counts{Passed: 4, Failed: 1}, ""},
		"auto, pytest":             {auto("....\n=== 3 passed, 1 failed, 2 skipped in 0.12s ===\n", ""), qlp.Counts{Passed: 3, Failed: 1, Skipped: 2}, ""},
		"auto, jasmine":            {auto("5 specs, 1 failure, 1 pending spec\n", ""), qlp.Counts{Passed: 3, Failed: 1, Skipped: 1}, ""},
		"auto, ava":                {auto("\n  1 test failed\n  5 tests passed\n", ""), qlp.Counts{Passed: 5, Failed: 1}, ""},
		"auto, automake":           {auto("# TOTAL: 3\n# PASS:  2\n# SKIP:  0\n# FAIL:  1\n", ""), qlp.Counts{Passed: 2, Failed: 1}, ""},
		"auto, ctest":              {auto("67% tests passed, 1 tests failed out of 3\n", ""), qlp.Counts{Passed: 2, Failed: 1}, ""},
		"auto, only good words":    {auto("all tests passed, everything is fine\nOK\n", ""), qlp.Counts{}, "no known format"},
		"auto, silence":            {auto("", ""), qlp.Counts{}, "no known format"},
		"auto, sums do not add up": {auto("1 spec, 5 failures\n", ""), qlp.Counts{}, "do not add up"},
	} {
		if got := c.got.counts(all); got != c.want || (c.problem == "") != (c.got.problem == "") || !strings.Contains(c.got.problem, c.problem) {
			t.Errorf("%s: %+v %q, want %+v %q", name, got, c.got.problem, c.want, c.problem)
		}
	}
}

func FuzzTAP(f *testing.F) {
	f.Add([]byte("1..2\nok 1 - a # SKIP x\n    not ok 1\nnot ok 2\nBail out!\n"))
	f.Fuzz(func(t *testing.T, text []byte) { sound(t, parseTAP(text)) })
}

func FuzzLibtest(f *testing.F) {
	f.Add([]byte("running 1 test\ntest a::b ... ok\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n"))
	f.Fuzz(func(t *testing.T, text []byte) { sound(t, parseLibtest(text)) })
}

func FuzzJUnit(f *testing.F) {
	f.Add([]byte(`<testsuite><testcase name="a" time="NaN"><failure message="x"/></testcase></testsuite>`))
	f.Fuzz(func(t *testing.T, text []byte) { sound(t, parseJUnit(map[string][]byte{"a.xml": text})) })
}

func FuzzSummary(f *testing.F) {
	f.Add([]byte("3 passing (1s)\n1 failing\n"), []byte("Tests: 99999999999999999999 passed, 1 total\n"))
	f.Fuzz(func(t *testing.T, stdout, stderr []byte) { sound(t, parseAuto(stdout, stderr, nil, "m")) })
}

// sound holds for every text, whoever wrote it.
func sound(t *testing.T, got transcript) {
	t.Helper()
	if n := got.counts(all); n.Passed < 0 || n.Failed < 0 || n.Skipped < 0 {
		t.Errorf("%+v", n)
	}
	if len(got.findings) > 0 && got.counts(all).Failed == 0 && got.problem == "" {
		t.Errorf("%d findings and no failure", len(got.findings))
	}
}

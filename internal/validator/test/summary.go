package test

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// escape is a sequence that colours a terminal.
var escape = regexp.MustCompile("\x1b\\[[0-9;?]*[ -/]*[@-~]")

// summary is how one runner ends: a line that tells it, and the words around its numbers.
type summary struct {
	line                    *regexp.Regexp
	passed, failed, skipped *regexp.Regexp
	several                 bool // the numbers stand on lines of their own
	sum                     bool // what matches passed is the sum of all
}

// summaries are the endings of runners that print no report which names its cases. The numbers are the runner's own word.
var summaries = []summary{ //nolint:gochecknoglobals // a table of patterns, never written
	{ // pytest: == 3 passed, 1 failed in 0.12s ==
		line:   regexp.MustCompile(`^=*\s*(?:\d+ (?:passed|failed|error|errors|skipped|xfailed|xpassed|deselected|warnings?|subtests passed),? ?)+ ?in [\d.]+s.*$`),
		passed: regexp.MustCompile(`(\d+) passed`), failed: regexp.MustCompile(`(\d+) (?:failed|errors?)\b`), skipped: regexp.MustCompile(`(\d+) (?:skipped|xfailed)`),
	},
	{ // mocha: 12 passing (34ms) / 1 pending / 2 failing
		line: regexp.MustCompile(`^\s*\d+ (?:passing(?: \([\d.]+m?s\))?|pending|failing)\s*$`), several: true,
		passed: regexp.MustCompile(`^\s*(\d+) passing`), failed: regexp.MustCompile(`^\s*(\d+) failing`), skipped: regexp.MustCompile(`^\s*(\d+) pending`),
	},
	{ // jest: Tests:       1 failed, 2 skipped, 4 passed, 7 total
		line:   regexp.MustCompile(`^\s*Tests:\s+(?:\d+ \w+, )*\d+ total`),
		passed: regexp.MustCompile(`(\d+) passed`), failed: regexp.MustCompile(`(\d+) failed`), skipped: regexp.MustCompile(`(\d+) (?:skipped|todo)`),
	},
	{ // vitest: Tests  1 failed | 4 passed (5)
		line:   regexp.MustCompile(`^\s*Tests\s+(?:\d+ \w+(?: \| )?)+ \(\d+\)`),
		passed: regexp.MustCompile(`(\d+) passed`), failed: regexp.MustCompile(`(\d+) failed`), skipped: regexp.MustCompile(`(\d+) (?:skipped|todo)`),
	},
	{ // jasmine: 5 specs, 0 failures, 1 pending spec
		line: regexp.MustCompile(`^\s*\d+ specs?, \d+ failures?`), sum: true,
		passed: regexp.MustCompile(`(\d+) specs?,`), failed: regexp.MustCompile(`(\d+) failures?`), skipped: regexp.MustCompile(`(\d+) pending`),
	},
	{ // ava: 5 tests passed / 1 test failed
		line: regexp.MustCompile(`^\s*\d+ tests? (?:passed|failed|skipped)\s*$`), several: true,
		passed: regexp.MustCompile(`(\d+) tests? passed`), failed: regexp.MustCompile(`(\d+) tests? failed`), skipped: regexp.MustCompile(`(\d+) tests? skipped`),
	},
	{ // automake: # TOTAL: 3 / # PASS:  2 / # FAIL:  1
		line: regexp.MustCompile(`^# (?:PASS|FAIL|SKIP|ERROR|XPASS):\s+\d+$`), several: true,
		passed: regexp.MustCompile(`PASS:\s+(\d+)`), failed: regexp.MustCompile(`(?:FAIL|ERROR):\s+(\d+)`), skipped: regexp.MustCompile(`SKIP:\s+(\d+)`),
	},
	{ // ctest: 100% tests passed, 0 tests failed out of 12
		line: regexp.MustCompile(`^\d+% tests passed, \d+ tests failed out of \d+`), sum: true,
		passed: regexp.MustCompile(`out of (\d+)`), failed: regexp.MustCompile(`(\d+) tests failed`), skipped: regexp.MustCompile(`(\d+) tests skipped`),
	},
}

// parseSummary counts by the last summary of a known runner. Where a runner states the sum and what failed of it, what
// passed is the rest.
func parseSummary(text []byte) transcript {
	lines := strings.Split(strings.ToValidUTF8(string(escape.ReplaceAll(text, nil)), "\uFFFD"), "\n")
	for _, s := range summaries {
		if n, ok := s.read(lines); ok {
			if s.sum {
				n.Passed -= n.Failed + n.Skipped
			}
			if n.Passed < 0 {
				return transcript{problem: "the summary's numbers do not add up"}
			}
			return transcript{tally: n}
		}
	}
	return transcript{problem: "what it printed is no report that can be counted: it is in no known format"}
}

func (s summary) read(lines []string) (n qlp.Counts, found bool) {
	take := func(line string) {
		for _, p := range []struct {
			pattern *regexp.Regexp
			into    *int
		}{{s.passed, &n.Passed}, {s.failed, &n.Failed}, {s.skipped, &n.Skipped}} {
			for _, m := range p.pattern.FindAllStringSubmatch(line, -1) {
				if v := number(m[1]); v > 0 {
					*p.into += v
				}
			}
		}
	}
	for i := len(lines) - 1; i >= 0; i-- {
		line := strings.TrimRight(lines[i], "\r")
		if !s.line.MatchString(line) {
			continue
		}
		take(line)
		if found = true; !s.several {
			return n, true
		}
	}
	return n, found
}

// parseAuto reads whatever report there is: the files, or else a format that names its cases, or else a runner's summary.
func parseAuto(stdout, stderr []byte, files map[string][]byte, module string) transcript {
	if len(files) > 0 {
		return parseJUnit(files)
	}
	plain := escape.ReplaceAll(stdout, nil)
	for _, try := range []struct {
		sign string
		read func() transcript
	}{
		{`{"Time":`, func() transcript { return parseGo(stdout, module) }},
		{"\ntest result: ", func() transcript { return parseLibtest(plain) }},
		{"\n1..", func() transcript { return parseTAP(plain) }},
	} {
		if bytes.Contains(append([]byte("\n"), plain...), []byte(try.sign)) {
			if t := try.read(); t.problem == "" && t.counts(all).Executed() > 0 {
				return t
			}
		}
	}
	if bytes.Contains(stderr, []byte("\nRan ")) {
		if t := parseUnittest(stderr); t.problem == "" && t.counts(all).Executed() > 0 {
			return t
		}
	}
	return parseSummary(append(append(plain, '\n'), stderr...))
}

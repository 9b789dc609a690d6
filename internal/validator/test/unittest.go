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
	pyHead    = regexp.MustCompile(`^([\w.]+) \(([\w.<>]+)\)(.*)$`)
	pySection = regexp.MustCompile(`^(FAIL|ERROR): ([\w.]+) \(([\w.<>]+)\)`)
	pyRan     = regexp.MustCompile(`^Ran (\d+) tests? in [\d.]+s$`)
	pyEnd     = regexp.MustCompile(`^(OK|FAILED|NO TESTS RAN)(?: \((.*)\))?$`)
	pyNumber  = regexp.MustCompile(`^(failures|errors|skipped|expected failures|unexpected successes)=(\d+)$`)
)

// failedImport is the class that stands for a test module that could not be imported.
const failedImport = "unittest.loader._FailedTest"

// pyReader follows the text of `python -m unittest -v`.
type pyReader struct {
	t       transcript
	index   map[string]int // name of a case → its place in t.cases
	pending string         // the case whose outcome has not been read
	doubt   map[string]bool
	section string // the case whose traceback is being read
	trace   []string
	ran     int // -1: not read
	end     string
	numbers map[string]int
}

// parseUnittest reads what `python -m unittest -v` writes to standard error. The summary at the end rules: without it, or
// when its numbers do not match the cases that were named, the report is not whole. What a test prints may stand between
// a case's name and its outcome.
func parseUnittest(text []byte) transcript {
	p := pyReader{index: map[string]int{}, doubt: map[string]bool{}, ran: -1, numbers: map[string]int{}}
	for line := range strings.Lines(strings.ToValidUTF8(string(text), "\uFFFD")) {
		p.read(strings.TrimRight(line, "\r\n"))
	}
	p.closeSection()
	p.settle()
	return p.t
}

func (p *pyReader) read(line string) {
	if m := pyRan.FindStringSubmatch(line); m != nil {
		p.closeSection()
		n, err := strconv.Atoi(m[1])
		if err != nil {
			n = -1
		}
		p.ran, p.end = n, ""
		return
	}
	if p.ran >= 0 && p.end == "" {
		if m := pyEnd.FindStringSubmatch(line); m != nil {
			p.finish(m[1], m[2])
		}
		return
	}
	if m := pySection.FindStringSubmatch(line); m != nil {
		p.closeSection()
		p.section = caseName(m[2], m[3])
		p.mark(p.section, report.Failed, "")
		return
	}
	if p.section != "" {
		p.trace = append(p.trace, line)
		return
	}
	if m := pyHead.FindStringSubmatch(line); m != nil && isHead(m[1], m[2]) {
		p.begin(caseName(m[1], m[2]))
		p.outcome(m[3])
		return
	}
	p.outcome(line)
}

// isHead tells a case's line from something that a test printed.
func isHead(method, dotted string) bool {
	switch method {
	case "setUpClass", "tearDownClass", "setUpModule", "tearDownModule":
		return true
	}
	return strings.HasSuffix(dotted, "."+method) || strings.HasPrefix(method, "test") && strings.Contains(dotted, ".")
}

// caseName takes the method's name off the end of the dotted path that newer versions print, and files a module that
// could not be imported under its own package.
func caseName(method, dotted string) string {
	suite := strings.TrimSuffix(dotted, "."+method)
	if at := strings.LastIndex(method, "."); suite == failedImport && at > 0 {
		suite, method = method[:at], method[at+1:]
	}
	return suite + "\x00" + method
}

func (p *pyReader) begin(name string) {
	p.pending = name
	if _, ok := p.index[name]; ok {
		return
	}
	suite, method, _ := strings.Cut(name, "\x00")
	p.index[name] = len(p.t.cases)
	p.t.cases = append(p.t.cases, report.Case{Suite: suite, Name: method})
	p.doubt[name] = true
}

// outcome reads the end of a line that may hold the pending case's outcome.
func (p *pyReader) outcome(text string) {
	if p.pending == "" {
		return
	}
	if at := strings.LastIndex(text, " ... "); at >= 0 {
		text = text[at+len(" ... "):]
	}
	switch {
	case text == "ok":
		p.mark(p.pending, report.Passed, "")
	case text == "FAIL" || text == "ERROR" || text == "unexpected success":
		p.mark(p.pending, report.Failed, text)
	case text == "expected failure":
		p.mark(p.pending, report.Skipped, text)
	case strings.HasPrefix(text, "skipped "):
		p.mark(p.pending, report.Skipped, diagnose.Short(strings.Trim(text[len("skipped "):], `'"`)))
	default:
		return
	}
	p.pending = ""
}

func (p *pyReader) mark(name string, o report.Outcome, message string) {
	i, ok := p.index[name]
	if !ok {
		pending := p.pending
		p.begin(name)
		p.pending = pending
		i = p.index[name]
	}
	delete(p.doubt, name)
	c := &p.t.cases[i]
	if c.Outcome == report.Failed && o != report.Failed {
		return
	}
	c.Outcome = o
	if message != "" {
		c.Message = message
	}
}

func (p *pyReader) closeSection() {
	if p.section == "" {
		return
	}
	text := strings.TrimSpace(strings.Trim(strings.Join(p.trace, "\n"), "-=\n "))
	c := &p.t.cases[p.index[p.section]]
	c.Message = diagnose.Tail([]byte(text), 6)
	f := qlp.Finding{Rule: RuleFailed, Severity: "error", Message: diagnose.Short(c.Suite + " " + c.Name + ": " + c.Message)}
	if placed := diagnose.Text(RuleFailed, []byte(text+"\n")); len(placed) > 0 {
		f.Path, f.Line = placed[0].Path, placed[0].Line
	}
	p.t.findings = append(p.t.findings, f)
	p.section, p.trace = "", nil
}

func (p *pyReader) finish(word, numbers string) {
	p.end = word
	clear(p.numbers)
	for _, part := range strings.Split(numbers, ", ") {
		if m := pyNumber.FindStringSubmatch(part); m != nil {
			if n, err := strconv.Atoi(m[2]); err == nil {
				p.numbers[m[1]] = n
			}
		}
	}
}

// settle compares the summary with the cases.
func (p *pyReader) settle() {
	failed := p.numbers["failures"] + p.numbers["errors"] + p.numbers["unexpected successes"]
	seen := p.t.counts(func(report.Case) bool { return true })
	switch {
	case p.ran < 0 || p.end == "":
		p.t.problem = "the report ends without a summary"
	case p.end == "OK" && (failed > 0 || seen.Failed-len(p.doubt) > 0):
		p.t.problem = "the summary says OK and a test failed"
	case p.end == "FAILED" && failed == 0:
		p.t.problem = "the summary says FAILED without a failure"
	case p.end != "FAILED" && len(p.t.cases) != p.ran && p.ran+p.numbers["skipped"] != len(p.t.cases):
		p.t.problem = fmt.Sprintf("the summary counts %d tests, the report names %d", p.ran, len(p.t.cases))
	}
	for name := range p.doubt {
		c := &p.t.cases[p.index[name]]
		c.Outcome, c.Message = report.Failed, "the report does not say how it ended"
		if p.end == "OK" && p.t.problem == "" {
			c.Outcome, c.Message = report.Passed, ""
			continue
		}
		p.t.findings = append(p.t.findings, qlp.Finding{Rule: RuleFailed, Severity: "error", Message: c.Suite + " " + c.Name + ": " + c.Message})
	}
}

// Package diagnose reads the complaints of compilers and interpreters and turns them into findings with a place, so that
// whoever mends the project knows whose file it is.
//
// It never decides whether something failed (the exit code does), and never fails itself: text that it does not
// understand gives no finding.
//
// Arrows: qlp.
package diagnose

import (
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// MaxFindings bounds what is taken from one output: a broken header can make a compiler complain about every line.
const MaxFindings = 100

// maxMessage bounds one message, in bytes.
const maxMessage = 500

var (
	placed    = regexp.MustCompile(`^\s*(?:vet: |\./)?((?:[\w@+~.-]+/)*[\w@+~.-]+\.[A-Za-z]\w*):(\d+)(?::(\d+))?:\s*(.+)$`)
	frame     = regexp.MustCompile(`^\s*File "([^"]+)", line (\d+)`)
	exception = regexp.MustCompile(`^([A-Za-z_][\w.]*(?:Error|Exception|Warning|Exit|Interrupt|Iteration)|[A-Z]\w*): ?(.*)$`)
)

// Text returns the findings in the output of a command: `file:line:col: message` lines, and Python tracebacks, each
// located at its deepest frame within the project. Paths are within the project; /work/ in front of them is taken off.
func Text(rule string, output []byte) []qlp.Finding {
	var out []qlp.Finding
	var trace traceback
	for line := range strings.Lines(string(output)) {
		line = strings.TrimRight(line, "\r\n")
		if f, done := trace.read(rule, line); done {
			out = append(out, f)
		} else if f, ok := place(rule, line); ok && !trace.open {
			out = append(out, f)
		}
		if len(out) >= MaxFindings {
			return out
		}
	}
	return out
}

func place(rule, line string) (qlp.Finding, bool) {
	m := placed.FindStringSubmatch(strings.Replace(line, "/work/", "", 1))
	if m == nil {
		return qlp.Finding{}, false
	}
	return finding(rule, m[1], m[2], m[3], m[4])
}

func finding(rule, file, line, column, message string) (qlp.Finding, bool) {
	file = Path(file)
	n, err := strconv.Atoi(line)
	if file == "" || err != nil {
		return qlp.Finding{}, false
	}
	col := 0
	if column != "" {
		if col, err = strconv.Atoi(column); err != nil {
			return qlp.Finding{}, false
		}
	}
	return qlp.Finding{Path: file, Line: n, Column: col, Rule: rule, Severity: "error", Message: Short(message)}, true
}

// traceback follows one Python traceback.
type traceback struct {
	open       bool
	file, line string
}

// read takes one line, and returns a finding when the line ends a traceback that went through the project.
func (t *traceback) read(rule, line string) (qlp.Finding, bool) {
	if m := frame.FindStringSubmatch(line); m != nil {
		t.open = true
		if p := Path(m[1]); p != "" {
			t.file, t.line = p, m[2]
		}
		return qlp.Finding{}, false
	}
	if !t.open || strings.HasPrefix(line, " ") || line == "" {
		return qlp.Finding{}, false
	}
	file, at := t.file, t.line
	m := exception.FindStringSubmatch(line)
	*t = traceback{}
	if m == nil || file == "" {
		return qlp.Finding{}, false
	}
	return finding(rule, file, at, "", line)
}

// Path returns file as a path within the project, or "" if it is none.
func Path(file string) string {
	file = strings.TrimPrefix(strings.TrimPrefix(file, "/work/"), "./")
	if qlp.CleanPath(file) != nil || path.IsAbs(file) {
		return ""
	}
	return file
}

// Short cuts a message to what a person reads, on a boundary of characters.
func Short(message string) string {
	message = strings.ToValidUTF8(strings.TrimSpace(message), "\uFFFD")
	if len(message) <= maxMessage {
		return message
	}
	cut := maxMessage
	for cut > 0 && message[cut]&0xC0 == 0x80 {
		cut--
	}
	return message[:cut] + "…"
}

// Tail returns the last lines of an output, for a reason when no finding could be read.
func Tail(output []byte, lines int) string {
	all := strings.Split(strings.TrimSpace(strings.ToValidUTF8(string(output), "\uFFFD")), "\n")
	return Short(strings.Join(all[max(0, len(all)-lines):], "\n"))
}

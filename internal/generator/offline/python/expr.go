package python

import "strings"

// width is the line length that pyproject.toml asks ruff for.
const width = 100

// expr is a Python expression: a text, or brackets around parts of which each has a line of its own when one line does
// not hold them all.
type expr struct {
	text  string // all of a plain expression, and what stands before the brackets of another: Entity, name=Entity
	open  string // "", "(", "[" or "{"
	parts []expr
}

func text(s string) expr { return expr{text: s} }

func call(name string, parts ...expr) expr { return expr{text: name, open: "(", parts: parts} }

func list(parts ...expr) expr { return expr{open: "[", parts: parts} }

func tuple(parts ...expr) expr { return expr{open: "(", parts: parts} }

// named puts a name before an expression: max_length=200, or "title": "x".
func named(name string, e expr) expr {
	e.text = name + e.text
	return e
}

func (e expr) closing() string {
	return map[string]string{"": "", "(": ")", "[": "]", "{": "}"}[e.open]
}

// line returns the expression on one line.
func (e expr) line() string {
	parts := make([]string, len(e.parts))
	for i, p := range e.parts {
		parts[i] = p.line()
	}
	inside := strings.Join(parts, ", ")
	if e.open == "(" && len(e.parts) == 1 && e.isTuple() {
		inside += ","
	}
	return e.text + e.open + inside + e.closing()
}

// isTuple tells a tuple from a call: nothing, or a name and an equals sign or a colon, stands before its brackets.
func (e expr) isTuple() bool {
	return e.text == "" || strings.HasSuffix(e.text, "=") || strings.HasSuffix(e.text, " ")
}

// format returns the expression as ruff lays it out, when its first line begins after used characters and its other lines
// are indented by indent.
func (e expr) format(indent, used int) string {
	line := e.line()
	if len(e.parts) == 0 || used+columns(line) < width {
		return line
	}
	var b strings.Builder
	b.WriteString(e.text + e.open + "\n")
	inner := indent + 4
	for _, p := range e.parts {
		b.WriteString(strings.Repeat(" ", inner) + p.format(inner, inner) + ",\n")
	}
	b.WriteString(strings.Repeat(" ", indent) + e.closing())
	return b.String()
}

// columns returns how wide s is at most: letters of East Asian scripts take two columns.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r >= 0x1100 {
			n++
		}
	}
	return n
}

package syntax

import (
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// emptyPythonTests finds test methods that have nothing but pass, an ellipsis or a docstring. It reads lines, not Python:
// what it cannot follow it lets pass, and the count of executed tests is the second net.
func emptyPythonTests(f qlp.File) []qlp.Finding {
	var out []qlp.Finding
	lines := strings.Split(string(f.Content), "\n")
	for i, line := range lines {
		m := pythonDef.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if body, closed := pythonBody(lines[i:], len(m[1])); closed && !hasStatement(body) {
			out = append(out, fault(f.Path, i+1, RuleEmptyTest, m[2]+" has no statement: a test that asserts nothing"))
		}
	}
	return out
}

// pythonBody returns the lines below a definition, and whether its head ends on its own line.
func pythonBody(lines []string, indent int) (body []string, closed bool) {
	head := strings.TrimSpace(lines[0])
	if comment := strings.Index(head, " #"); comment > 0 {
		head = strings.TrimSpace(head[:comment])
	}
	if rest, ok := strings.CutSuffix(head, ": pass"); ok {
		head = rest + ":"
	} else if rest, ok := strings.CutSuffix(head, ": ..."); ok {
		head = rest + ":"
	}
	if !strings.HasSuffix(head, ":") {
		return nil, false
	}
	for _, l := range lines[1:] {
		trimmed := strings.TrimSpace(l)
		if trimmed == "" || strings.HasPrefix(trimmed, "#") {
			continue
		}
		if len(l)-len(strings.TrimLeft(l, " \t")) <= indent {
			break
		}
		body = append(body, trimmed)
	}
	return body, true
}

func hasStatement(body []string) bool {
	quote := ""
	for i, l := range body {
		if quote != "" {
			if strings.HasSuffix(l, quote) {
				quote = ""
			}
			continue
		}
		if i == 0 && (strings.HasPrefix(l, `"""`) || strings.HasPrefix(l, `'''`)) {
			if len(l) < 6 || !strings.HasSuffix(l, l[:3]) {
				quote = l[:3]
			}
			continue
		}
		if l != "pass" && l != "..." {
			return true
		}
	}
	return false
}

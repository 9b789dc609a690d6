package agent

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// What is shown of a failure where the strategy does not ask for more.
const (
	usualFindings = 30
	usualOutput   = 6 << 10 // bytes of the end of an output
)

// evidence shows why the last attempt was not good enough: for each failed check its findings, then the end of what its
// commands printed. Ids of executions serve to find outputs, and are not shown.
func (a *Agent) evidence(req generator.Request) []string {
	if req.Strategy == generator.Elsewhere {
		return nil
	}
	findings, output := usualFindings, usualOutput
	if req.Strategy == generator.MoreContext {
		findings, output = 10*usualFindings, 10*usualOutput
	}
	var items []string
	for _, c := range req.Failure {
		if c.Status() == qlp.Passed {
			continue
		}
		items = append(items, a.desk.Data("check "+c.Key()+": "+string(c.Status()), a.changing.normal(describe(c, findings))))
		for _, id := range c.Executions {
			if printed := strings.TrimSpace(spoken(req.Evidence[id])); printed != "" {
				items = append(items, a.desk.Data("the end of what "+c.Key()+" printed", tail(a.changing.normal(printed), output)))
			}
		}
	}
	return items
}

func describe(c qlp.Check, most int) string {
	var b strings.Builder
	if c.Reason != "" {
		fmt.Fprintf(&b, "%s\n", c.Reason)
	}
	for i, f := range c.Findings {
		if i == most {
			fmt.Fprintf(&b, "and %d more\n", len(c.Findings)-most)
			break
		}
		if f.Path != "" {
			fmt.Fprintf(&b, "%s:%d: ", f.Path, f.Line)
		}
		fmt.Fprintf(&b, "%s %s: %s\n", f.Severity, f.Rule, f.Message)
	}
	return b.String()
}

// spoken takes the printed text out of the stream of events that `go test -json` writes; any other text it leaves.
func spoken(text string) string {
	if !strings.Contains(text, `"Action":"output"`) {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		var event struct {
			Action string
			Output string
		}
		switch err := json.Unmarshal([]byte(line), &event); {
		case err != nil:
			b.WriteString(line)
		case event.Action == "output":
			b.WriteString(event.Output)
		}
	}
	return b.String()
}

// tail returns the last n bytes of text, from the beginning of a line.
func tail(text string, n int) string {
	if len(text) <= n {
		return text
	}
	end := text[len(text)-n:]
	if _, rest, found := strings.Cut(end, "\n"); found {
		end = rest
	}
	return fmt.Sprintf("[%d bytes before this are left out]\n%s", len(text)-len(end), strings.ToValidUTF8(end, ""))
}

// changes is what differs between two runs of the same code, and what stands for it.
type changes []struct {
	form *regexp.Regexp
	mark string
}

// changing lists what may not stand in a prompt, because a replayed run must ask what the recorded one did. Times of day are
// taken out only where they stamp a line: elsewhere they are values under test.
func changing() changes {
	return changes{
		{regexp.MustCompile(`\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)`), ""},
		{regexp.MustCompile(`(?m)^(\W{0,3})\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?`), "${1}#time"},
		{regexp.MustCompile(`("(?:time|ts|timestamp)":\s*)"[^"]*"`), `${1}"#time"`},
		{regexp.MustCompile(`\b\d+\.\d+(?:e-?\d+)?\s?(?:s|sec|seconds|ms)\b`), "#s"},
		{regexp.MustCompile(`\b\d+(?:\.\d+)?(?:ns|µs|us|ms)\b`), "#s"},
		{regexp.MustCompile(`(duration_ms:?\s+)[\d.]+`), "${1}#"},
		{regexp.MustCompile(`\b0x[0-9a-fA-F]{4,}\b`), "0x#"},
		{regexp.MustCompile(`\+0x[0-9a-f]+\b`), "+0x#"},
		{regexp.MustCompile(`((?:127\.0\.0\.1|localhost|0\.0\.0\.0|\[::1?\]):)\d{2,5}\b`), "${1}#"},
		{regexp.MustCompile(`(/(?:tmp|var/tmp|var/folders|private/var/folders|dev/shm|run/user)/)[^\s:'"` + "`" + `),;]*`), "${1}#"},
		{regexp.MustCompile(`\b(goroutine|pid|process|thread)([ =:]+)\d+`), "${1}${2}#"},
	}
}

// normal returns text without what changes from run to run.
func (c changes) normal(text string) string {
	for _, change := range c {
		text = change.form.ReplaceAllString(text, change.mark)
	}
	return text
}

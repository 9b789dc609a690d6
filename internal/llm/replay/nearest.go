package replay

import (
	"fmt"
	"strings"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/record"
)

// nearest says where a request leaves the recorded one that it shares the most lines with.
func nearest(req llm.Request, recorded []record.Cassette) string {
	asked := lines(record.Of(req, llm.Answer{Fallback: req.Fallback}, record.Role{}).Request)
	var best record.Cassette
	at := -1
	for _, c := range recorded {
		if n := common(asked, lines(c.Request)); n > at {
			best, at = c, n
		}
	}
	theirs := lines(best.Request)
	if at == len(asked) && at == len(theirs) {
		return fmt.Sprintf("the nearest, %s, reads the same: secrets were taken out of it, or it is of another schema", best.Name())
	}
	return fmt.Sprintf("the nearest is %s, which differs first in line %d: recorded %s, asked %s", best.Name(), at+1, show(theirs, at), show(asked, at))
}

// lines lays a request out for comparison.
func lines(r record.Request) []string {
	var b strings.Builder
	fmt.Fprintf(&b, "fallback %d, at most %d tokens\n%s\n", r.Fallback, r.MaxTokens, r.System)
	for _, m := range r.Messages {
		fmt.Fprintf(&b, "%s:\n%s\n", m.From, m.Text)
	}
	if r.Schema != nil {
		fmt.Fprintf(&b, "schema %s", r.Schema.Name)
	}
	return strings.Split(b.String(), "\n")
}

func common(a, b []string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func show(lines []string, i int) string {
	if i >= len(lines) {
		return "nothing"
	}
	return fmt.Sprintf("%.120q", lines[i])
}

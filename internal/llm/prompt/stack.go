package prompt

import (
	"fmt"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Stack says in words what a stack fixes: its data, and nothing of anybody else's.
func Stack(st qlp.Stack) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Stack: %s, %s (language %s).\n", st.Name, st.Title, st.Language)
	for _, t := range st.Tools {
		if t.Minimum != "" && !t.Optional {
			fmt.Fprintf(&b, "Tool: %s, at least %s.\n", t.Name, t.Minimum)
		}
	}
	c := st.Commands
	for _, set := range []struct {
		what string
		list []qlp.Command
	}{{"builds", c.Build}, {"tests", c.Test}, {"checks the format", c.Format}, {"lints", c.Lint}, {"starts", []qlp.Command{c.Start}}} {
		for _, cmd := range set.list {
			if len(cmd.Argv) > 0 {
				fmt.Fprintf(&b, "It %s with: %s\n", set.what, strings.Join(cmd.Argv, " "))
			}
		}
	}
	for _, part := range st.Layout {
		if part.Role == qlp.RoleAcceptance {
			continue
		}
		fmt.Fprintf(&b, "Part: %s, in %s\n", part.Title, strings.Join(part.Owns, " "))
		for _, a := range part.Accept {
			fmt.Fprintf(&b, "  good when: %s\n", a)
		}
	}
	return b.String()
}

package test

import (
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/validator"
)

// program answers for a program. Its acceptance cases are played by QLP's own tool: a case counts by the command that it
// was played by, never by a name that the project's own tests have chosen.
func program(runs []run, s validator.Subject) Outcome {
	var out Outcome
	for _, name := range []string{Acceptance, Unit} {
		var own []run
		for _, r := range runs {
			if isNamed(r.cmd, name) {
				own = append(own, r)
			}
		}
		c := judge(s.Stack, name, own, all)
		if name == Acceptance {
			c = strict(c, s)
		}
		out.Checks = append(out.Checks, c)
		out.Reports = append(out.Reports, junit(name, own, all)...)
	}
	return out
}

// isNamed reports whether the command is filed under the check of that name.
func isNamed(cmd qlp.Command, name string) bool { return key(cmd) == string(qlp.LayerTest)+"/"+name }

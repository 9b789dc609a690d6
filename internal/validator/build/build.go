// Package build is the layer that builds the whole project with its stack's own commands.
//
// It never builds on the host, and never calls a build good that did not end by itself with exit code 0.
//
// Arrows: qlp, sandbox, record, diagnose.
package build

import (
	"context"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/validator/diagnose"
	"github.com/quantumlayer/qlp/internal/validator/record"
)

// Rule of the findings.
const Rule = "build"

// Check runs the stack's build commands over the project in box, one check each; after one that did not pass the rest are
// not_run. It returns an error only when ctx is done.
func Check(ctx context.Context, book *record.Book, box sandbox.Sandbox, stack qlp.Stack, limits sandbox.Limits) ([]qlp.Check, error) {
	var checks []qlp.Check
	for _, cmd := range stack.Commands.Build {
		if n := len(checks); n > 0 && checks[n-1].Status() != qlp.Passed {
			checks = append(checks, qlp.Skip(qlp.LayerBuild, cmd.Name, "the build before it did not pass"))
			continue
		}
		key := string(qlp.LayerBuild) + "/" + cmd.Name
		ran, err := book.Run(ctx, box, record.Order{Check: key, Command: cmd, Env: stack.Env, Limits: limits})
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			checks = append(checks, qlp.Broken(qlp.LayerBuild, cmd.Name, qlp.Evidence{}, err.Error()))
			continue
		}
		checks = append(checks, judge(stack, cmd, ran))
	}
	return checks, nil
}

func judge(stack qlp.Stack, cmd qlp.Command, ran record.Ran) qlp.Check {
	ev := qlp.FromExecutions(ran.Execution)
	if lacks := ran.Lacks(cmd); lacks != "" {
		return qlp.Skip(qlp.LayerBuild, cmd.Name, lacks)
	}
	switch end, why := ran.Ending(); end {
	case record.Fine:
		return qlp.Pass(qlp.LayerBuild, cmd.Name, ev)
	case record.NoTool:
		return qlp.Skip(qlp.LayerBuild, cmd.Name, why+record.Remedy(stack, cmd.Argv[0]))
	case record.NoAnswer:
		return qlp.Broken(qlp.LayerBuild, cmd.Name, ev, why)
	default:
		found := append(diagnose.Text(Rule, ran.Stderr), diagnose.Text(Rule, ran.Stdout)...)
		if len(found) == 0 {
			why += ": " + diagnose.Tail(append(ran.Stdout, ran.Stderr...), 6)
		} else {
			why += ": " + found[0].Path + ": " + found[0].Message
		}
		return qlp.Fail(qlp.LayerBuild, cmd.Name, ev, why, found...)
	}
}

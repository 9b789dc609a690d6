// Package quality is the layer of the formatter and the linter.
//
// It never judges taste of its own: the stack's tools do, and a tool that is not there leaves its check not_run with the
// remedy.
//
// Arrows: qlp, sandbox, record, diagnose.
package quality

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/validator/diagnose"
	"github.com/quantumlayer/qlp/internal/validator/record"
)

// Names of the checks, where a stack has one command for it; further commands have their own name.
const (
	Format = "format"
	Lint   = "lint"
)

// NotRun returns the layer's checks when there is no point in running them.
func NotRun(stack qlp.Stack, reason string) []qlp.Check {
	var out []qlp.Check
	for _, j := range jobs(stack) {
		out = append(out, qlp.Skip(qlp.LayerQuality, j.name, reason))
	}
	return out
}

type job struct {
	name   string
	cmd    qlp.Command
	silent bool // output means a fault
}

func jobs(stack qlp.Stack) []job {
	var out []job
	add := func(name string, silent bool, commands []qlp.Command) {
		for i, cmd := range commands {
			if i > 0 {
				name = cmd.Name
			}
			out = append(out, job{name, cmd, silent})
		}
	}
	add(Format, true, stack.Commands.Format)
	add(Lint, false, stack.Commands.Lint)
	return out
}

// Check runs the stack's formatter and linter over the project in box. missing names the optional tools that are not
// there. It returns an error only when ctx is done.
func Check(ctx context.Context, book *record.Book, box sandbox.Sandbox, stack qlp.Stack, missing map[string]bool, limits sandbox.Limits) ([]qlp.Check, error) {
	var checks []qlp.Check
	for _, j := range jobs(stack) {
		if missing[j.cmd.Tool] {
			checks = append(checks, qlp.Skip(qlp.LayerQuality, j.name, j.cmd.Tool+" is not there"+record.Remedy(stack, j.cmd.Tool)))
			continue
		}
		key := string(qlp.LayerQuality) + "/" + j.name
		ran, err := book.Run(ctx, box, record.Order{Check: key, Command: j.cmd, Env: stack.Env, Limits: limits})
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			checks = append(checks, qlp.Broken(qlp.LayerQuality, j.name, qlp.Evidence{}, err.Error()))
			continue
		}
		checks = append(checks, j.judge(stack, ran))
	}
	return checks, nil
}

func (j job) judge(stack qlp.Stack, ran record.Ran) qlp.Check {
	ev := qlp.FromExecutions(ran.Execution)
	end, why := ran.Ending()
	out := bytes.TrimSpace(append(ran.Stdout, ran.Stderr...))
	switch end {
	case record.NoTool:
		tool := j.cmd.Tool
		if tool == "" {
			tool = j.cmd.Argv[0]
		}
		return qlp.Skip(qlp.LayerQuality, j.name, why+record.Remedy(stack, tool))
	case record.NoAnswer:
		return qlp.Broken(qlp.LayerQuality, j.name, ev, why)
	}
	found, err := j.findings(ran, out)
	switch {
	case err != nil:
		return qlp.Broken(qlp.LayerQuality, j.name, ev, err.Error()+": "+diagnose.Tail(ran.Stderr, 3))
	case end == record.Fine && (!j.silent || len(out) == 0):
		return qlp.Pass(qlp.LayerQuality, j.name, ev)
	}
	if j.silent && len(found) > 0 {
		why = fmt.Sprintf("%d files are not formatted", max(len(found), 1))
	} else if len(found) == 0 {
		why += ": " + diagnose.Tail(out, 4)
	}
	return qlp.Fail(qlp.LayerQuality, j.name, ev, why, found...)
}

func (j job) findings(ran record.Ran, out []byte) ([]qlp.Finding, error) {
	if j.cmd.Report == "ruff-json" {
		return diagnose.Ruff(ran.Stdout)
	}
	found := diagnose.Text(j.name, out)
	if len(found) > 0 || !j.silent {
		return found, nil
	}
	diff := bytes.HasPrefix(out, []byte("--- ")) // the headers of its files name them; others print the names alone
	for line := range strings.Lines(string(out)) {
		name, header := strings.CutPrefix(strings.TrimSpace(line), "--- ")
		if header != diff {
			continue
		}
		if p := diagnose.Path(name); p != "" && !strings.Contains(p, " ") && len(found) < diagnose.MaxFindings {
			found = append(found, qlp.Finding{Path: p, Rule: j.name, Severity: "error", Message: "the file is not formatted"})
		}
	}
	return found, nil
}

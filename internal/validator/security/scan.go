package security

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/validator/diagnose"
	"github.com/quantumlayer/qlp/internal/validator/record"
	"github.com/quantumlayer/qlp/internal/validator/security/grave"
)

// StaticName is the name of the check that stands for static analysis where a stack has none.
const StaticName = "static"

// NotRun returns the checks of static analysis when there is no point in running it.
func NotRun(stack qlp.Stack, reason string) []qlp.Check {
	var out []qlp.Check
	for _, cmd := range stack.Commands.Scan {
		out = append(out, qlp.Skip(qlp.LayerSecurity, cmd.Name, reason))
	}
	return out
}

// Scan runs the stack's static analysis over the project in box, one check each. missing names the optional tools that are
// not there. It returns an error only when ctx is done.
func Scan(ctx context.Context, book *record.Book, box sandbox.Sandbox, stack qlp.Stack, missing map[string]bool, limits sandbox.Limits) ([]qlp.Check, error) {
	if len(stack.Commands.Scan) == 0 {
		return []qlp.Check{qlp.Skip(qlp.LayerSecurity, StaticName, "the stack "+stack.Name+" has no static security analysis")}, nil
	}
	var checks []qlp.Check
	for _, cmd := range stack.Commands.Scan {
		if missing[cmd.Tool] {
			checks = append(checks, qlp.Skip(qlp.LayerSecurity, cmd.Name, cmd.Tool+" is not there"+record.Remedy(stack, cmd.Tool)))
			continue
		}
		key := string(qlp.LayerSecurity) + "/" + cmd.Name
		ran, err := book.Run(ctx, box, record.Order{Check: key, Command: cmd, Env: stack.Env, Limits: limits})
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			checks = append(checks, qlp.Broken(qlp.LayerSecurity, cmd.Name, qlp.Evidence{}, err.Error()))
			continue
		}
		checks = append(checks, judge(stack, cmd, ran))
	}
	return checks, nil
}

func judge(stack qlp.Stack, cmd qlp.Command, ran record.Ran) qlp.Check {
	ev := qlp.FromExecutions(ran.Execution)
	end, why := ran.Ending()
	switch end {
	case record.NoTool:
		return qlp.Skip(qlp.LayerSecurity, cmd.Name, why+record.Remedy(stack, cmd.Argv[0]))
	case record.NoAnswer:
		return qlp.Broken(qlp.LayerSecurity, cmd.Name, ev, why)
	}
	if cmd.Report == "gosec-json" {
		return judgeGosec(cmd, ev, end, why, ran)
	}
	found := diagnose.Text(cmd.Name, append(ran.Stdout, ran.Stderr...))
	if cmd.Report == "ruff-json" {
		var err error
		if found, err = diagnose.Ruff(ran.Stdout); err != nil {
			return qlp.Broken(qlp.LayerSecurity, cmd.Name, ev, err.Error()+": "+diagnose.Tail(ran.Stderr, 3))
		}
	}
	if end == record.Fine {
		return qlp.Pass(qlp.LayerSecurity, cmd.Name, ev)
	}
	return qlp.Fail(qlp.LayerSecurity, cmd.Name, ev, why, found...)
}

// gosecReport is the part of gosec's JSON that is read.
type gosecReport struct {
	Errors map[string][]struct {
		Line   int    `json:"line"`
		Column int    `json:"column"`
		Error  string `json:"error"`
	} `json:"Golang errors"`
	Issues []struct {
		Severity     string          `json:"severity"`
		Confidence   string          `json:"confidence"`
		Rule         string          `json:"rule_id"`
		Details      string          `json:"details"`
		File         string          `json:"file"`
		Line         string          `json:"line"`
		Column       string          `json:"column"`
		Suppressed   bool            `json:"nosec"`
		Suppressions json.RawMessage `json:"suppressions"`
	} `json:"Issues"`
	Stats *struct {
		Files int `json:"files"`
	} `json:"Stats"`
}

// parseGosec returns the findings: error for what must be mended, warning for what is said and let pass (low severity or
// low confidence), note for what the code itself suppresses with a comment. A suppression of a finding of high severity
// does not count. The report must say that files were looked at.
func parseGosec(stdout []byte) (found []qlp.Finding, files int, err error) {
	var r gosecReport
	if err := json.Unmarshal(stdout, &r); err != nil {
		return nil, 0, fmt.Errorf("read the report of gosec: %w", err)
	}
	if r.Stats == nil {
		return nil, 0, fmt.Errorf("the report of gosec does not say what it looked at")
	}
	for file, list := range r.Errors {
		for _, e := range list {
			found = append(found, qlp.Finding{
				Path: diagnose.Path(file), Line: max(e.Line, 0), Column: max(e.Column, 0), Rule: "not-analysed",
				Severity: "error", Message: diagnose.Short(e.Error),
			})
		}
	}
	for _, i := range r.Issues {
		severity, message := "error", i.Details
		if i.Suppressed {
			message += " (suppressed by a comment in the code)"
		}
		if !grave.Grave(i.Severity, i.Confidence, i.Suppressed) {
			severity = "warning"
			if i.Suppressed {
				severity = "note"
			}
		}
		found = append(found, qlp.Finding{
			Path: diagnose.Path(i.File), Line: number(i.Line), Column: number(i.Column), Rule: i.Rule,
			Severity: severity, Message: diagnose.Short(message),
		})
	}
	return found, r.Stats.Files, nil
}

// number reads the first number of "7" or "7-9"; 0 if there is none.
func number(s string) int {
	first, _, _ := strings.Cut(s, "-")
	n, err := strconv.Atoi(first)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func judgeGosec(cmd qlp.Command, ev qlp.Evidence, end record.Ending, why string, ran record.Ran) qlp.Check {
	found, files, err := parseGosec(ran.Stdout)
	if err != nil {
		if end == record.Fine {
			why = err.Error()
		}
		return qlp.Broken(qlp.LayerSecurity, cmd.Name, ev, why+": "+diagnose.Tail(ran.Stderr, 3))
	}
	bad := 0
	for _, f := range found {
		if f.Severity == "error" {
			bad++
		}
	}
	switch {
	case bad > 0:
		return qlp.Fail(qlp.LayerSecurity, cmd.Name, ev, fmt.Sprintf("%d findings", bad), found...)
	case files == 0:
		return qlp.Broken(qlp.LayerSecurity, cmd.Name, ev, "no file was analysed")
	case end != record.Fine: // what it complains of is not in its report
		return qlp.Broken(qlp.LayerSecurity, cmd.Name, ev, why)
	default:
		return qlp.Pass(qlp.LayerSecurity, cmd.Name, ev).WithFindings(found...)
	}
}

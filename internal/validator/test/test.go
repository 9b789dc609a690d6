// Package test is the layer that runs the project's tests: the acceptance tests, frozen before the code was written, and
// the project's own. It reads the runners' reports and answers two checks, test/acceptance and test/unit.
//
// It never takes a runner's exit code for a pass without a report that is whole, nor a report without the exit code; it
// never lets a test count that was skipped, changed, added or taken away after the freeze, and no test executed is a
// failure.
//
// Arrows: qlp, sandbox, record, diagnose, report.
package test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/validator"
	"github.com/quantumlayer/qlp/internal/validator/record"
	"github.com/quantumlayer/qlp/internal/validator/report"
)

// Names of the checks.
const (
	Acceptance = "acceptance"
	Unit       = "unit"
)

// toolPath is where the sandbox finds QLP's own tools.
const toolPath = "/qlp/bin/qlp"

// Outcome is what the layer found.
type Outcome struct {
	Checks  []qlp.Check
	Reports []qlp.File // junit/acceptance.xml, junit/unit.xml
}

// NotRun returns the layer's checks when there is no point in running the tests. Software that exists already has no
// acceptance tests: nobody froze any before it was written.
func NotRun(spec qlp.Spec, reason string) []qlp.Check {
	unit := qlp.Skip(qlp.LayerTest, Unit, reason)
	if spec.Kind == qlp.KindRepository {
		return []qlp.Check{unit}
	}
	return []qlp.Check{qlp.Skip(qlp.LayerTest, Acceptance, reason), unit}
}

// Check runs the stack's test commands over the built project in box. It returns an error only when ctx is done.
func Check(ctx context.Context, book *record.Book, box sandbox.Sandbox, s validator.Subject, limits sandbox.Limits) (Outcome, error) {
	if len(s.Stack.Commands.Test) == 0 {
		return Outcome{Checks: NotRun(s.Spec, "the stack has no test command for this project")}, nil
	}
	runs, err := runAll(ctx, book, box, s, limits)
	if err != nil {
		return Outcome{}, err
	}
	for i := range runs {
		if r := &runs[i]; r.err == nil {
			r.parse(s.Files)
			book.Count(r.ran.Execution.ID, r.text.counts(all))
		}
	}
	if s.Spec.Kind.Program() {
		return program(runs, s), nil
	}
	if s.Spec.Kind == qlp.KindRepository {
		return Outcome{Checks: []qlp.Check{judge(s.Stack, Unit, runs, all)}, Reports: junit(Unit, runs, all)}, nil
	}
	acceptance := judge(s.Stack, Acceptance, runs, isAcceptance)
	return Outcome{
		Checks:  []qlp.Check{strict(acceptance, s), judge(s.Stack, Unit, runs, isUnit)},
		Reports: append(junit(Acceptance, runs, isAcceptance), junit(Unit, runs, isUnit)...),
	}, nil
}

// runAll runs the test commands side by side. Those that play a program's acceptance cases run before the others and by
// themselves: nothing of the project is running beside them that could touch the cases or the program.
func runAll(ctx context.Context, book *record.Book, box sandbox.Sandbox, s validator.Subject, limits sandbox.Limits) ([]run, error) {
	runs := make([]run, len(s.Stack.Commands.Test))
	group, groupCtx := errgroup.WithContext(ctx)
	var later []func()
	for i, cmd := range s.Stack.Commands.Test {
		r := &runs[i]
		r.cmd = cmd
		order := record.Order{ID: book.Reserve(key(cmd)), Check: key(cmd), Command: cmd, Env: s.Stack.Env, Limits: limits}
		work := func() {
			if r.ran, r.err = book.Run(groupCtx, box, order); r.err == nil {
				r.files, r.lost = reportFiles(groupCtx, box, cmd, s.Files)
			}
		}
		if s.Spec.Kind.Program() && isNamed(cmd, Acceptance) {
			work()
		} else {
			later = append(later, work)
		}
	}
	for _, work := range later {
		group.Go(func() error { work(); return nil })
	}
	if err := group.Wait(); err != nil || ctx.Err() != nil {
		return nil, errors.Join(err, context.Cause(ctx))
	}
	return runs, nil
}

// run is one test command and what came of it.
type run struct {
	cmd  qlp.Command
	ran  record.Ran
	err  error // the sandbox did not run it
	text transcript

	files map[string][]byte // the report, where the command writes it to files
	lost  error             // they could not be read
}

// reportFiles returns the files that the command has written its report to. One that the project brought along is none.
func reportFiles(ctx context.Context, box sandbox.Sandbox, cmd qlp.Command, project []qlp.File) (map[string][]byte, error) {
	if len(cmd.ReportFiles) == 0 {
		return nil, nil
	}
	found, err := sandbox.GetFiles(ctx, box, cmd.ReportFiles, sandbox.CopyLimits{})
	if err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	out := map[string][]byte{}
	for name, f := range found {
		if !slices.ContainsFunc(project, func(p qlp.File) bool { return p.Path == name }) {
			out[name] = f.Content
		}
	}
	return out, nil
}

// key is the check that a command's execution is filed under; one command may serve both.
func key(cmd qlp.Command) string {
	if strings.Contains(cmd.Name, Acceptance) {
		return string(qlp.LayerTest) + "/" + Acceptance
	}
	return string(qlp.LayerTest) + "/" + Unit
}

func (r *run) parse(files []qlp.File) {
	if r.lost != nil {
		r.text = transcript{problem: r.lost.Error()}
		return
	}
	switch r.cmd.Report {
	case "tap":
		r.text = parseTAP(escape.ReplaceAll(r.ran.Stdout, nil))
	case "libtest":
		r.text = parseLibtest(escape.ReplaceAll(r.ran.Stdout, nil))
	case "junit":
		r.text = parseJUnit(r.files)
	case "auto":
		r.text = parseAuto(r.ran.Stdout, r.ran.Stderr, r.files, modulePath(files))
	case "go-test-json":
		module := modulePath(files)
		if r.cmd.Argv[0] == toolPath { // our own report has no module to take off
			module = ""
		}
		r.text = parseGo(r.ran.Stdout, module)
	case "unittest":
		r.text = parseUnittest(r.ran.Stderr)
	default:
		r.text = transcript{problem: fmt.Sprintf("there is no parser for a report of kind %q", r.cmd.Report)}
	}
}

// serves reports whether the command was to run cases of the check: by its name, or because it did.
func (r *run) serves(name string, want func(report.Case) bool) bool {
	named := key(r.cmd) == string(qlp.LayerTest)+"/"+name
	n := r.text.counts(want)
	return named || n.Executed()+n.Skipped > 0
}

// judge answers one check over all commands that serve it.
func judge(stack qlp.Stack, name string, runs []run, want func(report.Case) bool) qlp.Check {
	var a answer
	for _, r := range runs {
		if r.serves(name, want) || len(runs) == 1 {
			a.take(stack, r, want)
		}
	}
	ev := qlp.Evidence{}
	if len(a.executions) > 0 {
		ev = qlp.FromExecutions(a.executions[0], a.executions[1:]...)
	}
	var c qlp.Check
	switch {
	case a.broken != "":
		c = qlp.Broken(qlp.LayerTest, name, ev, a.broken)
	case a.missing != "":
		return qlp.Skip(qlp.LayerTest, name, a.missing)
	case a.counts.Failed > 0: // also in a report that is not whole
		c = qlp.Fail(qlp.LayerTest, name, ev, fmt.Sprintf("%d of %d tests failed", a.counts.Failed, a.counts.Executed()), a.findings...)
	case a.doubtful != "":
		c = qlp.Broken(qlp.LayerTest, name, ev, a.doubtful)
	case a.failed != "":
		c = qlp.Fail(qlp.LayerTest, name, ev, a.failed, a.findings...)
	case len(a.executions) == 0:
		return qlp.Skip(qlp.LayerTest, name, "the stack has no command for these tests")
	case a.counts.Executed() == 0:
		c = qlp.Fail(qlp.LayerTest, name, ev, "no test was executed")
	default:
		c = qlp.Pass(qlp.LayerTest, name, ev)
	}
	return c.WithCounts(a.counts)
}

// answer gathers what the commands of one check said; the first of each kind is kept.
type answer struct {
	executions []qlp.Execution
	counts     qlp.Counts
	findings   []qlp.Finding
	broken     string // the sandbox did not answer
	missing    string // the runner is not there
	doubtful   string // the runner ended well and its report is not whole
	failed     string // the runner failed, beyond what the cases tell
}

func (a *answer) take(stack qlp.Stack, r run, want func(report.Case) bool) {
	if r.err != nil {
		first(&a.broken, r.err.Error())
		return
	}
	n := r.text.counts(want)
	a.counts.Passed, a.counts.Failed, a.counts.Skipped = a.counts.Passed+n.Passed, a.counts.Failed+n.Failed, a.counts.Skipped+n.Skipped
	total := r.text.counts(all)
	end, why := r.ran.Ending()
	if end == record.NoTool {
		first(&a.missing, why+record.Remedy(stack, r.cmd.Argv[0]))
		return
	}
	if lacks := r.ran.Lacks(r.cmd); lacks != "" && total.Executed() == 0 {
		first(&a.missing, lacks)
		return
	}
	a.executions = append(a.executions, r.ran.Execution)
	a.findings = append(a.findings, r.text.findings...)
	switch {
	case end == record.NoAnswer:
		first(&a.broken, why)
	case end == record.Fine && r.text.problem != "":
		first(&a.doubtful, r.text.problem+r.tail())
	case end == record.Fine:
	case r.text.problem != "":
		first(&a.failed, why+"; "+r.text.problem+r.tail())
	case total.Failed == 0: // nothing in the report explains the exit code
		first(&a.failed, why+" and no test failed"+r.tail())
	}
}

func (r *run) tail() string {
	if len(r.text.stray) == 0 {
		return ""
	}
	return ": " + strings.Join(r.text.stray[:min(len(r.text.stray), 4)], " ")
}

func first(at *string, text string) {
	if *at == "" {
		*at = text
	}
}

// strict adds what holds for acceptance tests alone: they are the frozen ones, all of them ran, and none was skipped.
func strict(c qlp.Check, s validator.Subject) qlp.Check {
	again := func(reason string, findings ...qlp.Finding) qlp.Check {
		out := qlp.Fail(qlp.LayerTest, Acceptance, qlp.Evidence{}, reason, append(findings, c.Findings...)...)
		out.Executions, out.Read, out.Counts = c.Executions, c.Read, c.Counts
		return out
	}
	if found := compareFrozen(s.Files, s.Frozen, s.Plan); len(found) > 0 {
		return again(strings.TrimPrefix(found[0].Path+": ", ": ")+found[0].Message, found...)
	}
	if c.Status() != qlp.Passed {
		return c
	}
	wanted, err := wantedCases(s.Files, s.Spec)
	switch {
	case err != nil:
		return again(err.Error())
	case c.Counts.Skipped > 0:
		return again(fmt.Sprintf("%d acceptance tests were skipped", c.Counts.Skipped))
	case c.Counts.Executed() < wanted:
		return again(fmt.Sprintf("%d acceptance tests were executed, %d are frozen", c.Counts.Executed(), wanted))
	}
	return c
}

func junit(name string, runs []run, want func(report.Case) bool) []qlp.File {
	var cases []report.Case
	for _, r := range runs {
		for _, c := range r.text.cases {
			if want(c) {
				cases = append(cases, c)
			}
		}
	}
	if len(cases) == 0 {
		return nil
	}
	return []qlp.File{{Path: "junit/" + name + ".xml", Content: report.JUnit(cases)}}
}

package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/validator"
	"github.com/quantumlayer/qlp/internal/validator/build"
	"github.com/quantumlayer/qlp/internal/validator/quality"
	"github.com/quantumlayer/qlp/internal/validator/record"
	"github.com/quantumlayer/qlp/internal/validator/security"
	"github.com/quantumlayer/qlp/internal/validator/syntax"
	"github.com/quantumlayer/qlp/internal/validator/test"
)

// place is where a stage's checks stand in the report, whenever it finishes.
type place int

const (
	placeSyntax place = iota
	placeParse        // syntax that the stack's own commands answer
	placePackages
	placeBuild
	placeTest
	placeStart
	placeFiles // security over the files, in-process
	placeScan
	placeQuality
	places
)

// validation is one call of Validate.
type validation struct {
	p    *Pipeline
	s    validator.Subject
	book *record.Book

	mu        sync.Mutex // also held while progress is called: never concurrently
	progress  func(qlp.Check)
	found     [places][]qlp.Check
	reports   []qlp.File
	supplies  validator.Supplies // of the packages stage, before the sandboxes are opened
	toolchain map[string]string
}

func newValidation(p *Pipeline, s validator.Subject, progress func(qlp.Check)) *validation {
	return &validation{p: p, s: s, book: record.New(), progress: progress, toolchain: map[string]string{}}
}

// set files the checks of a stage and tells each.
func (v *validation) set(at place, checks []qlp.Check) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := range checks {
		checks[i] = bounded(checks[i])
		v.tellLocked(checks[i])
	}
	v.found[at] = checks
}

// maxFindings bounds the findings of one check: a project can be wrong in as many places as it likes.
const maxFindings = 200

func bounded(c qlp.Check) qlp.Check {
	if more := len(c.Findings) - maxFindings; more > 0 {
		rest := qlp.Finding{Rule: "more", Severity: "note", Message: fmt.Sprintf("%d more findings are not listed", more)}
		c.Findings = append(c.Findings[:maxFindings:maxFindings], rest)
	}
	return c
}

func (v *validation) tell(c qlp.Check) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.tellLocked(c)
}

func (v *validation) tellLocked(c qlp.Check) {
	if v.progress != nil {
		v.progress(c)
	}
}

func (v *validation) checks() []qlp.Check {
	v.mu.Lock()
	defer v.mu.Unlock()
	var out []qlp.Check
	for _, list := range v.found {
		out = append(out, list...)
	}
	return out
}

// layers runs everything but the policy.
func (v *validation) layers(ctx context.Context) error {
	read := syntax.InProcess
	if v.exists() {
		read = syntax.Parse
	}
	parsed := guard(v.p, qlp.LayerSyntax, notRun(qlp.LayerSyntax, syntax.Content), func() []qlp.Check { return read(v.s.Files) })
	v.set(placeSyntax, parsed)
	group, ctx := errgroup.WithContext(ctx)
	files := v.s.Files // as they were given: what the packages stage adds is not the project's own
	group.Go(func() error { return v.overFiles(ctx, files) })
	reason := "the files were refused by the syntax layer"
	if passed(parsed) || v.exists() {
		var err error
		if reason, err = v.packages(ctx); err != nil {
			return errors.Join(err, group.Wait())
		}
	}
	if reason == "" {
		group.Go(func() error { return v.work(ctx) })
		group.Go(func() error { return v.analyse(ctx) })
	} else {
		v.skipWork(reason)
		v.skipAnalysis(reason)
	}
	return group.Wait()
}

// exists tells software that people have written from what QLP has: it may hold files that are broken on purpose, so that
// one of them does not parse keeps nothing from being built.
func (v *validation) exists() bool { return v.s.Spec.Kind == qlp.KindRepository }

// overFiles is the part of the security layer that needs no sandbox.
func (v *validation) overFiles(ctx context.Context, files []qlp.File) error {
	if !v.p.cfg.runs(qlp.LayerSecurity) {
		v.set(placeFiles, []qlp.Check{qlp.Skip(qlp.LayerSecurity, security.SecretsName, leftOut)})
		return nil
	}
	var err error
	checks := guard(v.p, qlp.LayerSecurity, notRun(qlp.LayerSecurity, security.SecretsName), func() []qlp.Check {
		var secrets qlp.Check
		if secrets, err = v.p.secrets.Check(ctx, files); err != nil {
			return nil
		}
		return append([]qlp.Check{secrets}, security.Docker(files)...)
	})
	if err != nil {
		return err
	}
	v.set(placeFiles, checks)
	return nil
}

const leftOut = "the layer is left out by configuration"

// work parses, builds, tests and starts the project.
func (v *validation) work(ctx context.Context) error {
	files, held := v.held()
	box, refused, err := v.p.open(ctx, v.s.Stack, files, v.supplies)
	if err != nil {
		return err
	}
	if box == nil {
		v.skipWork(refused)
		return nil
	}
	defer v.p.destroy(ctx, box)
	reason, err := v.build(ctx, box)
	if err != nil {
		return err
	}
	if reason != "" {
		v.set(placeTest, test.NotRun(v.s.Spec, reason))
		v.skipStart(reason)
		return nil
	}
	if err := put(ctx, box, held); err != nil {
		return err
	}
	if err := v.p.restore(ctx, box, v.s.Files); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return v.start(ctx, box) })
	group.Go(func() error { return v.test(ctx, box) })
	return group.Wait()
}

// build parses and builds; the reason says why there is nothing to test, "" that there is.
func (v *validation) build(ctx context.Context, box sandbox.Sandbox) (string, error) {
	stack := v.s.Stack
	if len(stack.Commands.Syntax) > 0 {
		err := v.stage(placeParse, qlp.LayerSyntax, skipAll(qlp.LayerSyntax, stack.Commands.Syntax, ""), func() ([]qlp.Check, error) {
			return syntax.InSandbox(ctx, v.book, box, stack, sandbox.Limits{Wall: v.p.cfg.Syntax})
		})
		if err != nil {
			return "", err
		}
		if !passed(v.found[placeParse]) {
			v.set(placeBuild, skipAll(qlp.LayerBuild, stack.Commands.Build, "the files do not parse"))
			return "the files do not parse", nil
		}
	}
	err := v.stage(placeBuild, qlp.LayerBuild, skipAll(qlp.LayerBuild, stack.Commands.Build, ""), func() ([]qlp.Check, error) {
		return build.Check(ctx, v.book, box, stack, sandbox.Limits{Wall: v.wall(v.p.cfg.Build)})
	})
	if err != nil {
		return "", err
	}
	if len(v.found[placeBuild]) == 0 && !v.exists() || !passed(v.found[placeBuild]) {
		return "the build did not pass", nil
	}
	return "", nil
}

// wall is the time of one command: what is configured, or the stack's own where that is longer.
func (v *validation) wall(configured time.Duration) time.Duration {
	if room := v.s.Stack.Room; room != nil {
		return max(configured, time.Duration(room.WallMS)*time.Millisecond)
	}
	return configured
}

// stage runs one layer under guard; run returns an error only when ctx is done.
func (v *validation) stage(at place, layer qlp.Layer, expected []qlp.Check, run func() ([]qlp.Check, error)) error {
	if !v.p.cfg.runs(layer) {
		for i := range expected {
			expected[i].Reason = leftOut
		}
		v.set(at, expected)
		return nil
	}
	var err error
	checks := guard(v.p, layer, expected, func() []qlp.Check {
		var list []qlp.Check
		list, err = run()
		return list
	})
	if err != nil {
		return err
	}
	v.set(at, checks)
	return nil
}

func (v *validation) test(ctx context.Context, box sandbox.Sandbox) error {
	return v.stage(placeTest, qlp.LayerTest, test.NotRun(v.s.Spec, ""), func() ([]qlp.Check, error) {
		out, err := test.Check(ctx, v.book, box, v.s, sandbox.Limits{Wall: v.wall(v.p.cfg.Test)})
		v.reports = out.Reports
		return out.Checks, err
	})
}

// analyse runs the tools that read the source, in a sandbox in which nothing of the project is executed.
func (v *validation) analyse(ctx context.Context) error {
	stack := v.s.Stack
	box, refused, err := v.p.openEmpty(ctx, stack, v.supplies)
	if err != nil {
		return err
	}
	if box == nil {
		v.skipAnalysis(refused)
		return nil
	}
	defer v.p.destroy(ctx, box)
	found, missing := versions(ctx, box, stack)
	v.toolchain = found
	if err := put(ctx, box, v.s.Files); err != nil {
		return err
	}
	limits := sandbox.Limits{Wall: v.wall(v.p.cfg.Build)}
	err = v.stage(placeQuality, qlp.LayerQuality, quality.NotRun(stack, ""), func() ([]qlp.Check, error) {
		return quality.Check(ctx, v.book, box, stack, missing, limits)
	})
	if err != nil {
		return err
	}
	return v.stage(placeScan, qlp.LayerSecurity, security.NotRun(stack, ""), func() ([]qlp.Check, error) {
		return security.Scan(ctx, v.book, box, stack, missing, limits)
	})
}

func (v *validation) skipWork(reason string) {
	if commands := v.s.Stack.Commands.Syntax; len(commands) > 0 {
		v.set(placeParse, skipAll(qlp.LayerSyntax, commands, reason))
	}
	v.set(placeBuild, skipAll(qlp.LayerBuild, v.s.Stack.Commands.Build, reason))
	v.set(placeTest, test.NotRun(v.s.Spec, reason))
	v.skipStart(reason)
}

func (v *validation) skipAnalysis(reason string) {
	v.set(placeScan, security.NotRun(v.s.Stack, reason))
	v.set(placeQuality, quality.NotRun(v.s.Stack, reason))
}

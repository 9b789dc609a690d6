package orchestrator

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/reviewer"
	"github.com/quantumlayer/qlp/internal/store"
)

// reviewName is the check that a model's critique becomes.
const reviewName = "model"

// What a reviewer says is a stranger's text: this much of it is kept.
const (
	reviewFindings = 50
	reviewRule     = 60   // bytes
	reviewMessage  = 1000 // bytes
)

// review has a project read that would be verified, where models wrote it. What comes of it is one check among the others: it can
// lower the verdict where the policy requires it, and raises none, because it is asked for nothing but findings.
func (e *Engine) review(ctx context.Context, in qlp.Intent, tree qlp.Tree, v verification) (verification, error) {
	if e.Reviewer == nil || e.generatorName(in.Settings) != Model || v.failure != "" || v.evidence == "" && !v.again {
		return v, nil
	}
	if v.again {
		report, err := e.report(ctx, in.Run.Evidence)
		if err != nil {
			return v, err
		}
		v.report = report
	}
	others, required, reviewed := apart(v.report.Checks)
	if reviewed || qlp.Decide(others) != qlp.Verified {
		return v, nil
	}
	check, err := e.reviewed(ctx, in, tree, others)
	if err != nil {
		return v, e.keepUnreviewed(ctx, in, tree, v, err)
	}
	check.Required = required
	v.report.Checks = append(others, check)
	if v.evidence, err = e.keepReport(ctx, v.report); err != nil {
		return v, err
	}
	seen, err := e.seenChecks(ctx, in)
	if err != nil {
		return v, err
	}
	e.tell(ctx, in, seen, check)
	v.read = true
	return v, nil
}

// apart returns the checks without those of the review layer, whether the policy requires one of these, and whether one was
// answered already.
func apart(checks []qlp.Check) (others []qlp.Check, required, reviewed bool) {
	for _, c := range checks {
		if c.Layer != qlp.LayerReview {
			others = append(others, c)
			continue
		}
		required = required || c.Required
		reviewed = reviewed || c.Name == reviewName
	}
	if required && reviewed { // the policy's own place-holder for what it requires and nobody made
		reviewed = slices.ContainsFunc(checks, func(c qlp.Check) bool { return c.Layer == qlp.LayerReview && c.Read != "" })
	}
	return others, required, reviewed
}

// keepUnreviewed writes what a validation found before its review has stopped at a cap, so that it is not made again.
func (e *Engine) keepUnreviewed(ctx context.Context, in qlp.Intent, tree qlp.Tree, v verification, cause error) error {
	if v.again || !stops(cause, qlp.Exhausted) {
		return cause
	}
	err := e.change(ctx, in.ID, func(tx store.Tx, in qlp.Intent) error {
		if in.State != qlp.StateVerifying || in.Run.Verdict != "" {
			return nil
		}
		_, err := e.record(ctx, tx, in, tree, v)
		return err
	})
	if err != nil {
		return err
	}
	return cause
}

// reviewed asks the reviewer. Its errors are the check's, except for a cap.
func (e *Engine) reviewed(ctx context.Context, in qlp.Intent, tree qlp.Tree, checks []qlp.Check) (qlp.Check, error) {
	files, err := e.load(ctx, tree)
	if err != nil {
		return qlp.Check{}, err
	}
	number := in.Run.Repairs + 1
	said, err := guarded(ctx, e, "reviewer", in, func(ctx context.Context) (reviewer.Review, error) {
		return e.Reviewer.Review(ctx, reviewer.Request{
			Spec: *in.Spec, Plan: *in.Plan, Files: files, Checks: checks, Attempt: number, Intent: in.ID, Run: in.Run.ID,
			Caps: e.caps(in).Models, Provider: in.Settings.Provider, Progress: e.progress(in, "", number),
		})
	})
	switch {
	case ctx.Err() != nil:
		return qlp.Check{}, context.Cause(ctx)
	case qlp.CodeOf(err) == qlp.Exhausted:
		return qlp.Check{}, asked(err)
	case qlp.CodeOf(err) == qlp.Invalid:
		return qlp.Skip(qlp.LayerReview, reviewName, "the reviewer would not: "+explained(err)), nil
	case err != nil:
		return qlp.Broken(qlp.LayerReview, reviewName, qlp.Evidence{}, "the review failed: "+explained(err)), nil
	case said.Answer.Hex() == "":
		return qlp.Broken(qlp.LayerReview, reviewName, qlp.Evidence{}, "the reviewer left no record of its answer"), nil
	}
	return opinion(tree, said), nil
}

// opinion makes the check of a review. Its evidence is what was read and what was answered.
func opinion(tree qlp.Tree, said reviewer.Review) qlp.Check {
	ev := qlp.FromReading(qlp.DigestJSON(map[string]qlp.Digest{"tree": tree.Digest(), "answer": said.Answer}))
	var found []qlp.Finding
	errors := 0
	for _, f := range said.Findings[:min(len(said.Findings), reviewFindings)] {
		f = bounded(tree, f)
		if f.Severity == "error" {
			errors++
		}
		found = append(found, f)
	}
	if errors > 0 {
		return qlp.Fail(qlp.LayerReview, reviewName, ev, fmt.Sprintf("the reviewer has %d findings of severity error", errors), found...)
	}
	return qlp.Pass(qlp.LayerReview, reviewName, ev).WithFindings(found...)
}

// bounded cuts a finding to what a finding may be: a path of the project or none, a severity that there is, texts of a length.
func bounded(tree qlp.Tree, f qlp.Finding) qlp.Finding {
	if !slices.ContainsFunc(tree, func(entry qlp.Entry) bool { return entry.Path == f.Path }) {
		f.Path, f.Line, f.Column = "", 0, 0
	}
	if f.Severity != "error" && f.Severity != "warning" {
		f.Severity = "note"
	}
	cut := func(text string, most int) string { return strings.ToValidUTF8(text[:min(len(text), most)], "") }
	f.Rule, f.Message = cut(f.Rule, reviewRule), cut(f.Message, reviewMessage)
	if f.Rule == "" {
		f.Rule = "review"
	}
	f.Line, f.Column = max(f.Line, 0), max(f.Column, 0)
	return f
}

// reviewRepair decides on the one repair of a run that a review may ask for, where everything else has passed.
func reviewRepair(in qlp.Intent, checks []qlp.Check, attempts []qlp.Attempt) (decision, bool) {
	for _, a := range attempts {
		if slices.ContainsFunc(a.Failure, func(c qlp.Check) bool { return c.Layer == qlp.LayerReview }) {
			return decision{}, false
		}
	}
	for _, c := range checks {
		if c.Layer != qlp.LayerReview || c.Status() != qlp.Failed {
			continue
		}
		for _, f := range c.Findings {
			task, ok := in.Plan.OwnerOf(f.Path)
			t, begun := taskRun(in, task.ID)
			if ok && begun && f.Severity == "error" && !task.Frozen && t.State == qlp.TaskDone {
				return mended(in, t, c.Key()+" is failed: "+f.Message), true
			}
		}
	}
	return decision{}, false
}

package orchestrator

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/quantumlayer/qlp/internal/capsule"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// Pack makes the capsule of a run that has its verdict, and ends the run.
func (e *Engine) Pack(ctx context.Context, job store.Job) error {
	return e.step(ctx, job, "pack", func(ctx context.Context, in qlp.Intent) error {
		if in.State != qlp.StateVerifying || in.Run.Verdict == "" {
			return e.ensureNext(ctx, in)
		}
		input, err := e.packInput(ctx, in)
		if err != nil {
			return err
		}
		b, err := e.Packer.Pack(ctx, input)
		if err != nil {
			return fmt.Errorf("pack run %s: %w", in.Run.ID, err)
		}
		digest, err := e.Blobs.Put(ctx, b)
		if err != nil {
			return fmt.Errorf("keep capsule: %w", err)
		}
		ref := qlp.CapsuleRef{Digest: digest, Size: int64(len(b)), Name: capsuleName(in)}
		return e.change(ctx, in.ID, func(tx store.Tx, in qlp.Intent) error {
			if in.State != qlp.StateVerifying {
				return nil
			}
			in.Run.Capsule = &ref
			if err := tx.UpdateRun(ctx, *in.Run); err != nil {
				return err
			}
			if _, err := tx.Append(ctx, e.event(in, qlp.EventCapsuleReady, ref)); err != nil {
				return err
			}
			return e.moveIntent(ctx, tx, in, qlp.StateOf(in.Run.Verdict), in.Run.Reason)
		})
	})
}

// packInput gathers what the capsule holds. Everything in it was written before, the time included, so that packing again
// gives the same bytes.
func (e *Engine) packInput(ctx context.Context, in qlp.Intent) (capsule.Input, error) {
	report, err := e.report(ctx, in.Run.Evidence)
	if err != nil {
		return capsule.Input{}, fmt.Errorf("pack run %s: %w", in.Run.ID, err)
	}
	tree, frozen, err := project(in)
	if err != nil {
		return capsule.Input{}, err
	}
	files, err := e.load(ctx, tree)
	if err != nil {
		return capsule.Input{}, err
	}
	st, err := e.Stack(in.Plan.Stack)
	if err != nil {
		return capsule.Input{}, err
	}
	g, err := e.generator(in.Settings)
	if err != nil {
		return capsule.Input{}, err
	}
	var attempts []qlp.Attempt
	err = e.Store.Read(ctx, func(r store.Reader) (err error) {
		attempts, err = r.Attempts(ctx, in.Run.ID, "")
		return err
	})
	return capsule.Input{
		Intent: in, Run: *in.Run, Spec: *in.Spec, Plan: *in.Plan, Stack: st, Files: files, Frozen: frozen, Report: report,
		Verdict: in.Run.Verdict, Reason: in.Run.Reason, Generator: g.Name(), Attempts: attempts, Created: *in.Run.EndedAt,
	}, err
}

var notSlug = regexp.MustCompile(`[^a-z0-9]+`)

// capsuleName is a file name for people: the title, the stack, and the end of the run's id to tell runs apart.
func capsuleName(in qlp.Intent) string {
	title := strings.Trim(notSlug.ReplaceAllString(strings.ToLower(in.Spec.Title), "-"), "-")
	if len(title) > 40 {
		title = strings.Trim(title[:40], "-")
	}
	if title == "" {
		title = "project"
	}
	id := in.Run.ID
	return title + "-" + in.Plan.Stack + "-" + id[max(0, len(id)-8):] + capsule.Extension
}

package pipeline

import (
	"context"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
)

// startNotRun returns the start layer's check when there is nothing to start.
func startNotRun(reason string) []qlp.Check {
	return []qlp.Check{qlp.Skip(qlp.LayerStart, "probes", reason)}
}

// service returns a sandbox that holds what the build has left, untouched by any test, for the service to start in; the
// reason says why there is none.
func (v *validation) service(ctx context.Context, built sandbox.Sandbox) (sandbox.Sandbox, string, error) {
	if !v.p.cfg.runs(qlp.LayerStart) {
		return nil, leftOut, nil
	}
	box, refused, err := v.p.openEmpty(ctx, v.s.Stack)
	if box == nil {
		return nil, refused, err
	}
	err = copyAll(ctx, built, box)
	if err == nil {
		err = put(ctx, box, v.s.Files) // what the build may have changed in the sources is put right
	}
	if err != nil {
		v.p.destroy(ctx, box)
		if ctx.Err() != nil {
			return nil, "", context.Cause(ctx)
		}
		return nil, "", err
	}
	return box, "", nil
}

// start starts the service in box, which it destroys, and probes it.
func (v *validation) start(ctx context.Context, box sandbox.Sandbox, reason string) error {
	if box == nil {
		v.set(placeStart, startNotRun(reason))
		return nil
	}
	defer v.p.destroy(ctx, box)
	return v.stage(placeStart, qlp.LayerStart, startNotRun(""), func() ([]qlp.Check, error) {
		return startNotRun("TODO"), nil
	})
}

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

// start starts the service in box and probes it.
func (v *validation) start(ctx context.Context, box sandbox.Sandbox) error {
	return v.stage(placeStart, qlp.LayerStart, startNotRun(""), func() ([]qlp.Check, error) {
		return startNotRun("the probes are not part of this build"), nil
	})
}

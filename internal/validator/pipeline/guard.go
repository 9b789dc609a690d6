package pipeline

import (
	"fmt"
	"runtime/debug"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// guard runs one layer. A panic in it becomes an error of each check that the layer was to make: a layer that broke has
// not answered, and must never count as one that had nothing to say.
func guard(p *Pipeline, layer qlp.Layer, expected []qlp.Check, run func() []qlp.Check) (checks []qlp.Check) {
	defer func() {
		if r := recover(); r != nil {
			p.cfg.Log.Error("Layer panicked", "room", "validator", "layer", string(layer), "err", fmt.Sprint(r), "stack", string(debug.Stack()))
			checks = broken(layer, expected, fmt.Sprintf("the %s layer broke: %v", layer, r))
		}
	}()
	return run()
}

// broken turns the checks that a layer was to make into errors; a layer that was to make none gets one all the same.
func broken(layer qlp.Layer, expected []qlp.Check, reason string) []qlp.Check {
	if len(expected) == 0 {
		return []qlp.Check{qlp.Broken(layer, "layer", qlp.Evidence{}, reason)}
	}
	var out []qlp.Check
	for _, c := range expected {
		out = append(out, qlp.Broken(c.Layer, c.Name, qlp.Evidence{}, reason))
	}
	return out
}

func notRun(layer qlp.Layer, names ...string) []qlp.Check {
	var out []qlp.Check
	for _, n := range names {
		out = append(out, qlp.Skip(layer, n, "the layer did not come to it"))
	}
	return out
}

func skipAll(layer qlp.Layer, commands []qlp.Command, reason string) []qlp.Check {
	var out []qlp.Check
	for _, c := range commands {
		out = append(out, qlp.Skip(layer, c.Name, reason))
	}
	return out
}

func passed(checks []qlp.Check) bool {
	for _, c := range checks {
		if c.Status() != qlp.Passed {
			return false
		}
	}
	return true
}

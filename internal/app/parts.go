package app

import (
	"context"
	"path/filepath"

	"github.com/quantumlayer/qlp/internal/capsule"
	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/interpreter"
	"github.com/quantumlayer/qlp/internal/interpreter/grammar"
	"github.com/quantumlayer/qlp/internal/interpreter/specfile"
	"github.com/quantumlayer/qlp/internal/planner"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/stack"
	"github.com/quantumlayer/qlp/internal/validator/policy"
)

// Interpreter returns the offline grammar.
func Interpreter(config.Config) interpreter.Interpreter { return grammar.New() }

// Plan returns the plan that would build spec.
func Plan(spec qlp.Spec) (qlp.Plan, error) {
	st, err := stack.For(spec.Kind, spec.Stack)
	if err != nil {
		return qlp.Plan{}, err
	}
	return planner.Plan(spec, st)
}

// SpecSchema returns the JSON Schema of a Spec file.
func SpecSchema() ([]byte, error) { return specfile.Schema() }

// Keyring returns the data folder's keys.
func Keyring(cfg config.Config) capsule.Keyring {
	return capsule.NewKeyring(filepath.Join(cfg.Shared(), "keys"))
}

// Trust returns whose capsules are accepted on this machine, and by which policy.
func Trust(ctx context.Context, cfg config.Config) (capsule.Trust, error) {
	ring := Keyring(cfg)
	pinned, err := ring.Pinned()
	if err != nil {
		return capsule.Trust{}, err
	}
	rules, err := policy.Load(ctx, cfg.Policy)
	if err != nil {
		return capsule.Trust{}, err
	}
	trust := capsule.Trust{Pinned: pinned, Policy: required(ctx, rules)}
	own, ok, err := ring.Own()
	if ok {
		trust.Own = &own
	}
	return trust, err
}

// required asks rules which checks they require of a project that was judged already.
func required(ctx context.Context, rules *policy.Rules) func(qlp.Spec, qlp.Stack, []qlp.Check) ([]string, error) {
	return func(spec qlp.Spec, st qlp.Stack, checks []qlp.Check) ([]string, error) {
		var asked []qlp.Check
		for _, c := range checks {
			if c.Layer != qlp.LayerPolicy {
				asked = append(asked, c)
			}
		}
		judged, err := rules.Apply(ctx, spec, st, asked)
		if err != nil {
			return nil, err
		}
		var keys []string
		for _, c := range judged {
			if c.Required {
				keys = append(keys, c.Key())
			}
		}
		return keys, nil
	}
}

package eval

import (
	"context"
	"fmt"
	"strings"

	"github.com/quantumlayer/qlp/internal/eval/mutate"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/validator"
)

// Names of the oracles.
const (
	CanonicalName = "oracle:canonical"
	MutatedName   = "oracle:mutated"
)

// oracle answers with what was known before: it proves the judge, and nothing about a solver.
type oracle struct {
	name    string
	answers map[string][]Solution // by problem, then by sample
}

// Name of the oracle.
func (o *oracle) Name() string { return o.name }

// Solve looks the answer up.
func (o *oracle) Solve(_ context.Context, q Question, sample int) (Solution, error) {
	answers := o.answers[q.ID]
	if sample >= len(answers) {
		return Solution{Declined: fmt.Sprintf("the oracle knows %d answers", len(answers))}, nil
	}
	return answers[sample], nil
}

// Canonical returns the oracle that gives the suite's own solutions, each as often as samples says. Every one must pass.
func Canonical(s Suite, samples int) (Solver, error) {
	o := &oracle{CanonicalName, map[string][]Solution{}}
	for _, p := range s.Problems {
		if p.Canonical == "" {
			return nil, noOracle(s)
		}
		for range samples {
			o.answers[p.ID] = append(o.answers[p.ID], Solution{Source: p.Canonical})
		}
	}
	return o, nil
}

// Mutated returns the oracle that gives broken solutions, up to each of a problem. Every one must fail; the few that mean the same
// as their source cannot.
func Mutated(ctx context.Context, bench validator.Bench, python qlp.Stack, s Suite, seed int64, each int) (Solver, error) {
	var sources []mutate.Source
	for _, p := range s.Problems {
		if p.Canonical == "" {
			return nil, noOracle(s)
		}
		sources = append(sources, mutate.Source{ID: p.ID, Source: p.Canonical, From: strings.Count(p.Prompt, "\n") + 1})
	}
	mutants, err := mutate.Of(ctx, bench, python, seed, each, sources)
	if err != nil {
		return nil, err
	}
	o := &oracle{MutatedName, map[string][]Solution{}}
	for id, list := range mutants {
		for _, m := range list {
			o.answers[id] = append(o.answers[id], Solution{
				Source: m.Source, Note: fmt.Sprintf("%s, line %d: %s → %s", m.Operator, m.Line, m.Before, m.After),
			})
		}
	}
	return o, nil
}

func noOracle(s Suite) error {
	return qlp.Errorf(qlp.Invalid, "the suite %s has no canonical solutions of functions", s.Name).WithRemedy("choose another solver with --solver")
}

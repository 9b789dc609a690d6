// Package mutate breaks Python on purpose, one place at a time: comparisons, arithmetic, constants, conditions, returned values,
// statements, and/or. What a test does not notice then, it would not notice in an answer either.
//
// It never executes what it breaks (it is parsed in the sandbox, by Python itself), never changes two places at once, and never
// decides that a mutant means the same as its source: who survives is told.
//
// Arrows: qlp, sandbox, validator's bench.
package mutate

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/validator"
)

//go:embed mutate.py
var script string

// Source is a Python file. Only what stands in line From (from 1) or after it is broken.
type Source struct {
	ID     string `json:"id"`
	Source string `json:"source"`
	From   int    `json:"from"`
}

// Mutant is a source with one place changed.
type Mutant struct {
	Operator string `json:"operator"` // compare, arithmetic, constant, negate, return_none, remove, and_or
	Line     int    `json:"line"`     // from 1
	Before   string `json:"before"`   // the line
	After    string `json:"after"`
	Source   string `json:"source"`
}

// Of returns up to each mutants of every source, by its id. The same seed gives the same ones, and the first of many are the few of
// fewer. A source that is no Python is an invalid error.
func Of(ctx context.Context, bench validator.Bench, python qlp.Stack, seed int64, each int, sources []Source) (_ map[string][]Mutant, err error) {
	order, err := json.Marshal(map[string]any{"seed": seed, "each": each, "sources": sources})
	if err != nil {
		return nil, fmt.Errorf("pack the sources: %w", err)
	}
	box, err := bench.Open(ctx, python, validator.Supplies{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, box.Destroy(context.WithoutCancel(ctx))) }()
	var out bytes.Buffer
	res, err := box.Exec(ctx, sandbox.Cmd{
		Argv: []string{"python3", "-I", "-S", "-X", "utf8", "-c", script}, Env: python.Env, Stdin: bytes.NewReader(order), Stdout: &out,
		Limits: sandbox.Limits{Wall: 2 * time.Minute, OutputKill: 16 * sandbox.MiB},
	})
	if err != nil {
		return nil, fmt.Errorf("mutate: %w", err)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if res.Verdict != sandbox.OK {
		return nil, qlp.Errorf(qlp.Invalid, "the sources cannot be mutated: %s: %s", res.Verdict, bytes.TrimSpace(res.Stderr[max(len(res.Stderr)-300, 0):]))
	}
	return read(out.Bytes())
}

func read(out []byte) (map[string][]Mutant, error) {
	mutants := map[string][]Mutant{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, len(out)+1)
	for lines.Scan() {
		var of struct {
			ID      string   `json:"id"`
			Mutants []Mutant `json:"mutants"`
		}
		if err := json.Unmarshal(lines.Bytes(), &of); err != nil {
			return nil, fmt.Errorf("read mutants: %w", err)
		}
		mutants[of.ID] = of.Mutants
	}
	return mutants, lines.Err()
}

// Command mutate prints mutants of a suite's canonical solutions, one a line, as JSON: what `qlp eval --solver oracle:mutated` hands to
// the judge. Python itself finds the places, in the sandbox.
//
//	go run ./bench/mutate -init bin/qlp-init -data HumanEval.jsonl.gz -mutants 3 -seed 1
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/quantumlayer/qlp/internal/eval"
	"github.com/quantumlayer/qlp/internal/eval/mutate"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/native"
	"github.com/quantumlayer/qlp/internal/stack"
	"github.com/quantumlayer/qlp/internal/validator"
)

func main() {
	data := flag.String("data", "", "a file in the form of HumanEval")
	init := flag.String("init", "bin/qlp-init", "the sandbox's init")
	each := flag.Int("mutants", 1, "mutants of each problem")
	seed := flag.Int64("seed", 1, "the same seed gives the same mutants")
	flag.Parse()
	if err := run(context.Background(), *data, *init, *seed, *each); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, data, init string, seed int64, each int) (err error) {
	suite, err := eval.LoadHumanEval(data)
	if err != nil {
		return err
	}
	python, err := stack.Find("python")
	if err != nil {
		return err
	}
	driver, err := native.New(ctx, slog.New(slog.DiscardHandler), native.Config{InitPath: init})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, driver.Close()) }()
	var sources []mutate.Source
	for _, p := range suite.Problems {
		sources = append(sources, mutate.Source{ID: p.ID, Source: p.Canonical, From: strings.Count(p.Prompt, "\n") + 1})
	}
	mutants, err := mutate.Of(ctx, bench{driver}, python, seed, each, sources)
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for _, s := range sources {
		for _, m := range mutants[s.ID] {
			if err := out.Encode(struct {
				Problem string `json:"problem"`
				mutate.Mutant
			}{s.ID, m}); err != nil {
				return err
			}
		}
	}
	return nil
}

// bench opens sandboxes with Python in them.
type bench struct{ driver sandbox.Driver }

func (b bench) Open(ctx context.Context, st qlp.Stack, _ validator.Supplies) (sandbox.Sandbox, error) {
	tc, err := stack.Locate(ctx, st)
	if err != nil {
		return nil, err
	}
	spec := sandbox.Spec{Env: map[string]string{"PATH": tc.Path}}
	for _, m := range tc.Mounts {
		spec.Mounts = append(spec.Mounts, sandbox.Mount{HostPath: m.HostPath, Path: m.Path})
	}
	return b.driver.Create(ctx, spec)
}

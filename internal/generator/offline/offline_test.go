package offline_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/generator/offline"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// echo is a writer that names its stack.
type echo string

func (e echo) Stack() string { return string(e) }

func (e echo) Project(spec qlp.Spec) ([]qlp.File, error) {
	if spec.Title == "impossible" {
		return nil, qlp.Errorf(qlp.Invalid, "%s cannot do this", e)
	}
	return []qlp.File{{Path: "domain/" + string(e)}, {Path: "web/" + string(e)}}, nil
}

func TestStackChoosesTheWriter(t *testing.T) {
	t.Parallel()
	g := offline.New(echo("python"), echo("go"))
	if got := g.Stacks(); !slices.Equal(got, []string{"go", "python"}) || g.Name() != "offline" {
		t.Errorf("%s writes %v", g.Name(), got)
	}
	var _ generator.Generator = g
	for _, c := range []struct{ stack, title, task, says string }{
		{"go", "x", "domain", ""},
		{"python", "x", "web", ""},
		{"cobol", "x", "domain", `no stack "cobol"`},
		{"", "x", "domain", "no stack"},
		{"go", "impossible", "domain", "go cannot do this"},
		{"go", "x", "documents", "no file for task documents"},
		{"go", "x", "acceptance", "come from the Spec"},
	} {
		task := qlp.Task{ID: c.task, Role: qlp.Role(c.task), Owns: []string{c.task + "/"}}
		files, err := g.Generate(t.Context(), generator.Request{Spec: qlp.Spec{Title: c.title}, Plan: qlp.Plan{Stack: c.stack}, Task: task})
		if c.says == "" && (err != nil || len(files) != 1 || files[0].Path != c.task+"/"+c.stack) {
			t.Errorf("%s: %v, %v", c.stack, files, err)
		}
		if c.says != "" && (qlp.CodeOf(err) != qlp.Invalid || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s, %s: %v", c.stack, c.task, err)
		}
	}
	_, err := g.Generate(t.Context(), generator.Request{Plan: qlp.Plan{Stack: "cobol"}})
	if !strings.Contains(qlp.RemedyOf(err), "go, python") {
		t.Errorf("the remedy is %q", qlp.RemedyOf(err))
	}
}

func TestGenerateEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := offline.New(echo("go")).Generate(ctx, generator.Request{Plan: qlp.Plan{Stack: "go"}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a generator without a context: %v", err)
	}
}

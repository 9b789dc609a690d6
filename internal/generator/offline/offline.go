// Package offline is the generator that needs no model, no key and no network: it writes services from templates, one
// folder a stack, each template a readable source file of the project that it makes.
//
// It never guesses: a Spec that a stack cannot build is refused by name. It never writes acceptance tests from the same
// code that writes the service; those come from the acceptance package, which knows the Spec and the contract only.
//
// Arrows: generator, contract, qlp; the stacks' folders below it import those too and never each other.
package offline

import (
	"context"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// Writer writes the projects of one stack.
//
// Project is pure: the same Spec gives the same files, so a repair writes what was there before. It returns every file of
// the service except its acceptance tests, sorted by path, and an invalid error for a Spec that the stack cannot build.
type Writer interface {
	Stack() string
	Project(spec qlp.Spec) ([]qlp.File, error)
}

// Generator chooses the writer by the plan's stack.
type Generator struct{ writers map[string]Writer }

// New returns a generator for the stacks of the writers.
func New(writers ...Writer) *Generator {
	g := &Generator{writers: map[string]Writer{}}
	for _, w := range writers {
		g.writers[w.Stack()] = w
	}
	return g
}

// Name is how the generator is called in events and provenance.
func (g *Generator) Name() string { return "offline" }

// Stacks returns the names of the stacks that can be written, sorted.
func (g *Generator) Stacks() []string {
	var out []string
	for name := range g.writers {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// Generate writes the files of the request's task.
func (g *Generator) Generate(ctx context.Context, req generator.Request) ([]qlp.File, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if req.Spec.Kind.Program() {
		return nil, qlp.Errorf(qlp.Invalid, "the offline generator writes services, not a %s", req.Spec.Kind).
			WithRemedy("configure a model provider: programs are written by a model")
	}
	w, ok := g.writers[req.Plan.Stack]
	if !ok {
		return nil, qlp.Errorf(qlp.Invalid, "the offline generator has no stack %q", req.Plan.Stack).
			WithRemedy("choose one of: %s", strings.Join(g.Stacks(), ", "))
	}
	if req.Task.Role == qlp.RoleAcceptance {
		return nil, qlp.Errorf(qlp.Invalid, "acceptance tests come from the Spec, not from the author of the code")
	}
	files, err := w.Project(req.Spec)
	if err != nil {
		return nil, err
	}
	owned := slices.DeleteFunc(files, func(f qlp.File) bool { return !req.Task.Owner(f.Path) })
	if len(owned) == 0 {
		return nil, qlp.Errorf(qlp.Invalid, "the stack %s has no file for task %s", req.Plan.Stack, req.Task.ID)
	}
	return owned, nil
}

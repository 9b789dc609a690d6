package acceptance

import (
	"context"

	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// Generator writes the acceptance tests itself and leaves every other task to the next generator, whoever that is: a model
// is never asked to write the tests that will judge it.
type Generator struct{ next generator.Generator }

// Before returns a generator that writes the acceptance tests before next writes the code.
func Before(next generator.Generator) *Generator { return &Generator{next: next} }

// Name is that of the generator which writes the code.
func (g *Generator) Name() string { return g.next.Name() }

// Generate writes the files of the request's task.
func (g *Generator) Generate(ctx context.Context, req generator.Request) ([]qlp.File, error) {
	if req.Task.Role != qlp.RoleAcceptance {
		return g.next.Generate(ctx, req)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return Files(req)
}

package golang

import (
	"slices"

	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// Stack is the name of the stack that this package writes.
const Stack = "go"

// Writer writes Go services. The zero Writer works and is safe for concurrent use.
type Writer struct{}

// New returns a writer.
func New() *Writer { return &Writer{} }

// Stack returns the name of the stack.
func (*Writer) Stack() string { return Stack }

// Write returns the files of the request's task, sorted by path. The project follows from the Spec alone, so a repair
// writes the same files again.
func (*Writer) Write(req generator.Request) ([]qlp.File, error) {
	if req.Task.Role == qlp.RoleAcceptance {
		return nil, qlp.Errorf(qlp.Invalid, "the go stack does not write acceptance tests: they come from the Spec, not from the code's author")
	}
	files, err := Project(req.Spec)
	if err != nil {
		return nil, err
	}
	owned := slices.DeleteFunc(files, func(f qlp.File) bool { return !req.Task.Owner(f.Path) })
	if len(owned) == 0 {
		return nil, qlp.Errorf(qlp.Invalid, "the go stack has no file for task %s", req.Task.ID)
	}
	return owned, nil
}

// Project returns every file of the service that spec describes, except its acceptance tests, sorted by path.
func Project(spec qlp.Spec) ([]qlp.File, error) {
	if err := check(spec); err != nil {
		return nil, err
	}
	p, err := newProject(spec)
	if err != nil {
		return nil, err
	}
	return p.files()
}

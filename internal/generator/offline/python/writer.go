package python

import (
	"cmp"
	"slices"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Stack is the name of the stack that this package writes.
const Stack = "python"

// Writer writes Python services. The zero Writer works and is safe for concurrent use.
type Writer struct{}

// New returns a writer.
func New() *Writer { return &Writer{} }

// Stack returns the name of the stack.
func (*Writer) Stack() string { return Stack }

// Project returns the whole service; see the function of that name.
func (*Writer) Project(spec qlp.Spec) ([]qlp.File, error) { return Project(spec) }

// Project returns every file of the service that spec describes, except its acceptance tests, sorted by path.
func Project(spec qlp.Spec) ([]qlp.File, error) {
	if err := check(spec); err != nil {
		return nil, err
	}
	p, err := newProject(spec)
	if err != nil {
		return nil, err
	}
	files, err := render(p)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(files, func(a, b qlp.File) int { return cmp.Compare(a.Path, b.Path) })
	return files, nil
}

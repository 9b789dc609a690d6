package store

import (
	"errors"

	"github.com/quantumlayer/qlp/internal/generator/offline/golang/project/internal/field"
)

// ErrNotFound says that there is no such row, or no such link.
var ErrNotFound = errors.New("there is no such row")

// Conflict says which other rows forbid a change that is valid in itself.
type Conflict struct{ Violations []field.Violation }

// Error returns the first violation's message.
func (e *Conflict) Error() string {
	if len(e.Violations) == 0 {
		return "the rows do not allow this"
	}
	return e.Violations[0].Message
}

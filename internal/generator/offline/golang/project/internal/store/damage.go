package store

import (
	"errors"
	"fmt"
)

// ErrInUse says that another process has the folder open.
var ErrInUse = errors.New("the folder is in use by another process")

// Damaged says which file is not what this service has written.
type Damaged struct {
	File   string
	Reason string
}

// Error names the file.
func (e *Damaged) Error() string { return fmt.Sprintf("%s is damaged: %s", e.File, e.Reason) }

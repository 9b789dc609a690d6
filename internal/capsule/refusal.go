package capsule

import (
	"errors"
	"fmt"
	"io"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// ErrUnreadable marks a file that is no capsule at all, or a damaged one, as opposed to one that was read and found wanting.
var ErrUnreadable = errors.New("unreadable capsule")

// refuse says why a capsule that could be read is not good.
func refuse(format string, args ...any) error {
	return qlp.Errorf(qlp.Invalid, format, args...)
}

func unreadable(format string, args ...any) error {
	return &qlp.Error{Code: qlp.Invalid, Message: fmt.Sprintf(format, args...), Err: ErrUnreadable}
}

func readFull(r io.Reader, b []byte) (int, error) {
	n, err := io.ReadFull(r, b)
	if err != nil {
		return n, fmt.Errorf("read entry: %w", err)
	}
	return n, nil
}

package field

import (
	"fmt"
	"time"
)

// Key returns the text that equal values share: 1.0 and 1 are the same decimal, and a time is the same in every notation.
func Key[T any](v T) string {
	switch v := any(v).(type) {
	case string:
		return v
	case Decimal:
		return v.Key()
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	default:
		return fmt.Sprint(v)
	}
}

// Ref returns a pointer to v, for a field that may have no value.
func Ref[T any](v T) *T { return &v }

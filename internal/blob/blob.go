// Package blob keeps bytes by their digest: files of projects, logs, capsules.
//
// It never changes or overwrites what it holds, and never returns bytes that do not have the digest that was asked for.
//
// Arrows: qlp and gocloud.dev/blob.
package blob

import (
	"context"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Store holds content-addressed blobs.
//
// Put is idempotent and returns only when the bytes can be read again after the process is killed. Get returns a
// not_found error for an unknown digest and an internal one for bytes that were damaged. Safe for concurrent use, also
// by several processes. Close releases what Open took.
type Store interface {
	Put(ctx context.Context, content []byte) (qlp.Digest, error)
	Get(ctx context.Context, digest qlp.Digest) ([]byte, error)
	Close() error
}

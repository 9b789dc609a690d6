// Package blob keeps bytes by their digest: files of projects, logs, capsules.
//
// It never changes or overwrites what it holds, and never returns bytes that do not have the digest that was asked for.
//
// Arrows: qlp. A driver is a folder below: file is the one there is (docs/adr/0020 says why it is written by hand).
package blob

import (
	"context"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Store holds content-addressed blobs.
//
// Put is idempotent and returns only when the bytes can be read again after the process is killed; bytes that it finds
// damaged, it replaces. Get returns a not_found error for an unknown digest, an invalid one for what is no digest, and an
// internal one that names the digest for bytes that were damaged; what it returns is the caller's own. A full disk is
// exhausted, a folder that may not be written forbidden. Safe for concurrent use, also by several processes. Close
// releases what Open took; after it, calls are refused as unavailable.
type Store interface {
	Put(ctx context.Context, content []byte) (qlp.Digest, error)
	Get(ctx context.Context, digest qlp.Digest) ([]byte, error)
	Close() error
}

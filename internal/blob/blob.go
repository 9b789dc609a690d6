// Package blob keeps bytes by their digest: files of projects, logs, capsules.
//
// It never changes or overwrites what it holds, takes away only what a Keeper is told to, and never returns bytes that do not have the digest that was asked for.
//
// Arrows: qlp. A driver is a folder below: file is the one there is (docs/adr/0020 says why it is written by hand).
package blob

import (
	"context"
	"io"
	"time"

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

// Keeper is a store from which blobs can be taken away that nothing refers to. A Put makes a blob young, also one that is there
// already: whoever has put one has as long as a young one is spared to write down that it is wanted. List and Discard are called by one process at a time.
type Keeper interface {
	Store
	// List calls fn with each blob, in the order of their digests.
	List(ctx context.Context, fn func(Info) error) error
	// Open reads a blob that may be large, without comparing its digest. Errors as those of Get.
	Open(ctx context.Context, digest qlp.Digest) (content io.ReadCloser, size int64, err error)
	// Discard takes a blob away unless it was put after a time, also while Discard is at work. One that is not there is none taken.
	Discard(ctx context.Context, digest qlp.Digest, putBefore time.Time) (taken bool, err error)
}

// Info describes a blob.
type Info struct {
	Digest qlp.Digest
	Size   int64
	Put    time.Time // the last time
}

// Package sqlite finds intents in the SQLite file that the store keeps them in: vectors by 1-bit codes in memory, rescored
// exactly, and words by SQLite's full-text index.
//
// It never opens a database, never writes outside the store's transactions, and keeps nothing in memory that the database does
// not have: what it has read is read again after a start.
//
// Arrows: vector, codes, spelling, qlp; database/sql.
package sqlite

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/vector"
	"github.com/quantumlayer/qlp/internal/vector/codes"
)

// Config of an index. Zero fields mean the values beside them.
type Config struct {
	// Memory bounds what the vectors that are kept in memory take, in bytes, rounded to a quarter of their size: 192 MiB, for 130,000 vectors, taken as they are looked at. Codes come
	// on top: 192 bytes a vector.
	Memory int64
	// Freeze is the number of an embedder's vectors whose mean its codes are centred on, for ever: 1,024. Before there are as many,
	// each vector is looked at.
	Freeze int
}

// Index implements vector.Index and vector.Upkeep, and makes what the store puts findable. Make it with New, hand it to the
// store's driver, and attach the opened store's pool to it.
type Index struct {
	cfg     Config
	plain   *codes.Coder
	scanner codes.Scanner
	known   frequencies
	spare   atomic.Int64 // bytes of Memory that are left

	mu     sync.Mutex
	db     *sql.DB
	groups map[key]*group
	coders map[string]*codes.Coder // by embedder: those whose mean is frozen
	put    map[string]row          // by intent: what the transaction under way has put
}

// key is whose vectors are compared with each other.
type key struct{ tenant, embedder string }

// row is what was put: its code, unless there is no mean yet, and the groups that it is no longer in.
type row struct {
	n    int64
	code []byte
	left []key
}

var (
	_ vector.Index  = (*Index)(nil)
	_ vector.Upkeep = (*Index)(nil)
)

// New returns an index that finds nothing until a pool is attached to it.
func New(cfg Config) *Index {
	if cfg.Memory == 0 {
		cfg.Memory = 192 << 20
	}
	if cfg.Freeze == 0 {
		cfg.Freeze = 1024
	}
	x := &Index{cfg: cfg, plain: codes.New(nil), groups: map[key]*group{}, coders: map[string]*codes.Coder{}, put: map[string]row{}}
	x.spare.Store(cfg.Memory)
	return x
}

// Attach gives the index the pool that it reads with. The pool's owner closes it.
func (x *Index) Attach(reader *sql.DB) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.db = reader
}

// pool returns the attached pool.
func (x *Index) pool() (*sql.DB, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.db == nil {
		return nil, qlp.Errorf(qlp.Unavailable, "no database is attached to the index")
	}
	return x.db, nil
}

// failed names what could not be done. A domain error stays one.
func failed(ctx context.Context, what string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*qlp.Error](err); ok {
		return fmt.Errorf("%s: %w", what, err)
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return fmt.Errorf("%s: %w", what, qlp.Errorf(qlp.Unavailable, "the index cannot be asked: %w", err))
}

func packed(v []float32) []byte {
	b := make([]byte, 0, 4*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

func unpacked(b []byte) []float32 {
	v := make([]float32, len(b)/4)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return v
}

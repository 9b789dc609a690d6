package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime/pprof"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlite"
	index "github.com/quantumlayer/qlp/internal/vector/sqlite"
)

// embeddedIndex fills a store of SQLite by its own transactions, and searches it.
func (b *bench) embeddedIndex(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "qlp-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	x := index.New(index.Config{})
	st, err := sqlite.Open(ctx, filepath.Join(dir, "qlp.db"), sqlite.Config{Index: x})
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	const each = 500
	start := time.Now()
	for from := 0; from < b.rows; from += each {
		err := st.Tx(ctx, func(tx store.Tx) error {
			for i := from; i < min(from+each, b.rows); i++ {
				if err := tx.InsertIntent(ctx, qlp.Intent{ID: intentID(i), Tenant: tenantOf(i), Words: b.words[i]}, "", ""); err != nil {
					return err
				}
				e := qlp.Embedding{IntentID: intentID(i), Tenant: tenantOf(i), Embedder: embedder, Vector: b.set.Rows[i], Words: b.words[i]}
				if err := tx.PutEmbedding(ctx, e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	b.note("The embedded store was filled in %s, %d intents a transaction", time.Since(start).Round(100*time.Millisecond), each)
	goal := "p95 ≤ 1 ms at 20,000, ≤ 5 ms at 100,000"
	stop, err := b.profiled()
	if err != nil {
		return err
	}
	if err := errors.Join(b.measure(ctx, "embedded", x, map[string]string{"most": goal}, false), stop()); err != nil {
		return err
	}
	if err := b.measure(ctx, "embedded, exact", x, nil, true); err != nil {
		return err
	}
	return b.byWords(ctx, "embedded", x)
}

// profiled begins a profile, if one is wanted, and returns what ends it.
func (b *bench) profiled() (stop func() error, err error) {
	if b.profile == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(b.profile)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, err
	}
	return func() error { pprof.StopCPUProfile(); return f.Close() }, nil
}

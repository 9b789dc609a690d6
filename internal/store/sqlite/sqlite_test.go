package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlite"
	"github.com/quantumlayer/qlp/internal/store/storetest"
)

func open(t *testing.T, path string, cfg sqlite.Config) *sqlite.Store {
	t.Helper()
	st, err := sqlite.Open(t.Context(), path, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

func TestSQLiteKeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Driver{
		Open: func(t *testing.T, opts storetest.Options) store.Store {
			return open(t, filepath.Join(t.TempDir(), "qlp.db"), sqlite.Config{Clock: opts.Clock, OnQuery: opts.OnQuery, Poll: opts.Poll})
		},
		Jobs: func(ctx context.Context, t *testing.T, st store.Store) []store.Job {
			t.Helper()
			jobs, err := st.(*sqlite.Store).Queue.Waiting(ctx)
			if err != nil {
				t.Fatal(err)
			}
			return jobs
		},
		Queries: func(st store.Store) []string { return st.(*sqlite.Store).Queries() },
	})
}

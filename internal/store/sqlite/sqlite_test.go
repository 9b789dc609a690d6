package sqlite_test

import (
	"context"
	"os"
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
	// Every test begins with a copy of one empty database: migrating each would be most of the suite's time.
	empty := filepath.Join(t.TempDir(), "qlp.db")
	if err := open(t, empty, sqlite.Config{}).Close(); err != nil {
		t.Fatal(err)
	}
	schema, err := os.ReadFile(empty)
	if err != nil {
		t.Fatal(err)
	}
	storetest.Run(t, storetest.Driver{
		Open: func(t *testing.T, opts storetest.Options) store.Store {
			path := filepath.Join(t.TempDir(), "qlp.db")
			if err := os.WriteFile(path, schema, 0o600); err != nil {
				t.Fatal(err)
			}
			return open(t, path, sqlite.Config{Clock: opts.Clock, OnQuery: opts.OnQuery, Poll: opts.Poll})
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

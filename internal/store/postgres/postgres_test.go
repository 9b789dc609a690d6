package postgres_test

import (
	"context"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/postgres"
	"github.com/quantumlayer/qlp/internal/store/postgres/pgtest"
	"github.com/quantumlayer/qlp/internal/store/storetest"
)

func open(t *testing.T, address string, cfg postgres.Config) *postgres.Store {
	t.Helper()
	st, err := postgres.Open(t.Context(), address, cfg)
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

func TestPostgresKeepsTheContract(t *testing.T) {
	t.Parallel()
	// Every test begins with a copy of one empty database: migrating each would be most of the suite's time.
	empty := pgtest.Database(t, "")
	if err := open(t, empty, postgres.Config{}).Close(); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(empty)
	if err != nil {
		t.Fatal(err)
	}
	copying := make(chan struct{}, 1) // a template is copied by one at a time
	var opened atomic.Int32
	storetest.Run(t, storetest.Driver{
		Open: func(t *testing.T, opts storetest.Options) store.Store {
			t.Helper()
			copying <- struct{}{}
			address := pgtest.Database(t, strings.TrimPrefix(u.Path, "/"))
			<-copying
			opened.Add(1)
			return open(t, address, postgres.Config{Conns: 8, Clock: opts.Clock, OnQuery: opts.OnQuery, Poll: opts.Poll})
		},
		Jobs: func(ctx context.Context, t *testing.T, st store.Store) []store.Job {
			t.Helper()
			jobs, err := st.(*postgres.Store).Queue.Waiting(ctx)
			if err != nil {
				t.Fatal(err)
			}
			return jobs
		},
		Queries: func(st store.Store) []string { return st.(*postgres.Store).Queries() },
	})
	if opened.Load() == 0 {
		t.Error("nothing was opened")
	}
}

package postgres_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/postgres"
	"github.com/quantumlayer/qlp/internal/store/storetest"
)

// server is the address of a private server, as a superuser.
func server(t *testing.T) string {
	t.Helper()
	address := os.Getenv("QLP_TEST_POSTGRES")
	if address == "" {
		t.Skip("QLP_TEST_POSTGRES names no server; make test starts one")
	}
	return address
}

// to is the address with another database.
func to(t *testing.T, address, database string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + database
	return u.String()
}

func admin(t *testing.T, address, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// database makes a database, from a template where one is named, and drops it at the end.
func database(t *testing.T, template string) string {
	t.Helper()
	address := server(t)
	name := "qlp_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	create := "CREATE DATABASE " + name
	if template != "" {
		create += " TEMPLATE " + template
	}
	admin(t, address, create)
	t.Cleanup(func() { admin(t, address, "DROP DATABASE "+name+" WITH (FORCE)") })
	return to(t, address, name)
}

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
	empty := database(t, "")
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
			address := database(t, strings.TrimPrefix(u.Path, "/"))
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
		t.Error(fmt.Errorf("nothing was opened"))
	}
}

package pgvector_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/store/postgres"
	"github.com/quantumlayer/qlp/internal/store/postgres/pgtest"
	"github.com/quantumlayer/qlp/internal/vector/pgvector"
	"github.com/quantumlayer/qlp/internal/vector/vectortest"
)

func open(t *testing.T, address string) (*postgres.Store, *pgvector.Index) {
	t.Helper()
	x := pgvector.New(pgvector.Config{})
	st, err := postgres.Open(t.Context(), address, postgres.Config{Index: x, Conns: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st, x
}

func TestPostgresKeepsTheContract(t *testing.T) {
	t.Parallel()
	// Every test begins with a copy of one empty database: migrating each would be most of the suite's time.
	empty := pgtest.Database(t, "")
	st, _ := open(t, empty)
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(empty)
	if err != nil {
		t.Fatal(err)
	}
	copying := make(chan struct{}, 1) // a template is copied by one at a time
	vectortest.Run(t, func(t *testing.T) vectortest.Fixture {
		t.Helper()
		copying <- struct{}{}
		address := pgtest.Database(t, strings.TrimPrefix(u.Path, "/"))
		<-copying
		st, x := open(t, address)
		return vectortest.Fixture{Store: st, Index: x, Upkeep: x}
	})
}

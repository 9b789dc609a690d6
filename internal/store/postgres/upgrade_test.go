package postgres_test

import (
	"context"
	"database/sql"
	"os"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver that database/sql knows as pgx
	"github.com/pressly/goose/v3"

	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/postgres"
	"github.com/quantumlayer/qlp/internal/store/postgres/pgtest"
)

// TestUpgradeFromEveryState makes a database as each earlier version left it, with a row of that time, and opens it.
func TestUpgradeFromEveryState(t *testing.T) {
	t.Parallel()
	pgtest.Server(t)
	dir := os.DirFS("migrations")
	g, err := goose.NewProvider(goose.DialectPostgres, must2(sql.Open("pgx", pgtest.Server(t))), dir)
	if err != nil {
		t.Fatal(err)
	}
	sources := g.ListSources()
	for _, source := range sources[:len(sources)-1] {
		t.Run(source.Path, func(t *testing.T) {
			t.Parallel()
			address := pgtest.Database(t, "")
			pgtest.Admin(t, address, "CREATE EXTENSION vector")
			db := must2(sql.Open("pgx", address))
			old, err := goose.NewProvider(goose.DialectPostgres, db, dir)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := old.UpTo(t.Context(), source.Version); err != nil {
				t.Fatal(err)
			}
			pgtest.Admin(t, address, `INSERT INTO intents (id, words, settings, state, reason, needs, revision, request, last_seq, created_at, updated_at)
				VALUES ('old', 'words of then', '{}', 'received', '', '', 1, '', 0, '2026-01-01', '2026-01-01')`)
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			st := open(t, address, postgres.Config{Conns: 4})
			err = st.Read(t.Context(), func(r store.Reader) error {
				in, err := r.Intent(context.Background(), "old")
				if in.Words != "words of then" || in.Tenant != "default" {
					t.Errorf("after the upgrade: %+v", in)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

func must2(db *sql.DB, err error) *sql.DB {
	if err != nil {
		panic(err)
	}
	return db
}

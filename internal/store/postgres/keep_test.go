package postgres_test

import (
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/quantumlayer/qlp/internal/archive/archivetest"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/postgres"
	"github.com/quantumlayer/qlp/internal/store/postgres/pgtest"
	"github.com/quantumlayer/qlp/internal/vector/pgvector"
)

func TestHouseIsKept(t *testing.T) {
	t.Parallel()
	pgtest.Server(t)
	var addresses sync.Map // of each store
	address := func(k store.Keeper) string { a, _ := addresses.Load(k); return a.(string) }
	archivetest.Run(t, archivetest.Driver{
		Open: func(t *testing.T) store.Keeper {
			t.Helper()
			a := pgtest.Database(t, "")
			st := open(t, a, postgres.Config{Conns: 8, Index: pgvector.New(pgvector.Config{})})
			addresses.Store(store.Keeper(st), a)
			return st
		},
		Embed: func(t *testing.T, k store.Keeper, e qlp.Embedding) {
			t.Helper()
			if err := k.Tx(t.Context(), func(tx store.Tx) error { return tx.PutEmbedding(t.Context(), e) }); err != nil {
				t.Fatal(err)
			}
		},
		Tables: func(t *testing.T, k store.Keeper) map[string]archivetest.Table {
			t.Helper()
			return tables(t, address(k))
		},
		Files: func(*testing.T, store.Keeper) []string { return nil }, // the server's own
	})
}

func tables(t *testing.T, address string) map[string]archivetest.Table {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	columns, err := conn.Query(t.Context(), `SELECT c.table_name, c.column_name FROM information_schema.columns c
		JOIN information_schema.tables t USING (table_schema, table_name) WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'`)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]archivetest.Table{}
	var table, column string
	_, err = pgx.ForEachRow(columns, []any{&table, &column}, func() error {
		known := out[table]
		known.Columns = append(known.Columns, column)
		out[table] = known
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, table := range out {
		rows, err := conn.Query(t.Context(), "SELECT t::text FROM "+pgx.Identifier{name}.Sanitize()+" t")
		if err != nil {
			t.Fatal(err)
		}
		if table.Rows, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			t.Fatal(err)
		}
		out[name] = table
	}
	return out
}

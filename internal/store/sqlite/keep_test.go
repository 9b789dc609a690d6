package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/quantumlayer/qlp/internal/archive/archivetest"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlite"
	vectors "github.com/quantumlayer/qlp/internal/vector/sqlite"
)

func TestHouseIsKept(t *testing.T) {
	t.Parallel()
	archivetest.Run(t, archivetest.Driver{
		Open: func(t *testing.T) store.Keeper {
			t.Helper()
			return open(t, filepath.Join(t.TempDir(), "qlp.db"), sqlite.Config{Index: vectors.New(vectors.Config{})})
		},
		Embed: func(t *testing.T, k store.Keeper, e qlp.Embedding) {
			t.Helper()
			if err := k.Tx(t.Context(), func(tx store.Tx) error { return tx.PutEmbedding(t.Context(), e) }); err != nil {
				t.Fatal(err)
			}
		},
		Tables: tables,
		Files: func(t *testing.T, k store.Keeper) []string {
			t.Helper()
			files, err := filepath.Glob(k.(*sqlite.Store).Path() + "*")
			if err != nil {
				t.Fatal(err)
			}
			return files
		},
	})
}

// tables reads every table of the file. What is binary in it is shown as text, where it is some.
func tables(t *testing.T, k store.Keeper) map[string]archivetest.Table {
	t.Helper()
	db, err := sql.Open("sqlite", k.(*sqlite.Store).Path())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	out := map[string]archivetest.Table{}
	for _, name := range names(t, db) {
		rows, err := db.QueryContext(t.Context(), fmt.Sprintf("SELECT * FROM %q", name))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var table archivetest.Table
		if table.Columns, err = rows.Columns(); err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values := make([]any, len(table.Columns))
			for i := range values {
				values[i] = new(any)
			}
			if err := rows.Scan(values...); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			row := ""
			for _, v := range values {
				if b, ok := (*v.(*any)).([]byte); ok {
					row += " " + string(b)
				} else {
					row += fmt.Sprint(" ", *v.(*any))
				}
			}
			table.Rows = append(table.Rows, row)
		}
		if err := rows.Err(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_ = rows.Close()
		out[name] = table
	}
	return out
}

func names(t *testing.T, db *sql.DB) (out []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT name FROM sqlite_master WHERE type = 'table'")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		out = append(out, name)
	}
	return out
}

// TestGuest opens a database beside the process whose folder it is.
func TestGuest(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "qlp.db")
	if _, err := sqlite.Open(t.Context(), path, sqlite.Config{Guest: true}); qlp.CodeOf(err) != qlp.NotFound {
		t.Errorf("where there is none: %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a guest has made a database")
	}
	host := open(t, path, sqlite.Config{})
	guest := open(t, path, sqlite.Config{Guest: true})
	if _, err := guest.Owned(t.Context(), "nobody"); err != nil {
		t.Error(err)
	}
	err := host.Alone(t.Context(), func(ctx context.Context) error { return guest.Alone(ctx, func(context.Context) error { return nil }) })
	if qlp.CodeOf(err) != qlp.Conflict {
		t.Errorf("both keep house: %v", err)
	}
	if err := guest.Close(); err != nil {
		t.Error(err)
	}
	if _, err := sqlite.Open(t.Context(), path, sqlite.Config{}); qlp.CodeOf(err) != qlp.Conflict {
		t.Errorf("the guest has given the host's lock away: %v", err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), "UPDATE goose_db_version SET version_id = 1 WHERE version_id > 1"); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(t.Context(), path, sqlite.Config{Guest: true}); qlp.CodeOf(err) != qlp.Unavailable || qlp.RemedyOf(err) == "" {
		t.Errorf("an older schema: %v", err)
	}
}

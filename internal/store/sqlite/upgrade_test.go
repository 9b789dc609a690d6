package sqlite_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/pressly/goose/v3"

	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlite"
)

// TestUpgradeFromEveryState makes a database as each earlier version left it, with a row of that time, and opens it.
func TestUpgradeFromEveryState(t *testing.T) {
	t.Parallel()
	dir := os.DirFS("migrations")
	provider := func(t *testing.T, path string) (*goose.Provider, *sql.DB) {
		t.Helper()
		db, err := sql.Open("sqlite", path) // the driver of the store registers itself
		if err != nil {
			t.Fatal(err)
		}
		g, err := goose.NewProvider(goose.DialectSQLite3, db, dir)
		if err != nil {
			t.Fatal(err)
		}
		return g, db
	}
	all, db := provider(t, filepath.Join(t.TempDir(), "none.db"))
	sources := all.ListSources()
	_ = db.Close()
	for _, source := range sources[:len(sources)-1] {
		t.Run(source.Path, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "qlp.db")
			old, db := provider(t, path)
			if _, err := old.UpTo(t.Context(), source.Version); err != nil {
				t.Fatal(err)
			}
			_, err := db.ExecContext(t.Context(), `INSERT INTO intents (id, words, settings, state, reason, needs, revision, request, last_seq, created_at, updated_at)
				VALUES ('old', 'words of then', '{}', 'received', '', '', 1, '', 0, '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00')`)
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			st := open(t, path, sqlite.Config{})
			err = st.Read(t.Context(), func(r store.Reader) error {
				in, err := r.Intent(t.Context(), "old")
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

package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/quantumlayer/qlp/internal/qlp"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the store's schema and the queue's up to date, each on its own line. Nothing is done, and little is
// read, when both are.
func migrate(ctx context.Context, db *sql.DB, path string, log *slog.Logger) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	goose, err := goose.NewProvider(goose.DialectSQLite3, db, dir)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	sources := goose.ListSources()
	ours := sources[len(sources)-1].Version
	theirs, err := version(ctx, db, "goose_db_version", "SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied")
	if err != nil {
		return err
	}
	if theirs > ours {
		return newer(path, "schema", theirs, ours)
	}
	if theirs < ours {
		done, err := goose.Up(ctx)
		if err != nil {
			return fmt.Errorf("migrate schema: %w", err)
		}
		log.InfoContext(ctx, "Schema migrated", "room", "store", "path", path, "from", theirs, "to", ours, "migrations", len(done))
	}
	return migrateQueue(ctx, db, path, log)
}

func migrateQueue(ctx context.Context, db *sql.DB, path string, log *slog.Logger) error {
	m, err := rivermigrate.New(riversqlite.New(db), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("read migrations of the queue: %w", err)
	}
	all := m.AllVersions()
	ours := int64(all[len(all)-1].Version)
	theirs, err := version(ctx, db, "river_migration", "SELECT COALESCE(MAX(version), 0) FROM river_migration")
	switch {
	case err != nil:
		return err
	case theirs > ours:
		return newer(path, "queue's schema", theirs, ours)
	case theirs == ours:
		return nil
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate the queue's schema: %w", err)
	}
	log.InfoContext(ctx, "Queue's schema migrated", "room", "store", "path", path, "from", theirs, "to", ours)
	return nil
}

// version reads a schema's version; 0 is a database that has none yet.
func version(ctx context.Context, db *sql.DB, table, query string) (int64, error) {
	var name string
	err := db.QueryRowContext(ctx, "SELECT name FROM sqlite_master WHERE type = 'table' AND name = $1", table).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read schema: %w", err)
	}
	var v int64
	if err := db.QueryRowContext(ctx, query).Scan(&v); err != nil {
		return 0, fmt.Errorf("read version of %s: %w", table, err)
	}
	return v, nil
}

func newer(path, what string, theirs, ours int64) error {
	return qlp.Errorf(qlp.Unavailable, "the database %s was written by a newer version of qlp: its %s has version %d, this program knows %d", path, what, theirs, ours).
		WithRemedy("use the newer version of qlp, or choose another data folder: this program changed nothing")
}

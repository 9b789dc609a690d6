package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/quantumlayer/qlp/internal/qlp"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrationLock is the advisory lock that a process holds while it migrates: "qlpm" in ASCII.
const migrationLock = 0x716c706d

// prepare checks the server and brings the schemas up to date, on a connection of its own that no timeout ends. Where both are,
// little is read and no right to change anything is needed.
func prepare(ctx context.Context, pc *pgxpool.Config, log *slog.Logger) error {
	cc := pc.ConnConfig.Copy()
	for _, timeout := range []string{"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"} {
		cc.RuntimeParams[timeout] = "0"
	}
	if pc.BeforeConnect != nil {
		if err := pc.BeforeConnect(ctx, cc); err != nil {
			return err
		}
	}
	db := stdlib.OpenDB(*cc)
	defer func() { _ = db.Close() }()
	if err := checkServer(ctx, db); err != nil {
		return err
	}
	m, err := newMigrator(db, cc, log)
	if err != nil {
		return err
	}
	if done, err := m.current(ctx); err != nil || done {
		return errors.Join(err, checkVector(ctx, db, log))
	}
	locked, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = locked.Close() }() // which gives the lock back, too
	if _, err := locked.ExecContext(ctx, "SELECT pg_advisory_lock($1)", migrationLock); err != nil {
		return fmt.Errorf("wait for another process that migrates: %w", err)
	}
	defer func() {
		_, _ = locked.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", migrationLock)
	}()
	if err := extensions(ctx, db, log); err != nil {
		return err
	}
	return m.up(ctx)
}

// migrator knows both schemas: the store's and the queue's.
type migrator struct {
	db    *sql.DB
	log   *slog.Logger
	goose *goose.Provider
	ours  int64
	conn  *pgx.ConnConfig
}

func newMigrator(db *sql.DB, conn *pgx.ConnConfig, log *slog.Logger) (*migrator, error) {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	g, err := goose.NewProvider(goose.DialectPostgres, db, dir)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	sources := g.ListSources()
	return &migrator{db: db, log: log, goose: g, conn: conn, ours: sources[len(sources)-1].Version}, nil
}

// current reports whether nothing is to be done; a database that is newer than this program is an error.
func (m *migrator) current(ctx context.Context) (bool, error) {
	theirs, err := version(ctx, m.db, "goose_db_version", "SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied")
	if err != nil {
		return false, err
	}
	if theirs > m.ours {
		return false, newer("schema", theirs, m.ours)
	}
	queue, most, err := m.queueVersion(ctx)
	if err != nil {
		return false, err
	}
	if queue > most {
		return false, newer("queue's schema", queue, most)
	}
	return theirs == m.ours && queue == most, nil
}

func (m *migrator) queueVersion(ctx context.Context) (theirs, ours int64, err error) {
	r, err := rivermigrate.New(riverpgxv5.New(nil), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return 0, 0, fmt.Errorf("read migrations of the queue: %w", err)
	}
	all := r.AllVersions()
	theirs, err = version(ctx, m.db, "river_migration", "SELECT COALESCE(MAX(version), 0) FROM river_migration")
	return theirs, int64(all[len(all)-1].Version), err
}

func (m *migrator) up(ctx context.Context) error {
	done, err := m.goose.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrate schema: %w", err)
	}
	if len(done) > 0 {
		m.log.InfoContext(ctx, "Schema migrated", "room", "store", "to", m.ours, "migrations", len(done))
	}
	return m.upQueue(ctx)
}

func (m *migrator) upQueue(ctx context.Context) error {
	theirs, ours, err := m.queueVersion(ctx)
	if err != nil || theirs == ours {
		return err
	}
	pc, err := pgxpool.ParseConfig("")
	if err != nil {
		return err
	}
	pc.ConnConfig, pc.MaxConns = m.conn, 2
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return err
	}
	defer pool.Close()
	r, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("read migrations of the queue: %w", err)
	}
	if _, err := r.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate the queue's schema: %w", err)
	}
	m.log.InfoContext(ctx, "Queue's schema migrated", "room", "store", "from", theirs, "to", ours)
	return nil
}

// version reads a schema's version; 0 is a database that has none yet.
func version(ctx context.Context, db *sql.DB, table, query string) (int64, error) {
	var there bool
	if err := db.QueryRowContext(ctx, "SELECT to_regclass($1) IS NOT NULL", table).Scan(&there); err != nil {
		return 0, fmt.Errorf("read schema: %w", err)
	}
	if !there {
		return 0, nil
	}
	var v int64
	if err := db.QueryRowContext(ctx, query).Scan(&v); err != nil {
		return 0, fmt.Errorf("read version of %s: %w", table, err)
	}
	return v, nil
}

func newer(what string, theirs, ours int64) error {
	return qlp.Errorf(qlp.Unavailable, "the database was written by a newer version of qlp: its %s has version %d, this program knows %d", what, theirs, ours).
		WithRemedy("use the newer version of qlp, or another database: this program changed nothing")
}

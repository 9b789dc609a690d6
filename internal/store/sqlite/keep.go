package sqlite

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"syscall"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// keepName is the file in the data folder that whoever keeps house holds locked.
const keepName = "keep.lock"

var _ store.Keeper = (*Store)(nil)

// Lock takes a data folder for this process, so that no server starts on it; it is a conflict when one runs there. The release
// function gives it back.
func Lock(ctx context.Context, dir string) (release func() error, err error) { return lock(ctx, dir) }

// Alone runs fn while no other process keeps house in the data folder.
func (s *Store) Alone(ctx context.Context, fn func(ctx context.Context) error) (err error) {
	t := translator{path: s.path}
	f, err := os.OpenFile(filepath.Join(filepath.Dir(s.path), keepName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("keep house: %w", t.translate(err))
	}
	defer func() { _ = f.Close() }() // which gives the lock back
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return store.ErrKept()
		}
		return fmt.Errorf("keep house: %w", err)
	}
	return fn(ctx)
}

// Embeddings calls fn with each of the tenant's vectors.
func (s *Store) Embeddings(ctx context.Context, tenant string, fn func(qlp.Embedding) error) error {
	rows, err := s.reader.QueryContext(ctx,
		`SELECT e.intent_id, e.embedder, v.vector FROM embeddings e JOIN embedding_vectors v ON v.n = e.n WHERE e.tenant = $1 ORDER BY e.intent_id`, tenant)
	if err != nil {
		return fmt.Errorf("read the tenant's vectors: %w", translator{path: s.path}.translate(err))
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		e := qlp.Embedding{Tenant: tenant}
		var b []byte
		if err := rows.Scan(&e.IntentID, &e.Embedder, &b); err != nil {
			return fmt.Errorf("read the tenant's vectors: %w", err)
		}
		e.Vector = make([]float32, len(b)/4)
		for i := range e.Vector {
			e.Vector[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		}
		if err := fn(e); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Scrub writes the file anew without what was deleted, and empties the log beside it. The segments of the full-text indexes and the
// means of vectors keep traces of what they were made of, and are made anew first.
func (s *Store) Scrub(ctx context.Context) error {
	for _, statement := range []string{
		`INSERT INTO embedding_stems (embedding_stems) VALUES ('optimize')`,
		`INSERT INTO embedding_trigrams (embedding_trigrams) VALUES ('optimize')`,
		`DELETE FROM embedding_means WHERE embedder NOT IN (SELECT embedder FROM embeddings)`,
		`VACUUM`,
		`PRAGMA wal_checkpoint(TRUNCATE)`,
	} {
		if _, err := s.writer.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("scrub the database: %w", translator{path: s.path}.translate(err))
		}
	}
	return nil
}

// Snapshot writes a consistent copy of a database, which others may be writing meanwhile, to a file that is not there yet.
func Snapshot(ctx context.Context, from, to string) (err error) {
	t := translator{path: from}
	if err := there(from); err != nil {
		return err
	}
	db, err := pool(from, false, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	if err := sameSchema(ctx, db, from); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, "VACUUM INTO $1", to); err != nil {
		return fmt.Errorf("copy the database: %w", t.translate(err))
	}
	return nil
}

// Check reads a whole database and refuses a damaged one.
func Check(ctx context.Context, path string) (err error) {
	if err := there(path); err != nil {
		return err
	}
	db, err := pool(path, false, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	t := translator{path: path}
	var answer string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&answer); err != nil {
		return fmt.Errorf("check the database: %w", t.translate(err))
	}
	if answer != "ok" {
		return fmt.Errorf("check the database: %w", damaged(path, errors.New(answer)))
	}
	rows, err := db.QueryContext(ctx, "PRAGMA foreign_key_check")
	if err != nil {
		return fmt.Errorf("check the database: %w", t.translate(err))
	}
	defer func() { _ = rows.Close() }()
	if rows.Next() {
		return fmt.Errorf("check the database: %w", damaged(path, errors.New("a row refers to another that is not there")))
	}
	return rows.Err()
}

// Schema returns the versions of the schema and of the queue's that this program makes.
func Schema() (schema, queue int64, err error) {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return 0, 0, err
	}
	db, err := pool(":memory:", false, false) // which nothing is asked of
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = db.Close() }()
	g, err := goose.NewProvider(goose.DialectSQLite3, db, dir)
	if err != nil {
		return 0, 0, fmt.Errorf("read migrations: %w", err)
	}
	sources := g.ListSources()
	m, err := rivermigrate.New(riversqlite.New(nil), nil)
	if err != nil {
		return 0, 0, fmt.Errorf("read migrations of the queue: %w", err)
	}
	all := m.AllVersions()
	return sources[len(sources)-1].Version, int64(all[len(all)-1].Version), nil
}

// sameSchema refuses a database whose schema is not exactly this program's: a guest changes none, for whoever has the folder works
// with the one that is there.
func sameSchema(ctx context.Context, db *sql.DB, path string) error {
	schema, queue, err := Schema()
	if err != nil {
		return err
	}
	for _, of := range []struct {
		what, table, query string
		ours               int64
	}{
		{"schema", "goose_db_version", "SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied", schema},
		{"queue's schema", "river_migration", "SELECT COALESCE(MAX(version), 0) FROM river_migration", queue},
	} {
		theirs, err := version(ctx, db, of.table, of.query)
		switch {
		case err != nil:
			return translator{path: path}.translate(err)
		case theirs > of.ours:
			return newer(path, of.what, theirs, of.ours)
		case theirs < of.ours:
			return qlp.Errorf(qlp.Unavailable, "the database %s is of an older version of qlp: its %s has version %d, this program's is %d", path, of.what, theirs, of.ours).
				WithRemedy("stop the server on it and run qlp migrate; or use the version of qlp that the server has")
		}
	}
	return nil
}

func there(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return qlp.Errorf(qlp.NotFound, "there is no database %s", path).WithRemedy("name the data folder with --data")
	}
	if err != nil {
		return translator{path: path}.translate(err)
	}
	return nil
}

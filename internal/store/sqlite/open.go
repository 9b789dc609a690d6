// Package sqlite opens the store in one SQLite file: locks its folder, migrates the schema and the queue's, and hands
// the pools to sqlstore.
//
// It never holds a query of the store (queries/*.sql does) and never shares its file with another process: one process
// at a time holds the folder's lock, so a job that is marked as running when the store opens has lost its worker.
//
// Every commit survives the end of the process, kill -9 too: it is in the write-ahead log, which the kernel keeps. When
// the machine itself loses power, the last commits before it may be gone, never a part of one: the log is synchronised
// with the disk at checkpoints (synchronous=NORMAL), and runs go on from the last commit that is there. With Durable,
// each commit is synchronised and survives that too.
//
// Arrows: store, sqlstore, qlp; modernc.org/sqlite, goose for the schema, River for the queue.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlstore"
)

// readers is the number of connections that read while one writes.
const readers = 4

// Config of a store. The zero value works.
type Config struct {
	Durable bool          // synchronise each commit with the disk, so that it survives a loss of power
	Clock   store.Clock   // the system's by default
	Poll    time.Duration // how late Store.Changed may be at the most; 1 s by default
	Log     *slog.Logger  // nowhere by default
	OnQuery func(string)  // for tests: is told the text of every query that runs
	Index   Index         // what makes intents findable; nil: nothing is
	// Guest opens a database that is there beside the process whose folder it is, if one runs: the folder is not locked, and the
	// schema not brought up to date but refused when it is not this program's. A guest runs no jobs.
	Guest bool
}

// Index is a vector index in this database.
type Index interface {
	sqlstore.Indexer
	// Attach gives it the pool to search with.
	Attach(reader *sql.DB)
}

// Store is a store.Store in a SQLite file, with the queue that lives in the same file.
type Store struct {
	*sqlstore.Store
	Queue          *Queue
	path           string
	writer, reader *sql.DB
}

// Open opens the database at path, which is made if it is not there, and brings its schema up to date.
//
// The errors say what to do: conflict when another process holds the folder, forbidden when it may not be written,
// exhausted when the disk is full, unavailable when the file is damaged, no database, or newer than this program.
func Open(ctx context.Context, path string, cfg Config) (*Store, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	t := translator{path: path}
	if cfg.Guest {
		if err := there(path); err != nil {
			return nil, fmt.Errorf("open store: %w", err)
		}
		st, err := open(ctx, path, cfg, t, nil)
		if err != nil {
			return nil, fmt.Errorf("open store: %w", t.translate(err))
		}
		return st, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open store: %w", t.translate(err))
	}
	release, err := lock(ctx, filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("open store: %w", t.translate(err))
	}
	st, err := open(ctx, path, cfg, t, release)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", errors.Join(t.translate(err), release()))
	}
	return st, nil
}

func open(ctx context.Context, path string, cfg Config, t translator, release func() error) (*Store, error) {
	if err := probe(path); err != nil {
		return nil, err
	}
	writer, err := pool(path, cfg.Durable, false)
	if err != nil {
		return nil, err
	}
	closeOnError := []*sql.DB{writer}
	fail := func(err error) (*Store, error) {
		for _, db := range closeOnError {
			err = errors.Join(err, db.Close())
		}
		return nil, err
	}
	writer.SetMaxOpenConns(1)
	if err := check(ctx, writer, path); err != nil {
		return fail(err)
	}
	prepare := migrate
	if cfg.Guest {
		prepare = func(ctx context.Context, db *sql.DB, path string, _ *slog.Logger) error {
			return sameSchema(ctx, db, path)
		}
	}
	if err := prepare(ctx, writer, path, cfg.Log); err != nil {
		return fail(err)
	}
	reader, err := pool(path, cfg.Durable, true)
	if err != nil {
		return fail(err)
	}
	closeOnError = append(closeOnError, reader)
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers) // a connection that is dropped takes its prepared statements with it
	queue, err := newQueue(writer, cfg.Log, t)
	if err != nil {
		return fail(err)
	}
	var index sqlstore.Indexer
	if cfg.Index != nil {
		index = cfg.Index
		cfg.Index.Attach(reader)
	}
	st, err := sqlstore.New(ctx, sqlstore.Config{
		Writer: writer, Reader: reader, Queue: queue, Index: index, Translate: t.translate,
		Clock: cfg.Clock, Poll: cfg.Poll, OnQuery: cfg.OnQuery, OnClose: release,
	})
	if err != nil {
		return fail(err)
	}
	return &Store{Store: st, Queue: queue, path: path, writer: writer, reader: reader}, nil
}

// Path returns the database file.
func (s *Store) Path() string { return s.path }

// pool opens connections with the pragmas of this store. The reading ones may not write and never wait for the writer.
func pool(path string, durable, reading bool) (*sql.DB, error) {
	synchronous := "NORMAL"
	if durable {
		synchronous = "FULL"
	}
	q := url.Values{"_time_format": {"sqlite"}, "_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(" + synchronous + ")", "foreign_keys(1)",
		"temp_store(MEMORY)", "journal_size_limit(16777216)",
	}}
	if reading {
		q.Add("_pragma", "query_only(1)")
	} else {
		q.Set("_txlock", "immediate")
	}
	connector, err := sqlite.NewConnector("file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode())
	if err != nil {
		return nil, qlp.Errorf(qlp.Internal, "open database %s: %w", path, err)
	}
	return sql.OpenDB(connector), nil
}

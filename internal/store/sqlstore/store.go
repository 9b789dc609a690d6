// Package sqlstore is the store over database/sql: one implementation for every database whose SQL it is.
//
// It never opens a database and knows no vendor: a driver folder (sqlite) hands it open pools, a queue, and a function
// that turns the vendor's errors into ours. It never repeats a transaction by itself.
//
// Arrows: store, qlp, and the query package that sqlc generates from queries/*.sql.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlstore/query"
)

// Queue keeps queue jobs in the same database as the store, so that they share its transactions.
type Queue interface {
	// Insert adds a job in tx, which is open on conn. A job with the same key that is waiting or running already is left as it is.
	Insert(ctx context.Context, conn *sql.Conn, tx *sql.Tx, job store.Job) error
	// Remove deletes the intent's jobs that nobody has begun, in tx.
	Remove(ctx context.Context, tx *sql.Tx, intentID string) error
	// Forget deletes the jobs of a tenant's intents that do not run, in tx, and returns how many run.
	Forget(ctx context.Context, tx *sql.Tx, tenant string) (running int, err error)
	// Wake tells the workers of this process that jobs were committed. It does not block.
	Wake()
}

// Indexer makes intents findable in the same database, in the transaction that writes them.
type Indexer interface {
	// Put adds what an intent is found by, or takes the place of what was there.
	Put(ctx context.Context, tx *sql.Tx, e qlp.Embedding) error
	// Committed is told of what was put after its transaction was committed. It does not block.
	Committed(put []qlp.Embedding)
}

// Config is what a driver folder hands over. Writer, Reader, Queue and Translate are required.
type Config struct {
	Writer    *sql.DB // begins read-write transactions
	Reader    *sql.DB // begins read-only transactions; may be the same as Writer
	Queue     Queue
	Index     Indexer           // nil: nothing is findable
	Translate func(error) error // turns a vendor's error into a domain error; leaves others as they are
	Clock     store.Clock       // the system's by default
	Poll      time.Duration     // how late Changed may be at the most; 1 s by default
	OnQuery   func(text string) // is told the text of every query that runs; nil by default
	OnClose   func() error      // runs once, after both pools are closed

	// Where several processes share the database:
	ReadIsolation sql.IsolationLevel // of reading transactions, which must see one state; the database's own by default
	// LockIntent is a statement that locks the row of the intent $1 up to the end of the transaction. A transaction that reads an
	// intent to decide about it runs it first. "" where transactions that write come one after another anyhow.
	LockIntent string
	// LockTrees is a statement that waits for transactions which put trees, and keeps others from it up to the end of this one: a tree
	// may be deleted then that nobody refers to. LockTenant locks the rows of the intents of the tenant $1. As LockIntent, "" where
	// transactions that write come one after another.
	LockTrees, LockTenant string
	// Announce tells other processes of intents with new events, after the commit; nil where there are none. It does not block.
	Announce func(intentIDs []string)
	// Direct leaves the preparing of statements to the database's driver.
	Direct bool
}

// Store implements store.Store.
type Store struct {
	cfg     Config
	writer  *statements
	reader  *statements
	changed *signal

	mu     sync.Mutex
	closed bool
	active sync.WaitGroup
	once   sync.Once
	err    error // of the close
}

var _ store.Store = (*Store)(nil)

// New returns a store over open, migrated pools, which it closes when it is closed.
func New(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Poll == 0 {
		cfg.Poll = time.Second
	}
	writer, err := prepare(ctx, cfg.Writer, cfg.Direct)
	if err != nil {
		return nil, fmt.Errorf("prepare statements: %w", cfg.Translate(err))
	}
	reader, err := prepare(ctx, cfg.Reader, cfg.Direct)
	if err != nil {
		return nil, fmt.Errorf("prepare statements: %w", cfg.Translate(err))
	}
	return &Store{cfg: cfg, writer: writer, reader: reader, changed: newSignal(cfg.Poll)}, nil
}

// Tx runs fn in a read-write transaction.
func (s *Store) Tx(ctx context.Context, fn func(tx store.Tx) error) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.active.Done()
	conn, err := s.cfg.Writer.Conn(ctx)
	if err != nil {
		return s.fault(ctx, "begin transaction", err)
	}
	defer func() { _ = conn.Close() }() // gives it back
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return s.fault(ctx, "begin transaction", err)
	}
	// After a commit this does nothing. After an error or a panic it is what takes the writes back.
	defer func() { _ = tx.Rollback() }()

	run := &runner{tx: tx, statements: s.writer, onQuery: s.cfg.OnQuery}
	t := &transaction{reader: reader{store: s, q: query.New(run)}, tx: tx, conn: conn}
	if err := fn(t); err != nil {
		return err
	}
	if run.err != nil {
		return fmt.Errorf("commit transaction: an earlier statement was refused: %w", s.fault(ctx, "write", run.err))
	}
	if err := tx.Commit(); err != nil {
		return s.fault(ctx, "commit transaction", err)
	}
	if ids := slices.Collect(maps.Keys(t.appended)); len(ids) > 0 {
		s.changed.broadcast(ids...)
		if s.cfg.Announce != nil {
			s.cfg.Announce(ids)
		}
	}
	if t.enqueued {
		s.cfg.Queue.Wake()
	}
	if len(t.put) > 0 {
		s.cfg.Index.Committed(t.put)
	}
	return nil
}

// Read runs fn in a read-only transaction.
func (s *Store) Read(ctx context.Context, fn func(r store.Reader) error) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.active.Done()
	tx, err := s.cfg.Reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: s.cfg.ReadIsolation})
	if err != nil {
		return s.fault(ctx, "begin reading", err)
	}
	defer func() { _ = tx.Rollback() }()
	return fn(&reader{store: s, q: query.New(&runner{tx: tx, statements: s.reader, onQuery: s.cfg.OnQuery})})
}

// Queries returns the text of every query, for the check that each one runs on each database.
func (s *Store) Queries() []string { return slices.Sorted(maps.Keys(s.writer.byText)) }

// Changed returns a channel that is closed at the next commit with events of the intent, or after the poll interval.
func (s *Store) Changed(intentID string) <-chan struct{} { return s.changed.wait(intentID) }

// Wake wakes those who wait for events of intents, as after a commit of another process: all of them where none is named.
func (s *Store) Wake(intentIDs ...string) {
	if len(intentIDs) == 0 {
		s.changed.stop()
		return
	}
	s.changed.broadcast(intentIDs...)
}

// Ping answers whether the database can be read.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.active.Done()
	var n int
	if err := s.cfg.Reader.QueryRowContext(ctx, "SELECT COUNT(*) FROM intents WHERE id = ''").Scan(&n); err != nil {
		return s.fault(ctx, "ping database", err)
	}
	return nil
}

// Close waits for transactions under way and closes the database.
func (s *Store) Close() error {
	s.once.Do(func() {
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
		s.active.Wait()
		s.changed.stop()
		errs := []error{s.reader.close(), s.writer.close(), s.cfg.Reader.Close(), s.cfg.Writer.Close()}
		if s.cfg.OnClose != nil {
			errs = append(errs, s.cfg.OnClose())
		}
		if err := errors.Join(errs...); err != nil {
			s.err = fmt.Errorf("close store: %w", s.cfg.Translate(err))
		}
	})
	return s.err
}

func (s *Store) begin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return qlp.Errorf(qlp.Unavailable, "the store is closed")
	}
	s.active.Add(1)
	return nil
}

func (s *Store) now() time.Time { return micro(s.cfg.Clock()) }

// fault tells what was tried and translates err. A context that is done explains whatever it caused.
func (s *Store) fault(ctx context.Context, what string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", what, qlp.Errorf(qlp.Unavailable, "the database was not waited for: %w", ctx.Err()))
	}
	return fmt.Errorf("%s: %w", what, s.cfg.Translate(err))
}

// micro keeps what both databases keep: UTC, whole microseconds.
func micro(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

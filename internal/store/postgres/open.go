// Package postgres opens the store in a PostgreSQL database with pgvector: checks the server, migrates the schema and the
// queue's, and hands the pool to sqlstore.
//
// It never holds a query of the store (queries/*.sql does), and never takes itself for the only process: any number of them
// share one database. Workers hold leases there, by the database's clock; commits with events are told to every process by
// NOTIFY, which only wakes: the table is the truth.
//
// A transaction that changes an intent locks its row first, so that two replicas decide about one intent one after the other.
// Reading transactions see one state and wait for nobody.
//
// Arrows: store, sqlstore, qlp; pgx, goose for the schema, River for the queue.
package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlstore"
)

// Config of a store. The zero value works.
type Config struct {
	Conns            int           // connections at most, those of the queue among them; 16 by default. One more listens
	StatementTimeout time.Duration // of any statement but a migration's; 15 s by default
	// Password, if not nil, is asked for each new connection: a token that is good for an hour, say.
	Password func(ctx context.Context) (string, error)
	Index    Index         // what makes intents findable; nil: nothing is
	Clock    store.Clock   // the system's by default
	Poll     time.Duration // how late Store.Changed may be where a wake-up is lost; 1 s by default
	Log      *slog.Logger  // nowhere by default
	OnQuery  func(string)  // for tests: is told the text of every query that runs
}

// Index is a vector index in this database.
type Index interface {
	sqlstore.Indexer
	// Attach gives it the pool to search with.
	Attach(db *sql.DB)
}

// Store is a store.Store in PostgreSQL, with the queue that lives in the same database.
type Store struct {
	*sqlstore.Store
	Queue *Queue
	pool  *pgxpool.Pool
	db    *sql.DB
	bell  *bell
}

// Whisper tells the other processes on this database something at once, or not at all, in up to 7,000 bytes. It does not block.
func (s *Store) Whisper(message string) { s.bell.whisper(message) }

// OnWhisper has hear called with what the others tell, one at a time.
func (s *Store) OnWhisper(hear func(message string)) { s.bell.whispered.Store(&hear) }

// The least and the most of what a server may be.
const (
	leastServer = 150000
	leastVector = "0.8"
)

// Open opens the database of a URL, postgres://user:password@host/database?sslmode=verify-full, and brings its schema up to date;
// several processes may do so at once.
//
// The errors say what to do: unavailable when the server does not answer, refuses the password, has no such database, is older
// than 15, has no pgvector, or holds a schema that is newer than this program; forbidden when a right is missing. None of them
// holds the password.
func Open(ctx context.Context, address string, cfg Config) (*Store, error) {
	cfg = cfg.withDefaults()
	pc, err := parse(address, cfg)
	if err != nil {
		return nil, err
	}
	st, err := open(ctx, pc, cfg)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", translate(err))
	}
	return st, nil
}

func (cfg Config) withDefaults() Config {
	if cfg.Conns == 0 {
		cfg.Conns = 16
	}
	if cfg.StatementTimeout == 0 {
		cfg.StatementTimeout = 15 * time.Second
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return cfg
}

// parse reads the address. What pgx says about one that it cannot read may show a part of it, so that it is not passed on.
func parse(address string, cfg Config) (*pgxpool.Config, error) {
	pc, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, qlp.Errorf(qlp.Invalid, "the address of the database cannot be read").
			WithRemedy("write it as postgres://user:password@host:5432/database?sslmode=verify-full; what stands for itself in a password is written %%XX")
	}
	cc := pc.ConnConfig
	if cc.ConnectTimeout == 0 {
		cc.ConnectTimeout = 10 * time.Second
	}
	ms := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
	for name, value := range map[string]string{
		"application_name": "qlp", "timezone": "UTC",
		"statement_timeout": ms(cfg.StatementTimeout), "lock_timeout": ms(cfg.StatementTimeout),
		// A process that is frozen in the middle of a transaction must not hold its locks for longer than its lease.
		"idle_in_transaction_session_timeout": ms(8 * time.Second),
	} {
		if _, given := cc.RuntimeParams[name]; !given {
			cc.RuntimeParams[name] = value
		}
	}
	pc.MaxConns = int32(cfg.Conns) //nolint:gosec // a handful
	pc.MaxConnIdleTime, pc.HealthCheckPeriod = 5*time.Minute, 30*time.Second
	if cfg.Password != nil {
		pc.BeforeConnect = func(ctx context.Context, cc *pgx.ConnConfig) (err error) {
			if cc.Password, err = cfg.Password(ctx); err != nil {
				err = qlp.Errorf(qlp.Unavailable, "no password for the database could be had: %w", err).WithRemedy("see that this machine's identity may sign in to it")
			}
			return err
		}
	}
	return pc, nil
}

func open(ctx context.Context, pc *pgxpool.Config, cfg Config) (_ *Store, err error) {
	if err := prepare(ctx, pc, cfg.Log); err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, err
	}
	db := stdlib.OpenDBFromPool(pool)
	db.SetMaxIdleConns(0) // the pool keeps them
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
			pool.Close()
		}
	}()
	queue, err := newQueue(pool, cfg.Log)
	if err != nil {
		return nil, err
	}
	if cfg.Index != nil {
		cfg.Index.Attach(db)
	}
	bell := newBell(pool, pc, cfg.Log)
	queue.wake = bell.job
	st, err := sqlstore.New(ctx, sqlstore.Config{
		Writer: db, Reader: db, Queue: queue, Index: indexer(cfg.Index), Translate: translate, Clock: cfg.Clock, Poll: cfg.Poll, OnQuery: cfg.OnQuery,
		Direct: true, ReadIsolation: sql.LevelRepeatableRead, Announce: bell.ring,
		LockIntent: "SELECT id FROM intents WHERE id = $1 FOR NO KEY UPDATE",
		LockTrees:  "LOCK TABLE trees IN SHARE ROW EXCLUSIVE MODE",
		LockTenant: "SELECT id FROM intents WHERE tenant = $1 ORDER BY id FOR UPDATE",
		OnClose:    func() error { bell.stop(); pool.Close(); return nil },
	})
	if err != nil {
		return nil, err
	}
	bell.start(st.Wake)
	return &Store{Store: st, Queue: queue, pool: pool, db: db, bell: bell}, nil
}

// indexer keeps a nil index from becoming an interface that is not nil.
func indexer(i Index) sqlstore.Indexer {
	if i == nil {
		return nil
	}
	return i
}

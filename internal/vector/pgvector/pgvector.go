// Package pgvector finds intents in the PostgreSQL database that the store keeps them in: vectors by pgvector's graph of halved
// numbers, rescored exactly, and words by GIN indexes.
//
// It never opens a database, never writes outside the store's transactions, and never lets the server keep a plan for a search:
// what is the right one for a tenant with most of the rows is the wrong one for a tenant with a few.
//
// Arrows: vector, spelling, qlp; pgx, database/sql.
package pgvector

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/vector"
	"github.com/quantumlayer/qlp/internal/vector/spelling"
)

// Config of an index. Zero fields mean the values beside them.
type Config struct {
	// Breadth is how many candidates a search of the graph keeps at a time (hnsw.ef_search), 1 to 1,000: 100. More of them find
	// more of what is near, and take longer.
	Breadth int
}

// Index implements vector.Index and vector.Upkeep, and makes what the store puts findable. Make it with New and hand it to the
// store's driver, which attaches its pool.
type Index struct {
	cfg   Config
	known frequencies
	sizes sizes

	mu sync.Mutex
	db *sql.DB
}

var (
	_ vector.Index  = (*Index)(nil)
	_ vector.Upkeep = (*Index)(nil)
)

// New returns an index that finds nothing until a pool is attached to it.
func New(cfg Config) *Index {
	if cfg.Breadth == 0 {
		cfg.Breadth = 100
	}
	return &Index{cfg: cfg}
}

// Attach gives the index the pool that it reads with, one of pgx. The pool's owner closes it.
func (x *Index) Attach(db *sql.DB) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.db = db
}

const (
	most = 200 // hits of one search
	// longest is how many bytes of an intent's words are indexed, and manyPieces how many groups of letters: PostgreSQL has a limit
	// of its own, and refuses what is beyond it.
	longest, manyPieces = 200_000, 20_000
)

// Put writes an intent's words, and its vector if there is one, in the store's transaction.
func (x *Index) Put(ctx context.Context, tx *sql.Tx, e qlp.Embedding) error {
	if e.Vector != nil {
		if err := vector.Check(e.Vector); err != nil {
			return err
		}
		if e.Embedder == "" {
			return qlp.Errorf(qlp.Invalid, "a vector needs the name of its embedder")
		}
	}
	text := spelling.Plain(e.Words, longest)
	pieces := spelling.Pieces(spelling.Words(text), manyPieces)
	_, err := tx.ExecContext(ctx, `INSERT INTO embedding_words (intent_id, tenant, stems, pieces)
		VALUES ($1, $2, to_tsvector('pg_catalog.english', $3), array_to_tsvector($4::text[]))
		ON CONFLICT (intent_id) DO UPDATE SET tenant = excluded.tenant, stems = excluded.stems, pieces = excluded.pieces`,
		e.IntentID, e.Tenant, text, append([]string{}, pieces...))
	if err != nil {
		return fmt.Errorf("write words: %w", err)
	}
	if e.Vector == nil {
		_, err = tx.ExecContext(ctx, "DELETE FROM embeddings WHERE intent_id = $1", e.IntentID)
	} else {
		_, err = tx.ExecContext(ctx, `INSERT INTO embeddings (intent_id, tenant, embedder, vector) VALUES ($1, $2, $3, $4::real[]::vector(1536))
			ON CONFLICT (intent_id) DO UPDATE SET tenant = excluded.tenant, embedder = excluded.embedder, vector = excluded.vector`,
			e.IntentID, e.Tenant, e.Embedder, e.Vector)
	}
	if err != nil {
		return fmt.Errorf("write vector: %w", err)
	}
	return nil
}

// Committed does nothing: what the database has is what is found.
func (*Index) Committed([]qlp.Embedding) {}

// question is a statement, and what is done with its rows.
type question struct {
	text string
	args []any
	read func(rows pgx.Rows) error
}

// settings hold up to the end of a transaction. A plan is made for the very values each time; compiling it would take longer than
// most searches; and where the graph is asked it goes on until it has as many rows of the tenant as are asked for.
const settings = `SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true),
	set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', $1, true), set_config('enable_seqscan', $2, true)`

// ask runs questions in one transaction that only reads, and sends it as a whole: an answer takes the way to the server once. With
// scan, a table may be read from end to end.
func (x *Index) ask(ctx context.Context, breadth int, scan bool, questions ...question) (err error) {
	x.mu.Lock()
	db := x.db
	x.mu.Unlock()
	if db == nil {
		return qlp.Errorf(qlp.Unavailable, "no database is attached to the index")
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("take a connection: %w", err)
	}
	defer func() { _ = conn.Close() }()
	return conn.Raw(func(raw any) error {
		c, ok := raw.(*stdlib.Conn)
		if !ok {
			return errors.New("the connection is none of pgx")
		}
		b := &pgx.Batch{}
		b.Queue("BEGIN TRANSACTION READ ONLY")
		seq := "off"
		if scan {
			seq = "on"
		}
		b.Queue(settings, strconv.Itoa(breadth), seq)
		for _, q := range questions {
			b.Queue(q.text, q.args...).Query(q.read)
		}
		b.Queue("COMMIT")
		if err := c.Conn().SendBatch(ctx, b).Close(); err != nil {
			undo(ctx, c.Conn())
			return err
		}
		return nil
	})
}

// undo ends a transaction that failed. A connection that cannot is closed, and the pool makes another one.
func undo(ctx context.Context, c *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if _, err := c.Exec(ctx, "ROLLBACK"); err != nil {
		_ = c.Close(ctx)
	}
}

// failed names what could not be done. A domain error stays one.
func failed(ctx context.Context, what string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*qlp.Error](err); ok {
		return fmt.Errorf("%s: %w", what, err)
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return fmt.Errorf("%s: %w", what, qlp.Errorf(qlp.Unavailable, "the index cannot be asked: %w", err))
}

func checkLimit(n int) error {
	if n < 1 || n > most {
		return qlp.Errorf(qlp.Invalid, "a search returns 1 to %d hits, not %d", most, n)
	}
	return nil
}

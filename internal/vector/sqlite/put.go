package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/vector"
	"github.com/quantumlayer/qlp/internal/vector/codes"
)

// Put writes an intent's words, and its vector if there is one, in the store's transaction.
func (x *Index) Put(ctx context.Context, tx *sql.Tx, e qlp.Embedding) error {
	embedder := ""
	if e.Vector != nil {
		if err := vector.Check(e.Vector); err != nil {
			return err
		}
		if embedder = e.Embedder; embedder == "" {
			return qlp.Errorf(qlp.Invalid, "a vector needs the name of its embedder")
		}
	}
	coder, err := x.coder(ctx, tx, embedder)
	if err != nil {
		return err
	}
	r, err := replaced(ctx, tx, e.IntentID)
	if err != nil {
		return err
	}
	if coder != nil && e.Vector != nil {
		code := coder.Code(e.Vector)
		r.code = code.Pack()
	}
	err = tx.QueryRowContext(ctx, `INSERT INTO embeddings (intent_id, tenant, embedder, code) VALUES ($1, $2, $3, $4)
		ON CONFLICT (intent_id) DO UPDATE SET tenant = excluded.tenant, embedder = excluded.embedder, code = excluded.code
		RETURNING n`, e.IntentID, e.Tenant, embedder, r.code).Scan(&r.n)
	if err != nil {
		return fmt.Errorf("write embedding: %w", err)
	}
	if err := write(ctx, tx, r.n, e); err != nil {
		return err
	}
	x.remember(e.IntentID, r)
	if coder == nil && e.Vector != nil {
		return x.freeze(ctx, tx, embedder)
	}
	return nil
}

// write replaces the vector and the words of a row.
func write(ctx context.Context, tx *sql.Tx, n int64, e qlp.Embedding) error {
	for _, s := range []string{
		"DELETE FROM embedding_vectors WHERE n = $1", "DELETE FROM embedding_stems WHERE rowid = $1", "DELETE FROM embedding_trigrams WHERE rowid = $1",
	} {
		if _, err := tx.ExecContext(ctx, s, n); err != nil {
			return fmt.Errorf("replace embedding: %w", err)
		}
	}
	if e.Vector != nil {
		if _, err := tx.ExecContext(ctx, "INSERT INTO embedding_vectors (n, vector) VALUES ($1, $2)", n, packed(e.Vector)); err != nil {
			return fmt.Errorf("write vector: %w", err)
		}
	}
	text := folded(e.Words)
	for _, s := range []string{"INSERT INTO embedding_stems (rowid, words) VALUES ($1, $2)", "INSERT INTO embedding_trigrams (rowid, words) VALUES ($1, $2)"} {
		if _, err := tx.ExecContext(ctx, s, n, text); err != nil {
			return fmt.Errorf("write words: %w", err)
		}
	}
	return nil
}

// replaced finds out whose group the row is in that a put takes the place of.
func replaced(ctx context.Context, tx *sql.Tx, intentID string) (row, error) {
	var k key
	err := tx.QueryRowContext(ctx, "SELECT tenant, embedder FROM embeddings WHERE intent_id = $1", intentID).Scan(&k.tenant, &k.embedder)
	if errors.Is(err, sql.ErrNoRows) {
		return row{}, nil
	}
	if err != nil {
		return row{}, fmt.Errorf("read embedding: %w", err)
	}
	return row{left: []key{k}}, nil
}

// remember keeps what was put for Committed. What a rollback leaves behind is overwritten by the next put of the intent, and is
// read by nobody before.
func (x *Index) remember(intentID string, r row) {
	x.mu.Lock()
	defer x.mu.Unlock()
	r.left = append(r.left, x.put[intentID].left...)
	x.put[intentID] = r
}

// Committed makes what was put visible to searches.
func (x *Index) Committed(put []qlp.Embedding) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, e := range put {
		r, ok := x.put[e.IntentID]
		if !ok {
			continue // put twice in the transaction
		}
		delete(x.put, e.IntentID)
		for _, k := range r.left {
			x.drop(k)
		}
		if e = last(put, e.IntentID); e.Vector == nil {
			continue
		}
		k := key{e.Tenant, e.Embedder}
		if g := x.groups[k]; g != nil && !g.add(r.n, r.code) {
			x.drop(k)
		}
	}
}

// last returns what was put last for an intent.
func last(put []qlp.Embedding, intentID string) (e qlp.Embedding) {
	for _, p := range put {
		if p.IntentID == intentID {
			e = p
		}
	}
	return e
}

// coder returns the coder of an embedder, nil as long as its mean is not frozen. What is read in a transaction that writes may be
// rolled back: only what everybody can see is remembered.
func (x *Index) coder(ctx context.Context, tx *sql.Tx, embedder string) (*codes.Coder, error) {
	x.mu.Lock()
	coder, db := x.coders[embedder], x.db
	x.mu.Unlock()
	if coder != nil || embedder == "" {
		return coder, nil
	}
	if db != nil {
		mean, err := frozen(ctx, db, embedder)
		if err != nil {
			return nil, err
		}
		if mean != nil {
			coder = x.plain.Centred(mean)
			x.mu.Lock()
			x.coders[embedder] = coder
			x.mu.Unlock()
			return coder, nil
		}
	}
	if tx == nil {
		return nil, nil
	}
	mean, err := frozen(ctx, tx, embedder)
	if err != nil || mean == nil {
		return nil, err
	}
	return x.plain.Centred(mean), nil
}

// querier is a pool or a transaction.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// frozen reads an embedder's mean; nil: there is none yet.
func frozen(ctx context.Context, q querier, embedder string) ([]float32, error) {
	var mean []byte
	err := q.QueryRowContext(ctx, "SELECT mean FROM embedding_means WHERE embedder = $1", embedder).Scan(&mean)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read mean of %s: %w", embedder, err)
	}
	return unpacked(mean), nil
}

// freeze takes the mean of an embedder's vectors once there are enough, and gives a code to each of them.
func (x *Index) freeze(ctx context.Context, tx *sql.Tx, embedder string) error {
	var n int
	if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM embeddings WHERE embedder = $1", embedder).Scan(&n); err != nil {
		return fmt.Errorf("count vectors: %w", err)
	}
	if n < x.cfg.Freeze {
		return nil
	}
	numbers, vectors, err := all(ctx, tx, "SELECT e.n, v.vector FROM embeddings e JOIN embedding_vectors v ON v.n = e.n WHERE e.embedder = $1", embedder)
	if err != nil {
		return err
	}
	mean := codes.Mean(vectors)
	if _, err := tx.ExecContext(ctx, "INSERT INTO embedding_means (embedder, mean) VALUES ($1, $2)", embedder, packed(mean)); err != nil {
		return fmt.Errorf("freeze mean: %w", err)
	}
	coder := x.plain.Centred(mean)
	for i, v := range vectors {
		code := coder.Code(v)
		if _, err := tx.ExecContext(ctx, "UPDATE embeddings SET code = $1 WHERE n = $2", code.Pack(), numbers[i]); err != nil {
			return fmt.Errorf("write code: %w", err)
		}
	}
	return nil
}

// rowsQuerier is a pool, a connection or a transaction.
type rowsQuerier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// all reads numbers and vectors.
func all(ctx context.Context, q rowsQuerier, query string, args ...any) (numbers []int64, vectors [][]float32, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, nil, fmt.Errorf("read vectors: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var n int64
		var b sql.RawBytes
		if err := rows.Scan(&n, &b); err != nil {
			return nil, nil, fmt.Errorf("read vectors: %w", err)
		}
		numbers, vectors = append(numbers, n), append(vectors, unpacked(b))
	}
	return numbers, vectors, rows.Err()
}

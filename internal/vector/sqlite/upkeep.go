package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/vector"
)

// Missing returns intents that have no vector of an embedder, or none at all.
func (x *Index) Missing(ctx context.Context, embedder, after string, limit int) ([]qlp.Embedding, error) {
	db, err := x.pool()
	if err != nil {
		return nil, err
	}
	if limit < 1 || limit > 1000 {
		return nil, qlp.Errorf(qlp.Invalid, "a page of what is missing has 1 to 1000 intents, not %d", limit)
	}
	rows, err := db.QueryContext(ctx, `SELECT i.id, i.tenant, i.words FROM intents i LEFT JOIN embeddings e ON e.intent_id = i.id
		WHERE i.id > $1 AND (e.n IS NULL OR e.embedder = '' OR ($2 <> '' AND e.embedder <> $2)) ORDER BY i.id LIMIT $3`, after, embedder, limit)
	if err != nil {
		return nil, failed(ctx, "list intents without a vector", err)
	}
	defer func() { _ = rows.Close() }()
	var out []qlp.Embedding
	for rows.Next() {
		var e qlp.Embedding
		if err := rows.Scan(&e.IntentID, &e.Tenant, &e.Words); err != nil {
			return nil, failed(ctx, "list intents without a vector", err)
		}
		out = append(out, e)
	}
	return out, failed(ctx, "list intents without a vector", rows.Err())
}

// Counts says how many intents have a vector, by embedder.
func (x *Index) Counts(ctx context.Context) (vector.Counts, error) {
	c := vector.Counts{Vectors: map[string]int{}}
	db, err := x.pool()
	if err != nil {
		return c, err
	}
	if err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM intents").Scan(&c.Intents); err != nil {
		return c, failed(ctx, "count intents", err)
	}
	rows, err := db.QueryContext(ctx, "SELECT embedder, COUNT(*) FROM embeddings WHERE embedder <> '' GROUP BY embedder")
	if err != nil {
		return c, failed(ctx, "count vectors", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		var n int
		if err := rows.Scan(&name, &n); err != nil {
			return c, failed(ctx, "count vectors", err)
		}
		c.Vectors[name] = n
	}
	return c, failed(ctx, "count vectors", rows.Err())
}

// Sample returns vectors from all over a tenant's.
func (x *Index) Sample(ctx context.Context, tenant, embedder string, n int) ([]qlp.Embedding, error) {
	db, err := x.pool()
	if err != nil {
		return nil, err
	}
	var out []qlp.Embedding
	err = func() error {
		rows, err := db.QueryContext(ctx, `SELECT e.intent_id, v.vector FROM (SELECT n, intent_id FROM embeddings WHERE tenant = $1 AND embedder = $2 ORDER BY random() LIMIT $3) e
			JOIN embedding_vectors v ON v.n = e.n`, tenant, embedder, n)
		if err != nil {
			return fmt.Errorf("read vectors: %w", err)
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			e := qlp.Embedding{Tenant: tenant, Embedder: embedder}
			var b sql.RawBytes
			if err := rows.Scan(&e.IntentID, &b); err != nil {
				return fmt.Errorf("read vectors: %w", err)
			}
			e.Vector = unpacked(b)
			out = append(out, e)
		}
		return rows.Err()
	}()
	return out, failed(ctx, "take a sample", err)
}

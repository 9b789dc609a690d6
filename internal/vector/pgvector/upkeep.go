package pgvector

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/vector"
)

// Missing returns intents that have no vector of an embedder, or none at all.
func (x *Index) Missing(ctx context.Context, embedder, after string, limit int) ([]qlp.Embedding, error) {
	if limit < 1 || limit > 1000 {
		return nil, qlp.Errorf(qlp.Invalid, "a page of what is missing has 1 to 1000 intents, not %d", limit)
	}
	var out []qlp.Embedding
	err := x.ask(ctx, x.cfg.Breadth, true, question{
		`SELECT i.id, i.tenant, i.words FROM intents i LEFT JOIN embeddings e ON e.intent_id = i.id
		WHERE i.id > $1 AND (e.intent_id IS NULL OR ($2 <> '' AND e.embedder <> $2)) ORDER BY i.id LIMIT $3`,
		[]any{after, embedder, limit},
		func(rows pgx.Rows) error {
			for rows.Next() {
				var e qlp.Embedding
				if err := rows.Scan(&e.IntentID, &e.Tenant, &e.Words); err != nil {
					return err
				}
				out = append(out, e)
			}
			return rows.Err()
		},
	})
	return out, failed(ctx, "list intents without a vector", err)
}

// Counts says how many intents have a vector, by embedder.
func (x *Index) Counts(ctx context.Context) (vector.Counts, error) {
	c := vector.Counts{Vectors: map[string]int{}}
	err := x.ask(ctx, x.cfg.Breadth, true,
		question{"SELECT COUNT(*) FROM intents", nil, func(rows pgx.Rows) error {
			for rows.Next() {
				if err := rows.Scan(&c.Intents); err != nil {
					return err
				}
			}
			return rows.Err()
		}},
		question{"SELECT embedder, COUNT(*) FROM embeddings GROUP BY embedder", nil, func(rows pgx.Rows) error {
			for rows.Next() {
				var name string
				var n int
				if err := rows.Scan(&name, &n); err != nil {
					return err
				}
				c.Vectors[name] = n
			}
			return rows.Err()
		}})
	return c, failed(ctx, "count vectors", err)
}

// Sample returns vectors from all over a tenant's.
func (x *Index) Sample(ctx context.Context, tenant, embedder string, n int) ([]qlp.Embedding, error) {
	var out []qlp.Embedding
	// The order is drawn without the vectors, and they are read of those that were drawn alone.
	err := x.ask(ctx, x.cfg.Breadth, true, question{
		`SELECT e.intent_id, e.vector::real[] FROM
		(SELECT intent_id FROM embeddings WHERE tenant = $1 AND embedder = $2 ORDER BY random() LIMIT $3) s JOIN embeddings e USING (intent_id)`,
		[]any{tenant, embedder, n},
		func(rows pgx.Rows) error {
			for rows.Next() {
				e := qlp.Embedding{Tenant: tenant, Embedder: embedder}
				if err := rows.Scan(&e.IntentID, &e.Vector); err != nil {
					return err
				}
				out = append(out, e)
			}
			return rows.Err()
		},
	})
	return out, failed(ctx, "take a sample", err)
}

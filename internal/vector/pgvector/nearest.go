package pgvector

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/quantumlayer/qlp/internal/vector"
)

// doubt is how many more than are asked for are scored exactly: what halved numbers cannot tell apart, and what the graph hands out
// before something nearer.
const doubt = 16

// The parameters are the same for both: vector, tenant, embedder, hits, and of the first one, candidates.
const (
	// near has the very expression of the graph's index in its order. Whether the graph is asked, or the tenant's rows are looked
	// at one by one, is the planner's choice: it knows how many they are.
	near = `WITH near AS MATERIALIZED (
			SELECT intent_id, vector FROM embeddings WHERE tenant = $2 AND embedder = $3
			ORDER BY vector::halfvec(1536) <=> $1::real[]::vector(1536)::halfvec(1536) LIMIT $5),
		scored AS MATERIALIZED (SELECT intent_id, vector <=> $1::real[]::vector(1536) AS distance FROM near)
		SELECT intent_id, 1 - distance FROM scored ORDER BY distance, intent_id LIMIT $4`
	// exact orders by whole numbers, which no index is for.
	exact = `SELECT intent_id, 1 - (vector <=> $1::real[]::vector(1536)) FROM embeddings WHERE tenant = $2 AND embedder = $3
		ORDER BY vector <=> $1::real[]::vector(1536), intent_id LIMIT $4`
)

// Nearest finds the nearest vectors. What the graph does not find enough of, because few of its rows are the tenant's, is looked for
// row by row.
func (x *Index) Nearest(ctx context.Context, q vector.Query) ([]vector.Hit, error) {
	if err := vector.Check(q.Vector); err != nil {
		return nil, err
	}
	if err := checkLimit(q.Limit); err != nil {
		return nil, err
	}
	var hits []vector.Hit
	read := func(rows pgx.Rows) error {
		for rows.Next() {
			var h vector.Hit
			if err := rows.Scan(&h.IntentID, &h.Similarity); err != nil {
				return err
			}
			hits = append(hits, h)
		}
		return rows.Err()
	}
	breadth := min(max(x.cfg.Breadth, q.Limit+doubt), 1000)
	if !q.Exact {
		err := x.ask(ctx, breadth, true, question{near, []any{q.Vector, q.Tenant, q.Embedder, q.Limit, q.Limit + doubt}, read})
		if err != nil || len(hits) == q.Limit {
			return hits, failed(ctx, "search vectors", err)
		}
	}
	hits = nil
	err := x.ask(ctx, breadth, true, question{exact, []any{q.Vector, q.Tenant, q.Embedder, q.Limit}, read})
	return hits, failed(ctx, "search every vector", err)
}

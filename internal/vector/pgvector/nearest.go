package pgvector

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/quantumlayer/qlp/internal/vector"
)

// doubt is how many more than are asked for are scored exactly: what halved numbers cannot tell apart, and what the graph hands out
// before something nearer, the more so the fewer of its rows are the tenant's.
const doubt = 30

// A tenant's rows are looked at one by one where they are few, or not very many and a small share of all: the graph would go past
// too many rows of others. A row takes about 2 µs then; ordered by halved numbers, as the graph's index has them, ten times as long.
const few, notMany, smallShare = 2_000, 10_000, 20

// The parameters are the same for both: vector, tenant, embedder, hits, and of the first one, candidates.
const (
	// near has the very expression of the graph's index in its order. What is known of a tenant may be old, so that the planner still
	// has the choice: for very few rows, it does not ask the graph.
	near = `WITH near AS MATERIALIZED (
			SELECT intent_id, vector FROM embeddings WHERE tenant = $2 AND embedder = $3
			ORDER BY vector::halfvec(1536) <=> $1::real[]::vector(1536)::halfvec(1536) LIMIT $5),
		scored AS MATERIALIZED (SELECT intent_id, vector <=> $1::real[]::vector(1536) AS distance FROM near)
		SELECT intent_id, 1 - distance FROM scored ORDER BY distance, intent_id LIMIT $4`
	// exact orders by whole numbers, which no index is for.
	exact = `SELECT intent_id, 1 - (vector <=> $1::real[]::vector(1536)) FROM embeddings WHERE tenant = $2 AND embedder = $3
		ORDER BY vector <=> $1::real[]::vector(1536), intent_id LIMIT $4`
)

// size counts a tenant's vectors, as many as make a difference, and all there are about.
const size = `SELECT (SELECT count(*) FROM (SELECT FROM embeddings WHERE tenant = $1 AND embedder = $2 LIMIT $3) l)::float8,
	(SELECT reltuples FROM pg_class WHERE oid = 'embeddings'::regclass)::float8`

// Nearest finds the nearest vectors. What the graph does not find enough of is looked for row by row.
func (x *Index) Nearest(ctx context.Context, q vector.Query) ([]vector.Hit, error) {
	if err := vector.Check(q.Vector); err != nil {
		return nil, err
	}
	if err := checkLimit(q.Limit); err != nil {
		return nil, err
	}
	if !q.Exact {
		graph, err := x.byGraph(ctx, q.Tenant, q.Embedder)
		if err != nil {
			return nil, failed(ctx, "count vectors", err)
		}
		if graph {
			hits, err := x.search(ctx, near, q, q.Limit+doubt)
			if err != nil || len(hits) == q.Limit {
				return hits, failed(ctx, "search vectors", err)
			}
		}
	}
	hits, err := x.search(ctx, exact, q)
	return hits, failed(ctx, "search every vector", err)
}

func (x *Index) search(ctx context.Context, text string, q vector.Query, more ...any) (hits []vector.Hit, err error) {
	args := append([]any{q.Vector, q.Tenant, q.Embedder, q.Limit}, more...)
	err = x.ask(ctx, min(max(x.cfg.Breadth, q.Limit+doubt), 1000), true, question{text, args, func(rows pgx.Rows) error {
		for rows.Next() {
			var h vector.Hit
			if err := rows.Scan(&h.IntentID, &h.Similarity); err != nil {
				return err
			}
			hits = append(hits, h)
		}
		return rows.Err()
	}})
	return hits, err
}

// sizes remembers whose vectors the graph is asked for.
type sizes struct {
	mu    sync.Mutex
	since time.Time
	graph map[[2]string]bool // by tenant and embedder
}

// byGraph says whether the graph is asked. It may be a minute behind: both ways find what is there.
func (x *Index) byGraph(ctx context.Context, tenant, embedder string) (bool, error) {
	s, key := &x.sizes, [2]string{tenant, embedder}
	s.mu.Lock()
	if s.graph == nil || time.Since(s.since) > fresh || len(s.graph) > mostKnown {
		s.graph, s.since = map[[2]string]bool{}, time.Now()
	}
	graph, ok := s.graph[key]
	s.mu.Unlock()
	if ok {
		return graph, nil
	}
	var own, all float64
	err := x.ask(ctx, x.cfg.Breadth, true, question{size, []any{tenant, embedder, notMany + 1}, func(rows pgx.Rows) error {
		for rows.Next() {
			if err := rows.Scan(&own, &all); err != nil {
				return err
			}
		}
		return rows.Err()
	}})
	if err != nil {
		return false, err
	}
	graph = own > few && (own > notMany || own*smallShare > all)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.graph[key] = graph
	return graph, nil
}

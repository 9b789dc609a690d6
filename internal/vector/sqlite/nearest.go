package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/vector"
	"github.com/quantumlayer/qlp/internal/vector/codes"
)

const (
	most = 200 // hits of one search
	// few is the number of rows of which each is looked at: sorting them out by their codes would gain nothing.
	few = 500
	// candidates is how many of the nearest codes are looked at, at the least, and for each hit that is asked for.
	candidates, perHit = 200, 10
	// oneOf makes them more where there are very many rows: more of these have codes that are as near by chance.
	oneOf = 250
	// doubt is how many more than are asked for are scored exactly: what 8 bits a number cannot tell apart.
	doubt = 8
)

// Nearest finds the nearest vectors: the nearest codes, of these the nearest in 8 bits a number, of these the nearest exactly.
func (x *Index) Nearest(ctx context.Context, q vector.Query) ([]vector.Hit, error) {
	if err := vector.Check(q.Vector); err != nil {
		return nil, err
	}
	if err := checkLimit(q.Limit); err != nil {
		return nil, err
	}
	db, err := x.pool()
	if err != nil {
		return nil, err
	}
	if q.Exact {
		hits, err := exact(ctx, db, q)
		return hits, failed(ctx, "search every vector", err)
	}
	v, err := x.group(ctx, key{q.Tenant, q.Embedder})
	if err != nil {
		return nil, failed(ctx, "read codes", err)
	}
	found, err := x.candidates(ctx, db, &v, q)
	if err != nil {
		return nil, failed(ctx, "score candidates", err)
	}
	sortScored(found)
	hits, err := finalists(ctx, db, q, found[:min(len(found), q.Limit+doubt)])
	return hits, failed(ctx, "score finalists", err)
}

func checkLimit(n int) error {
	if n < 1 || n > most {
		return qlp.Errorf(qlp.Invalid, "a search returns 1 to %d hits, not %d", most, n)
	}
	return nil
}

// scored is a row and how near it seems to be.
type scored struct {
	n     int64
	score float32
}

// sortScored puts the nearest first; of equals, the one that was put first.
func sortScored(list []scored) {
	slices.SortFunc(list, func(a, b scored) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.n, b.n)) })
}

const candidateSQL = "SELECT v.n, v.vector FROM json_each($1) j CROSS JOIN embedding_vectors v ON v.n = j.value"

// candidates scores the rows that are worth it, from memory, or from the database those that are not there yet.
func (x *Index) candidates(ctx context.Context, db *sql.DB, v *view, q vector.Query) ([]scored, error) {
	var positions []int32
	if v.coder == nil || len(v.numbers) <= few {
		positions = make([]int32, len(v.numbers))
		for i := range positions {
			positions[i] = int32(i)
		}
	} else {
		code := v.coder.Code(q.Vector)
		positions = x.scanner.Nearest(v.codes, &code, max(candidates, perHit*q.Limit, len(v.numbers)/oneOf))
	}
	small := x.plain.Small(q.Vector)
	out := make([]scored, 0, len(positions))
	cold := map[int64]int32{}
	for _, p := range positions {
		if s := v.at(p); s != nil {
			out = append(out, scored{v.numbers[p], s.Cosine(small)})
		} else {
			cold[v.numbers[p]] = p
		}
	}
	if len(cold) == 0 {
		return out, nil
	}
	numbers := make([]int64, 0, len(cold))
	for n := range cold {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	numbers, vectors, err := all(ctx, db, candidateSQL, list(numbers))
	for i, n := range numbers {
		out = append(out, scored{n, codes.Dot(vectors[i], q.Vector)})
		x.set(v, cold[n], vectors[i])
	}
	return out, err
}

// list is how a statement is given numbers.
func list(numbers []int64) string {
	b, _ := json.Marshal(numbers) //nolint:errchkjson // numbers always can be
	return string(b)
}

// CROSS JOIN is the order of the tables as it is written: the planner would begin with every row of the tenant.
const finalistSQL = `SELECT e.n, e.intent_id, v.vector FROM json_each($1) j
	CROSS JOIN embeddings e ON e.n = j.value CROSS JOIN embedding_vectors v ON v.n = e.n WHERE e.tenant = $2 AND e.embedder = $3`

// finalists scores rows exactly. A row that has left its group meanwhile is no hit any more.
func finalists(ctx context.Context, db *sql.DB, q vector.Query, found []scored) ([]vector.Hit, error) {
	numbers := make([]int64, len(found))
	for i, f := range found {
		numbers[i] = f.n
	}
	rows, err := db.QueryContext(ctx, finalistSQL,
		list(numbers), q.Tenant, q.Embedder)
	if err != nil {
		return nil, fmt.Errorf("read finalists: %w", err)
	}
	defer func() { _ = rows.Close() }()
	ids := make(map[int64]string, len(found))
	scores := make([]scored, 0, len(found))
	for rows.Next() {
		var n int64
		var id string
		var b sql.RawBytes
		if err := rows.Scan(&n, &id, &b); err != nil {
			return nil, fmt.Errorf("read finalists: %w", err)
		}
		ids[n] = id
		scores = append(scores, scored{n, codes.Dot(unpacked(b), q.Vector)})
	}
	sortScored(scores)
	return named(scores[:min(len(scores), q.Limit)], ids), rows.Err()
}

func named(scores []scored, ids map[int64]string) []vector.Hit {
	hits := make([]vector.Hit, len(scores))
	for i, s := range scores {
		hits[i] = vector.Hit{IntentID: ids[s.n], Similarity: float64(s.score)}
	}
	return hits
}

// exact looks at every vector, from the database.
func exact(ctx context.Context, db *sql.DB, q vector.Query) ([]vector.Hit, error) {
	rows, err := db.QueryContext(ctx, "SELECT e.n, v.vector FROM embeddings e JOIN embedding_vectors v ON v.n = e.n WHERE e.tenant = $1 AND e.embedder = $2", q.Tenant, q.Embedder)
	if err != nil {
		return nil, fmt.Errorf("read vectors: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var best []scored
	for rows.Next() {
		var n int64
		var b sql.RawBytes
		if err := rows.Scan(&n, &b); err != nil {
			return nil, fmt.Errorf("read vectors: %w", err)
		}
		if best = append(best, scored{n, codes.Dot(unpacked(b), q.Vector)}); len(best) == 8*most {
			sortScored(best)
			best = best[:q.Limit]
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	_ = rows.Close()
	sortScored(best)
	return finalists(ctx, db, q, best[:min(len(best), q.Limit)])
}

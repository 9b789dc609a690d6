package pgvector

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/quantumlayer/qlp/internal/vector"
)

const (
	// A word that more than a fifth of all rows have says little; in a small collection it costs nothing to ask for it all the same.
	commonShare, commonRows = 5, 100
	// counted is up to what a term's rows are counted: one that has more is common.
	counted = 5_000
	// fresh is how long what was counted is believed.
	fresh = time.Minute
	// mostKnown bounds how many terms and tenants are remembered.
	mostKnown = 50_000
)

// frequencies remembers in how many rows terms stand, and how many rows tenants have. It may be behind the database: it decides what
// is worth asking for and how much it counts.
type frequencies struct {
	mu    sync.Mutex
	since time.Time
	counts
}

// counts are of one minute. The maps are filled as they are asked for.
type counts struct {
	rows    float64
	tenants map[string]float64
	kinds   map[vector.Source]*kind
}

// kind is what is known of the terms of one source.
type kind struct {
	length float64            // the mean number of different terms in a row
	terms  map[string]float64 // rows by term
}

// columns name where the terms of a source stand.
func columns() map[vector.Source]string {
	return map[vector.Source]string{vector.Stems: "stems", vector.Trigrams: "pieces"}
}

// shape asks for what is known without counting: the numbers of rows, the lengths, and the most frequent terms, which the server
// collects by itself.
func (f *frequencies) shape(c *counts) []question {
	list := []question{{
		`SELECT GREATEST((SELECT reltuples FROM pg_class WHERE oid = 'embedding_words'::regclass),
			(SELECT count(*) FROM (SELECT FROM embedding_words LIMIT 10000) l))::float8,
		COALESCE(avg(length(stems)), 1)::float8, COALESCE(avg(length(pieces)), 1)::float8 FROM (SELECT stems, pieces FROM embedding_words LIMIT 500) s`, nil,
		func(rows pgx.Rows) error {
			for rows.Next() {
				if err := rows.Scan(&c.rows, &c.kinds[vector.Stems].length, &c.kinds[vector.Trigrams].length); err != nil {
					return err
				}
			}
			return rows.Err()
		},
	}}
	for source, column := range columns() {
		list = append(list, question{
			`SELECT t.term, t.share::float8 FROM pg_stats s, unnest(s.most_common_elems::text::text[], s.most_common_elem_freqs) AS t(term, share)
			WHERE s.schemaname = current_schema() AND s.tablename = 'embedding_words' AND s.attname = $1 AND t.term IS NOT NULL`,
			[]any{column},
			func(rows pgx.Rows) error {
				for rows.Next() {
					var term string
					var share float64
					if err := rows.Scan(&term, &share); err != nil {
						return err
					}
					c.kinds[source].terms[term] = share * c.rows
				}
				return rows.Err()
			},
		})
	}
	return list
}

// now returns what is known, nil if it is too old or too much, with an empty one to fill.
func (f *frequencies) now() (known bool, fill *counts) {
	f.mu.Lock()
	defer f.mu.Unlock()
	size := len(f.tenants)
	for _, k := range f.kinds {
		size += len(k.terms)
	}
	if f.kinds != nil && time.Since(f.since) < fresh && size < mostKnown {
		return true, nil
	}
	c := &counts{tenants: map[string]float64{}, kinds: map[vector.Source]*kind{}}
	for source := range columns() {
		c.kinds[source] = &kind{terms: map[string]float64{}}
	}
	return false, c
}

func (f *frequencies) set(c *counts) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts, f.since = *c, time.Now()
}

// length is the mean number of a source's terms in a row.
func (f *frequencies) length(source vector.Source) float64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return max(f.kinds[source].length, 1)
}

// term is one to ask for.
type term struct {
	text string
	rows float64
	idf  float64
}

// count looks up terms of each source, and the tenant, and counts those that it does not know.
func (x *Index) count(ctx context.Context, tenant string, terms map[vector.Source][]string) (rows, own float64, out map[vector.Source][]term, err error) {
	f := &x.known
	unknown := map[vector.Source][]string{}
	f.mu.Lock()
	for source, list := range terms {
		for _, t := range list {
			if _, ok := f.kinds[source].terms[t]; !ok {
				unknown[source] = append(unknown[source], t)
			}
		}
	}
	_, knows := f.tenants[tenant]
	rows = f.rows
	f.mu.Unlock()
	found := map[vector.Source]map[string]float64{}
	var list []question
	if !knows {
		list = append(list, question{
			ownSQL,
			[]any{tenant, rows},
			func(r pgx.Rows) error {
				for r.Next() {
					if err := r.Scan(&own); err != nil {
						return err
					}
				}
				return r.Err()
			},
		})
	}
	for source, unknown := range unknown {
		found[source] = map[string]float64{}
		list = append(list, howOften(columns()[source], unknown, found[source]))
	}
	if len(list) > 0 {
		if err := x.ask(ctx, x.cfg.Breadth, false, list...); err != nil {
			return 0, 0, nil, err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if own > 0 {
		f.tenants[tenant] = own
	}
	own = f.tenants[tenant]
	out = map[vector.Source][]term{}
	for source, list := range terms {
		for _, t := range list {
			n, ok := f.kinds[source].terms[t]
			if !ok {
				n = found[source][t]
			}
			if n >= counted && !ok {
				n = max(n, f.rows)
			}
			if n > 0 { // what is nowhere may be somewhere at the next put
				f.kinds[source].terms[t] = n
				out[source] = append(out[source], term{text: t, rows: n})
			}
		}
	}
	return f.rows, own, out, nil
}

// ownSQL counts a tenant's rows; of one that has very many, it takes the server's estimate.
const ownSQL = `SELECT GREATEST((SELECT count(*) FROM (SELECT FROM embedding_words WHERE tenant = $1 LIMIT 10000) l)::float8,
	$2::float8 * (SELECT t.share FROM pg_stats s, unnest(s.most_common_vals::text::text[], s.most_common_freqs) AS t(tenant, share)
		WHERE s.schemaname = current_schema() AND s.tablename = 'embedding_words' AND s.attname = 'tenant' AND t.tenant = $1 LIMIT 1))`

func howOften(column string, terms []string, found map[string]float64) question {
	return question{
		`SELECT t.term, (SELECT count(*) FROM (SELECT FROM embedding_words WHERE ` + column + ` @@ t.query::tsquery LIMIT $3) l)::float8
		FROM unnest($1::text[], $2::text[]) AS t(term, query)`,
		[]any{terms, each(terms), counted},
		func(rows pgx.Rows) error {
			for rows.Next() {
				var t string
				var n float64
				if err := rows.Scan(&t, &n); err != nil {
					return err
				}
				found[t] = n
			}
			return rows.Err()
		},
	}
}

// worth returns the terms that are worth asking for, the rarest first and with their weight: none that very many rows have, at the
// most so many, and one at the least.
func worth(terms []term, rows float64, most int) []term {
	slices.SortStableFunc(terms, func(a, b term) int { return cmp.Compare(a.rows, b.rows) })
	for i := range terms {
		t := &terms[i]
		common := rows >= commonRows && t.rows*commonShare > rows
		if i == most || common && i > 0 {
			return terms[:i]
		}
		t.idf = math.Log(1 + (max(rows-t.rows, 0)+0.5)/(t.rows+0.5))
	}
	return terms
}

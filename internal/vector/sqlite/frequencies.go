package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// mostKnown bounds how many terms are remembered.
const mostKnown = 50_000

// frequencies remembers in how many rows terms stand. It may be behind the database: it decides what is worth asking for, and
// begins anew when a quarter more rows are there.
type frequencies struct {
	mu    sync.Mutex
	rows  int64
	terms map[string]int64 // by table and term
}

// rare returns the terms that are worth asking for, the rarest first: none that nearly every row has, and no more than most. Terms
// that stand nowhere are left out.
func (f *frequencies) rare(ctx context.Context, db *sql.DB, table string, terms []string, most int) ([]string, error) {
	var rows int64
	if err := db.QueryRowContext(ctx, "SELECT COALESCE(MAX(n), 0) FROM embeddings").Scan(&rows); err != nil {
		return nil, fmt.Errorf("count rows: %w", err)
	}
	f.begin(rows)
	type counted struct {
		term string
		rows int64
	}
	var list []counted
	for _, term := range terms {
		n, err := f.count(ctx, db, table, term)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			list = append(list, counted{term, n})
		}
	}
	slices.SortStableFunc(list, func(a, b counted) int { return cmp.Compare(a.rows, b.rows) })
	var out []string
	work := int64(0)
	for _, c := range list {
		common := rows >= commonRows && c.rows*commonShare > rows
		work += c.rows
		if len(out) == most || (common || work > mostRows) && len(out) > 0 { // at least one, however common
			break
		}
		out = append(out, c.term)
	}
	return out, nil
}

// begin forgets what was counted when there were far fewer rows.
func (f *frequencies) begin(rows int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.terms == nil || rows > f.rows+max(f.rows/4, 16) || rows < f.rows || len(f.terms) > mostKnown {
		f.terms, f.rows = map[string]int64{}, rows
	}
}

func (f *frequencies) count(ctx context.Context, db *sql.DB, table, term string) (n int64, err error) {
	key := table + "\x00" + strings.ToLower(term)
	f.mu.Lock()
	n, ok := f.terms[key]
	f.mu.Unlock()
	if ok {
		return n, nil
	}
	err = db.QueryRowContext(ctx, fmt.Sprintf("SELECT COUNT(*) FROM %[1]s WHERE %[1]s MATCH $1", table), quoted(term)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count a term: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if n > 0 { // what is nowhere may be somewhere at the next put
		f.terms[key] = n
	}
	return n, nil
}

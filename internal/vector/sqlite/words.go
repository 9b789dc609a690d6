package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/quantumlayer/qlp/internal/vector"
	"github.com/quantumlayer/qlp/internal/vector/spelling"
)

const (
	// mostWords and mostPieces bound what one search asks the full-text index for: the rarest are kept.
	mostWords, mostPieces = 48, 96
	// A word that more than a fifth of all rows have says little, and costs as much to look up as all the others together; in a
	// small collection that is no cost.
	commonShare, commonRows = 5, 100
	// mostRows bounds how many rows the terms of one search may have together, which is what it takes: about 1 µs a row. The
	// rarest terms, which decide the order, are asked for first.
	mostRows = 8000
)

// Matching finds words by their stems, and by groups of three letters.
func (x *Index) Matching(ctx context.Context, q vector.TextQuery) ([]vector.TextHit, error) {
	if err := checkLimit(q.Limit); err != nil {
		return nil, err
	}
	db, err := x.pool()
	if err != nil {
		return nil, err
	}
	var hits, more []vector.TextHit
	var both errgroup.Group
	both.Go(func() (err error) {
		hits, err = x.byStems(ctx, db, q)
		return failed(ctx, "search words", err)
	})
	both.Go(func() (err error) {
		more, err = x.byTrigrams(ctx, db, q)
		return failed(ctx, "search groups of letters", err)
	})
	err = both.Wait()
	return append(hits, more...), err
}

// folded is a text as it is indexed: what is no character stands for a gap.
func folded(words string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(words, " "), "\x00", " ")
}

// quoted is a term as the index's language writes what is to be taken as it is.
func quoted(term string) string { return `"` + strings.ReplaceAll(term, `"`, `""`) + `"` }

// anyOf asks for rows that have one of the terms.
func anyOf(terms []string) string {
	parts := make([]string, len(terms))
	for i, t := range terms {
		parts[i] = quoted(t)
	}
	return strings.Join(parts, " OR ")
}

// found is a row that matches.
type found struct {
	n     int64
	id    string
	words string // as they were handed in
}

const matchSQL = `SELECT e.n, e.intent_id, i.words FROM %[1]s f CROSS JOIN embeddings e ON e.n = f.rowid CROSS JOIN intents i ON i.id = e.intent_id
	WHERE f.%[1]s MATCH $1 AND e.tenant = $2 ORDER BY f.rank LIMIT $3`

// match returns the tenant's best rows of a full-text table.
func match(ctx context.Context, db *sql.DB, table, expression string, q vector.TextQuery) ([]found, error) {
	rows, err := db.QueryContext(ctx, fmt.Sprintf(matchSQL, table), expression, q.Tenant, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("match %s: %w", table, err)
	}
	defer func() { _ = rows.Close() }()
	var out []found
	for rows.Next() {
		var f found
		if err := rows.Scan(&f.n, &f.id, &f.words); err != nil {
			return nil, fmt.Errorf("match %s: %w", table, err)
		}
		out = append(out, f)
	}
	return out, rows.Err()
}

const (
	stemTable    = "embedding_stems"
	trigramTable = "embedding_trigrams"
)

func (x *Index) byStems(ctx context.Context, db *sql.DB, q vector.TextQuery) ([]vector.TextHit, error) {
	words, err := x.known.rare(ctx, db, stemTable, spelling.Words(q.Words), mostWords)
	if err != nil || len(words) == 0 {
		return nil, err
	}
	rows, err := match(ctx, db, stemTable, anyOf(words), q)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	terms, err := matched(ctx, db, words, rows)
	if err != nil {
		return nil, err
	}
	hits := make([]vector.TextHit, len(rows))
	for i, r := range rows {
		hits[i] = vector.TextHit{IntentID: r.id, Source: vector.Stems, Rank: i + 1, Terms: terms[r.n]}
	}
	return hits, nil
}

// matched says which of the words each row has: by the words that were handed in, or, of a Spec that came without any, by asking the
// index, which takes several times as long.
func matched(ctx context.Context, db *sql.DB, words []string, rows []found) (map[int64][]string, error) {
	roots := make([]string, len(words))
	for i, w := range words {
		roots[i] = spelling.Root(w)
	}
	terms := make(map[int64][]string, len(rows))
	var wordless []int64
	for _, r := range rows {
		if strings.TrimSpace(r.words) == "" {
			wordless = append(wordless, r.n)
			continue
		}
		has := map[string]bool{}
		for _, w := range spelling.Words(r.words) {
			has[spelling.Root(w)] = true
		}
		for i, w := range words {
			if has[roots[i]] {
				terms[r.n] = append(terms[r.n], w)
			}
		}
	}
	if len(wordless) == 0 {
		return terms, nil
	}
	for _, w := range words {
		if err := having(ctx, db, w, wordless, terms); err != nil {
			return nil, err
		}
	}
	return terms, nil
}

// having adds the word to the terms of those rows that have it.
func having(ctx context.Context, db *sql.DB, word string, numbers []int64, terms map[int64][]string) error {
	rows, err := db.QueryContext(ctx, "SELECT f.rowid FROM json_each($1) j CROSS JOIN embedding_stems f ON f.rowid = j.value WHERE f.embedding_stems MATCH $2",
		list(numbers), quoted(word))
	if err != nil {
		return fmt.Errorf("find the terms that matched: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return fmt.Errorf("find the terms that matched: %w", err)
		}
		terms[n] = append(terms[n], word)
	}
	return rows.Err()
}

func (x *Index) byTrigrams(ctx context.Context, db *sql.DB, q vector.TextQuery) ([]vector.TextHit, error) {
	words := spelling.Words(q.Words)
	pieces := spelling.Pieces(words, 8*mostPieces) // what follows in so long a text changes little
	pieces, err := x.known.rare(ctx, db, trigramTable, pieces, mostPieces)
	if err != nil || len(pieces) == 0 {
		return nil, err
	}
	rows, err := match(ctx, db, trigramTable, anyOf(pieces), q)
	if err != nil {
		return nil, err
	}
	hits := make([]vector.TextHit, len(rows))
	for i, r := range rows {
		hits[i] = vector.TextHit{IntentID: r.id, Source: vector.Trigrams, Rank: i + 1, Terms: spelling.Alike(words, r.words)}
	}
	return hits, nil
}

package pgvector

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/quantumlayer/qlp/internal/vector"
	"github.com/quantumlayer/qlp/internal/vector/spelling"
)

const (
	// mostTerms bounds how many terms of one source a search asks for: the rarest are kept.
	mostTerms = 32
	// budget is how many of a tenant's rows the terms may have that candidates are found by. More frequent ones only count in the
	// candidates' scores, as long as there are rarer ones.
	budget = 1_000
	// classes of weight, into which the terms of a search fall: the server counts the terms of one class in a row at once.
	classes = 6
)

// Matching finds words by their stems, and by groups of three letters.
func (x *Index) Matching(ctx context.Context, q vector.TextQuery) ([]vector.TextHit, error) {
	if err := checkLimit(q.Limit); err != nil {
		return nil, err
	}
	words := spelling.Words(spelling.Plain(q.Words, longest))
	if len(words) == 0 {
		return nil, nil
	}
	stems, err := x.stems(ctx, words)
	if err != nil {
		return nil, failed(ctx, "take words apart", err)
	}
	asked := map[vector.Source][]string{vector.Trigrams: spelling.Pieces(words, 8*mostTerms)}
	for stem := range stems {
		asked[vector.Stems] = append(asked[vector.Stems], stem)
	}
	rows, own, terms, err := x.count(ctx, q.Tenant, asked)
	if err != nil {
		return nil, failed(ctx, "count words", err)
	}
	m := matching{q: q, words: words, stems: stems, rows: rows, own: own}
	var questions []question
	for _, source := range []vector.Source{vector.Stems, vector.Trigrams} {
		if list := worth(terms[source], rows, mostTerms); len(list) > 0 {
			questions = append(questions, m.question(source, list, x.known.length(source)))
		}
	}
	if len(questions) == 0 || own == 0 {
		return nil, nil
	}
	err = x.ask(ctx, x.cfg.Breadth, false, questions...)
	return m.hits, failed(ctx, "search words", err)
}

// stems returns the words by their stem, as the server has it; what says nothing ("the", "and") has none. Counts that are too old
// are read anew on the way.
func (x *Index) stems(ctx context.Context, words []string) (map[string][]string, error) {
	if len(words) > 8*mostTerms { // what follows in so long a text changes little
		words = words[:8*mostTerms]
	}
	out := map[string][]string{}
	list := []question{{
		"SELECT t.word, tsvector_to_array(to_tsvector('pg_catalog.english', t.word)) FROM unnest($1::text[]) AS t(word)",
		[]any{words},
		func(rows pgx.Rows) error {
			for rows.Next() {
				var word string
				var stems []string
				if err := rows.Scan(&word, &stems); err != nil {
					return err
				}
				for _, s := range stems {
					out[s] = append(out[s], word)
				}
			}
			return rows.Err()
		},
	}}
	known, fill := x.known.now()
	if !known {
		list = append(list, x.known.shape(fill)...)
	}
	if err := x.ask(ctx, x.cfg.Breadth, true, list...); err != nil {
		return nil, err
	}
	if !known {
		x.known.set(fill)
	}
	return out, nil
}

// matching is one search by words.
type matching struct {
	q         vector.TextQuery
	words     []string
	stems     map[string][]string // words by stem
	rows, own float64
	hits      []vector.TextHit
}

// question asks for the rows that score best: the sum of the weights of the terms in them, less for a long text (as BM25 has it,
// where a term that stands in a text twice counts a little more than once).
func (m *matching) question(source vector.Source, terms []term, length float64) question {
	args := []any{m.q.Tenant, m.q.Limit, anyOf(m.drivers(terms)), length}
	for _, class := range classed(terms) {
		weight, query := 0.0, any(nil)
		if len(class) > 0 {
			for _, t := range class {
				weight += t.idf // the server divides by the number of terms
			}
			query = anyOf(class)
		}
		args = append(args, weight, query)
	}
	if source == vector.Stems {
		return question{"SELECT intent_id, tsvector_to_array(stems) FROM " + best("stems") + " ORDER BY score DESC, intent_id", args, m.readStems}
	}
	return question{"SELECT b.intent_id, i.words FROM " + best("pieces") + " JOIN intents i ON i.id = b.intent_id ORDER BY score DESC, b.intent_id", args, m.readPieces}
}

// drivers are the terms by which candidates are found.
func (m *matching) drivers(terms []term) []term {
	share := 1.0
	if m.rows > 0 {
		share = min(1, m.own/m.rows)
	}
	sum := 0.0
	for i, t := range terms {
		if sum += t.rows * share; sum > budget && i > 0 {
			return terms[:i]
		}
	}
	return terms
}

// classed spreads terms, the rarest first, over classes of about equal weight.
func classed(terms []term) (out [classes][]term) {
	first, last := terms[0].idf, terms[len(terms)-1].idf
	for _, t := range terms {
		at := 0
		if first > last {
			at = min(int(classes*(first-t.idf)/(first-last)), classes-1)
		}
		out[at] = append(out[at], t)
	}
	return out
}

// The parameters are tenant, hits, the candidates' terms, the mean length, and of each class its weight and its terms.
//
// Of very many candidates, which are as good as each other then, the first 2,000 are scored. ts_rank is what counts the terms of a
// class, as a share of them.
func best(column string) string {
	var score strings.Builder
	for i := range classes {
		fmt.Fprintf(&score, " + $%d::float8 * COALESCE(ts_rank(%s, $%d::text::tsquery), 0)", 5+2*i, column, 6+2*i)
	}
	return fmt.Sprintf(`(SELECT intent_id, %[1]s, (0%[2]s) / (1 + 1.2 * (0.25 + 0.75 * length(%[1]s) / $4::float8)) AS score FROM
		(SELECT intent_id, %[1]s FROM embedding_words WHERE tenant = $1 AND %[1]s @@ $3::text::tsquery LIMIT 2000) c
		ORDER BY score DESC, intent_id LIMIT $2) b`, column, score.String())
}

// readStems makes hits of rows that have stems: the words are those that have one of them.
func (m *matching) readStems(rows pgx.Rows) error {
	for rank := 1; rows.Next(); rank++ {
		h := vector.TextHit{Source: vector.Stems, Rank: rank}
		var stems []string
		if err := rows.Scan(&h.IntentID, &stems); err != nil {
			return err
		}
		for _, s := range stems {
			h.Terms = append(h.Terms, m.stems[s]...)
		}
		m.hits = append(m.hits, h)
	}
	return rows.Err()
}

// readPieces makes hits of rows that have groups of letters: the words are those that are spelled alike.
func (m *matching) readPieces(rows pgx.Rows) error {
	for rank := 1; rows.Next(); rank++ {
		h := vector.TextHit{Source: vector.Trigrams, Rank: rank}
		var text string
		if err := rows.Scan(&h.IntentID, &text); err != nil {
			return err
		}
		h.Terms = spelling.Alike(m.words, text)
		m.hits = append(m.hits, h)
	}
	return rows.Err()
}

// quoted is a term as the server's language writes what is to be taken as it is.
func quoted(t string) string {
	return "'" + strings.NewReplacer(`'`, `''`, `\`, `\\`).Replace(t) + "'"
}

func each(terms []string) []string {
	out := make([]string, len(terms))
	for i, t := range terms {
		out[i] = quoted(t)
	}
	return out
}

// anyOf asks for rows that have one of the terms.
func anyOf(terms []term) string {
	parts := make([]string, len(terms))
	for i, t := range terms {
		parts[i] = quoted(t.text)
	}
	return strings.Join(parts, " | ")
}

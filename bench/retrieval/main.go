// Command retrieval measures how well similar intents are found, on public sets of requests that people have labelled by what they
// mean: the training part is handed in, each request of the test part is looked for, and what comes first should have its label.
//
// BM25 is SQLite's own, over Porter stems and every word of the question; the rest is the product, through its own doors. All rank
// the same texts in one run.
package main

import (
	"context"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
	_ "modernc.org/sqlite" // the plain full-text search

	"github.com/quantumlayer/qlp/internal/embedding/offline"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/similarity"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlite"
	"github.com/quantumlayer/qlp/internal/vector"
	index "github.com/quantumlayer/qlp/internal/vector/sqlite"
)

func main() {
	data := flag.String("data", "../shared/data/retrieval", "folder with clinc150.json, banking77-train.csv and banking77-test.csv")
	sample := flag.Int("sample", 1000, "questions of each set, taken at random with a fixed seed; 0 means all")
	flag.Parse()
	if err := run(context.Background(), *data, *sample); err != nil {
		fmt.Fprintln(os.Stderr, "retrieval:", err)
		os.Exit(1)
	}
}

// labelled is a request and what it means.
type labelled struct{ text, label string }

type set struct {
	name        string
	train, test []labelled
}

func run(ctx context.Context, dir string, sample int) error {
	sets, err := read(dir)
	if errors.Is(err, os.ErrNotExist) {
		fmt.Printf("not measured: %v\n", err)
		return nil
	}
	if err != nil {
		return err
	}
	fmt.Println("| set | way | right first | right among 5 | p50 ms | p95 ms |\n|---|---|---|---|---|---|")
	var gain []float64
	for _, s := range sets {
		if r := rand.New(rand.NewPCG(1, 2)); sample > 0 && len(s.test) > sample {
			r.Shuffle(len(s.test), func(i, j int) { s.test[i], s.test[j] = s.test[j], s.test[i] })
			s.test = s.test[:sample]
		}
		first, err := measure(ctx, s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		gain = append(gain, 100*(first["hybrid"]-first["BM25"]))
	}
	sum := 0.0
	for _, g := range gain {
		sum += g
	}
	fmt.Printf("\nHybrid above BM25, right first: %.1f points on average, %.1f at the least.\n", sum/float64(len(gain)), slices.Min(gain))
	return nil
}

func read(dir string) ([]set, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "clinc150.json"))
	if err != nil {
		return nil, err
	}
	var clinc map[string][][2]string
	if err := json.Unmarshal(raw, &clinc); err != nil {
		return nil, err
	}
	of := func(list [][2]string) (out []labelled) {
		for _, x := range list {
			out = append(out, labelled{x[0], x[1]})
		}
		return out
	}
	train, err := table(filepath.Join(dir, "banking77-train.csv"))
	if err != nil {
		return nil, err
	}
	test, err := table(filepath.Join(dir, "banking77-test.csv"))
	return []set{{"CLINC150", of(clinc["train"]), of(clinc["test"])}, {"Banking77", train, test}}, err
}

func table(path string) (out []labelled, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	for _, r := range rows[min(1, len(rows)):] {
		out = append(out, labelled{strings.TrimSpace(r[0]), r[1]})
	}
	return out, err
}

// rig is a database that a set was handed in to.
type rig struct {
	finder *similarity.Finder
	index  *index.Index
	by     *offline.Embedder
	plain  *sql.DB
	labels map[string]string // by intent
	number map[int64]string  // by row of the plain table
}

func measure(ctx context.Context, s set) (map[string]float64, error) {
	dir, err := os.MkdirTemp("", "retrieval-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	x := index.New(index.Config{})
	st, err := sqlite.Open(ctx, filepath.Join(dir, "qlp.db"), sqlite.Config{Index: x})
	if err != nil {
		return nil, err
	}
	defer func() { _ = st.Close() }()
	by, err := offline.New()
	if err != nil {
		return nil, err
	}
	r := &rig{index: x, by: by, labels: map[string]string{}, number: map[int64]string{}}
	r.finder = similarity.New(similarity.Deps{Store: st, Index: x, Upkeep: x, Embedder: by, Log: slog.New(slog.DiscardHandler)})
	if err := r.handIn(ctx, st, s.train); err != nil {
		return nil, err
	}
	if r.plain, err = sql.Open("sqlite", filepath.Join(dir, "plain.db")); err != nil {
		return nil, err
	}
	defer func() { _ = r.plain.Close() }()
	if err := r.plainly(ctx, s.train); err != nil {
		return nil, err
	}
	first := map[string]float64{}
	for _, way := range []struct {
		name string
		find func(context.Context, string) ([]string, error)
	}{{"BM25", r.bm25}, {"vectors", r.vectors}, {"stems", r.stems}, {"hybrid", r.hybrid}} {
		right, among, took, err := ask(ctx, s.test, way.find)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", way.name, err)
		}
		first[way.name] = right
		fmt.Printf("| %s: %d texts, %d questions | %s | %.3f | %.3f | %.2f | %.2f |\n", s.name, len(s.train), len(s.test), way.name, right, among,
			ms(took, 0.5), ms(took, 0.95))
	}
	return first, nil
}

func (r *rig) handIn(ctx context.Context, st store.Store, list []labelled) error {
	for part := range slices.Chunk(list, 500) {
		err := st.Tx(ctx, func(tx store.Tx) error {
			for _, l := range part {
				in := qlp.Intent{
					ID: uuid.Must(uuid.NewV7()).String(), Tenant: qlp.DefaultTenant, Words: l.text, State: qlp.StateReceived, Revision: 1, Created: time.Now().UTC(),
				}
				r.labels[in.ID] = l.label
				e, _ := r.finder.Embedding(ctx, in)
				if err := errors.Join(tx.InsertIntent(ctx, in, "", ""), tx.PutEmbedding(ctx, e)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *rig) plainly(ctx context.Context, list []labelled) error {
	if _, err := r.plain.ExecContext(ctx, "CREATE VIRTUAL TABLE t USING fts5 (words, tokenize = 'porter unicode61')"); err != nil {
		return err
	}
	tx, err := r.plain.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for i, l := range list {
		r.number[int64(i+1)] = l.label
		if _, err := tx.ExecContext(ctx, "INSERT INTO t (rowid, words) VALUES ($1, $2)", i+1, l.text); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func (r *rig) bm25(ctx context.Context, text string) (out []string, err error) {
	words := strings.FieldsFunc(text, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsNumber(c) })
	for i := range words {
		words[i] = `"` + words[i] + `"`
	}
	rows, err := r.plain.QueryContext(ctx, "SELECT rowid FROM t WHERE t MATCH $1 ORDER BY rank LIMIT 5", strings.Join(words, " OR "))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return nil, err
		}
		out = append(out, r.number[n])
	}
	return out, rows.Err()
}

func (r *rig) vectors(ctx context.Context, text string) (out []string, err error) {
	v, err := r.by.Embed(ctx, []string{text})
	if err != nil {
		return nil, err
	}
	hits, err := r.index.Nearest(ctx, vector.Query{Tenant: qlp.DefaultTenant, Embedder: r.by.ID(), Vector: v[0], Limit: 5})
	for _, h := range hits {
		out = append(out, r.labels[h.IntentID])
	}
	return out, err
}

func (r *rig) stems(ctx context.Context, text string) (out []string, err error) {
	hits, err := r.index.Matching(ctx, vector.TextQuery{Tenant: qlp.DefaultTenant, Words: text, Limit: 5})
	for _, h := range hits {
		if h.Source == vector.Stems {
			out = append(out, r.labels[h.IntentID])
		}
	}
	return out, err
}

func (r *rig) hybrid(ctx context.Context, text string) (out []string, err error) {
	found, err := r.finder.Find(ctx, similarity.Query{Words: text, Limit: 5})
	for _, s := range found.Items {
		out = append(out, r.labels[s.IntentID])
	}
	return out, err
}

// ask looks for every question, and counts how often the first, and any of five, means the same.
func ask(ctx context.Context, list []labelled, find func(context.Context, string) ([]string, error)) (first, among float64, took []time.Duration, err error) {
	for _, q := range list {
		start := time.Now()
		got, err := find(ctx, q.text)
		took = append(took, time.Since(start))
		if err != nil {
			return 0, 0, nil, err
		}
		if len(got) > 0 && got[0] == q.label {
			first++
		}
		if slices.Contains(got, q.label) {
			among++
		}
	}
	slices.Sort(took)
	n := float64(len(list))
	return first / n, among / n, took, nil
}

func ms(list []time.Duration, q float64) float64 {
	return float64(list[int(q*float64(len(list)-1))].Microseconds()) / 1000
}

// Command peers measures what else a Go program could find near vectors with, over the vectors of a file. bench/similarity writes
// the file and runs this program; it is a module of its own, so that its dependencies are none of QLP's.
//
// The file has the rows, then the queries, as little-endian float32. It prints lines of bench/similarity's table.
package main

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/philippgille/chromem-go"
	_ "modernc.org/sqlite"
	_ "modernc.org/sqlite/vec" // sqlite-vec, translated to Go
)

const (
	dimensions = 1536
	k          = 10
)

func main() {
	file := flag.String("file", "", "rows and queries")
	count := flag.Int("rows", 0, "how many of them are rows")
	flag.Parse()
	if err := run(context.Background(), *file, *count); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// peer answers with the numbers of the nearest rows.
type peer func(query []float32) ([]int, error)

func run(ctx context.Context, file string, count int) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	all := make([][]float32, len(raw)/4/dimensions)
	for i := range all {
		all[i] = make([]float32, dimensions)
		for j := range all[i] {
			all[i][j] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*(i*dimensions+j):]))
		}
	}
	raw = nil
	rows, queries := all[:count], all[count:]
	truth, err := measure("peer: plain exact scan in Go, one goroutine", count, queries, nil, func(q []float32) ([]int, error) { return exact(rows, q), nil })
	if err != nil {
		return err
	}
	for _, open := range []func(context.Context, [][]float32) (map[string]peer, func() error, error){chromemGo, sqliteVec} {
		peers, done, err := open(ctx, rows)
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(peers)) {
			if _, err := measure("peer: "+name, count, queries, truth, peers[name]); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		if err := done(); err != nil {
			return err
		}
	}
	return nil
}

func measure(name string, rows int, queries [][]float32, truth [][]int, ask peer) ([][]int, error) {
	took := make([]time.Duration, len(queries))
	answers := make([][]int, len(queries))
	if _, err := ask(queries[0]); err != nil { // warm
		return nil, err
	}
	found, all := 0, 0
	for i, q := range queries {
		start := time.Now()
		got, err := ask(q)
		took[i] = time.Since(start)
		if err != nil {
			return nil, err
		}
		if answers[i] = got; truth == nil {
			continue
		}
		for _, want := range truth[i] {
			if all++; slices.Contains(got, want) {
				found++
			}
		}
	}
	recall := 1.0
	if truth != nil {
		recall = float64(found) / float64(all)
	}
	slices.Sort(took)
	ms := func(share float64) float64 {
		return float64(took[min(len(took)-1, int(share*float64(len(took))))].Microseconds()) / 1000
	}
	fmt.Printf("| %s | %d | %d | %.2f | %.2f | %.4f | |\n", name, rows, len(queries), ms(0.5), ms(0.95), recall)
	return answers, nil
}

func exact(rows [][]float32, q []float32) []int {
	type scored struct {
		row int
		dot float32
	}
	all := make([]scored, len(rows))
	for i, row := range rows {
		var s0, s1, s2, s3 float32
		for j := 0; j < dimensions; j += 4 {
			s0 += row[j] * q[j]
			s1 += row[j+1] * q[j+1]
			s2 += row[j+2] * q[j+2]
			s3 += row[j+3] * q[j+3]
		}
		all[i] = scored{i, s0 + s1 + s2 + s3}
	}
	slices.SortFunc(all, func(a, b scored) int { return cmp.Compare(b.dot, a.dot) })
	out := make([]int, k)
	for i := range out {
		out[i] = all[i].row
	}
	return out
}

func chromemGo(ctx context.Context, rows [][]float32) (map[string]peer, func() error, error) {
	c, err := chromem.NewDB().CreateCollection("rows", nil, func(context.Context, string) ([]float32, error) { panic("nothing is embedded") })
	if err != nil {
		return nil, nil, err
	}
	for i, row := range rows {
		if err := c.AddDocument(ctx, chromem.Document{ID: strconv.Itoa(i), Embedding: row}); err != nil {
			return nil, nil, err
		}
	}
	return map[string]peer{"chromem-go 0.7.0, all processors": func(q []float32) ([]int, error) {
		hits, err := c.QueryEmbedding(ctx, q, k, nil, nil)
		if err != nil {
			return nil, err
		}
		out := make([]int, len(hits))
		for i, h := range hits {
			if out[i], err = strconv.Atoi(h.ID); err != nil {
				return nil, err
			}
		}
		return out, nil
	}}, func() error { return nil }, nil
}

func packed(v []float32) []byte {
	b := make([]byte, 0, 4*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

func sqliteVec(ctx context.Context, rows [][]float32) (_ map[string]peer, done func() error, err error) {
	dir, err := os.MkdirTemp("", "peers-")
	if err != nil {
		return nil, nil, err
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "vec.db")+"?_pragma=journal_mode(wal)&_pragma=synchronous(off)&_pragma=mmap_size(4294967296)")
	if err != nil {
		return nil, nil, err
	}
	db.SetMaxOpenConns(1)
	done = func() error { _ = db.Close(); return os.RemoveAll(dir) }
	for _, s := range []string{
		"CREATE VIRTUAL TABLE floats USING vec0(v float[1536] distance_metric=cosine)",
		"CREATE VIRTUAL TABLE bits USING vec0(v bit[1536])",
		"CREATE TABLE plain (id INTEGER PRIMARY KEY, v BLOB)",
	} {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return nil, done, err
		}
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, done, err
	}
	for i, row := range rows {
		b := packed(row)
		for _, s := range []string{
			"INSERT INTO floats (rowid, v) VALUES (?, ?)", "INSERT INTO bits (rowid, v) VALUES (?, vec_quantize_binary(?))", "INSERT INTO plain (id, v) VALUES (?, ?)",
		} {
			if _, err := tx.ExecContext(ctx, s, i+1, b); err != nil {
				return nil, done, err
			}
		}
	}
	if err := tx.Commit(); err != nil {
		return nil, done, err
	}
	ask := func(text string) peer {
		return func(q []float32) (out []int, err error) {
			rows, err := db.QueryContext(ctx, text, packed(q))
			if err != nil {
				return nil, err
			}
			defer func() { _ = rows.Close() }()
			for rows.Next() {
				var id int
				if err := rows.Scan(&id); err != nil {
					return nil, err
				}
				out = append(out, id-1)
			}
			return out, rows.Err()
		}
	}
	return map[string]peer{
		"sqlite-vec 0.1.9 (modernc), floats": ask("SELECT rowid FROM floats WHERE v MATCH ? AND k = 10 ORDER BY distance"),
		"sqlite-vec 0.1.9 (modernc), bits, 100 rescored": ask(`SELECT p.id FROM (SELECT rowid AS id FROM bits WHERE v MATCH vec_quantize_binary(?1) AND k = 100) b
			JOIN plain p ON p.id = b.id ORDER BY vec_distance_cosine(p.v, ?1) LIMIT 10`),
	}, done, nil
}

// Command similarity measures how fast the nearest of very many intents are found, and how many of them: by the embedded index, by
// PostgreSQL's, and by what else a Go program could use, all over the same vectors in one run. It prints tables in Markdown. Run it with
//
//	go run ./bench/similarity [-rows 20000,100000] [-queries 200] [-postgres postgres://…] [-peers=false]
//
// The vectors are made (synth), and so is what recall says: on real embeddings, `qlp vector verify` measures it.
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/quantumlayer/qlp/bench/similarity/synth"
	"github.com/quantumlayer/qlp/internal/vector"
)

const (
	k        = 10
	embedder = "synth/1"
)

func main() {
	sizes := flag.String("rows", "20000,100000", "how many rows are searched, for each table")
	queries := flag.Int("queries", 200, "how many searches are measured; a peer does half as many")
	address := flag.String("postgres", os.Getenv("QLP_TEST_POSTGRES"), "a PostgreSQL server with pgvector, as a superuser; none: it is left out")
	peers := flag.Bool("peers", true, "measure others, too")
	embedded := flag.Bool("embedded", true, "measure the embedded index")
	shape := flag.String("shape", string(synth.Aniso), "how the vectors lie: aniso or iso")
	profile := flag.String("profile", "", "write what the processor did while the embedded index was searched for vectors to this file")
	flag.Parse()
	for size := range strings.SplitSeq(*sizes, ",") {
		rows, err := strconv.Atoi(size)
		if err != nil {
			fail(err)
		}
		b := &bench{rows: rows, address: *address, peers: *peers, embedded: *embedded, profile: *profile}
		if err := b.run(context.Background(), synth.Shape(*shape), *queries); err != nil {
			fail(err)
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "similarity:", err)
	os.Exit(1)
}

// bench is one table.
type bench struct {
	rows            int
	address         string
	peers, embedded bool
	profile         string

	set    synth.Set
	words  []string
	truth  map[string][][]int // by tenant, of each query: its nearest rows
	notes  []string
	asking []string
}

// shares are the tenants, by how many of a thousand rows they have.
func shares() []struct {
	tenant, name string
	thousandths  int
} {
	return []struct {
		tenant, name string
		thousandths  int
	}{{"most", "the tenant with 89 % of the rows", 889}, {"tenth", "a tenant with 10 %", 100}, {"hundredth", "a tenant with 1 %", 10}, {"thousandth", "a tenant with 0.1 %", 1}}
}

func tenantOf(row int) string {
	at := row % 1000
	list := shares()
	for _, s := range slices.Backward(list) {
		if at < s.thousandths {
			return s.tenant
		}
		at -= s.thousandths
	}
	return list[0].tenant
}

func intentID(row int) string { return fmt.Sprintf("%08d", row) }

func (b *bench) run(ctx context.Context, shape synth.Shape, queries int) error {
	b.set = synth.Make(shape, b.rows, queries, 1)
	b.words, b.asking = words(b.rows, queries)
	b.findTruth()
	fmt.Printf("### %d rows of %d numbers (%s)\n\n| what | rows | searches | p50 ms | p95 ms | recall@%d | goal |\n|---|---:|---:|---:|---:|---:|---|\n", b.rows, synth.Dimensions, shape, k)
	if b.embedded {
		if err := b.embeddedIndex(ctx); err != nil {
			return fmt.Errorf("embedded: %w", err)
		}
	}
	if b.address != "" {
		if err := b.postgres(ctx); err != nil {
			return fmt.Errorf("postgres: %w", err)
		}
	} else {
		b.note("PostgreSQL was left out: there is no server")
	}
	if b.peers {
		if err := b.others(ctx); err != nil {
			return fmt.Errorf("peers: %w", err)
		}
	}
	fmt.Println()
	for _, n := range b.notes {
		fmt.Printf("%s.\n", n)
	}
	fmt.Println()
	return nil
}

func (b *bench) note(format string, args ...any) {
	b.notes = append(b.notes, fmt.Sprintf(format, args...))
}

// findTruth looks at every row of each tenant.
func (b *bench) findTruth() {
	b.truth = map[string][][]int{}
	numbers, rows := map[string][]int{}, map[string][][]float32{}
	for i, v := range b.set.Rows {
		t := tenantOf(i)
		numbers[t], rows[t] = append(numbers[t], i), append(rows[t], v)
	}
	for t := range rows {
		b.truth[t] = make([][]int, len(b.set.Queries))
		var wait sync.WaitGroup
		next := make(chan int)
		for range runtime.GOMAXPROCS(0) {
			wait.Go(func() {
				for q := range next {
					for _, at := range synth.Exact(rows[t], b.set.Queries[q], k) {
						b.truth[t][q] = append(b.truth[t][q], numbers[t][at])
					}
				}
			})
		}
		for q := range b.set.Queries {
			next <- q
		}
		close(next)
		wait.Wait()
	}
}

// measure asks an index for what is near, tenant by tenant, and prints a line of each.
func (b *bench) measure(ctx context.Context, name string, index vector.Index, goals map[string]string, exact bool) error {
	for _, s := range shares() {
		queries := b.set.Queries
		if exact {
			if s.tenant != "most" {
				continue
			}
			queries = queries[:len(queries)/4]
		}
		ask := func(v []float32) ([]vector.Hit, error) {
			return index.Nearest(ctx, vector.Query{Tenant: s.tenant, Embedder: embedder, Vector: v, Limit: k, Exact: exact})
		}
		for _, q := range queries { // warm
			if _, err := ask(q); err != nil {
				return err
			}
		}
		took := make([]time.Duration, len(queries))
		recall := 0.0
		for i, q := range queries {
			start := time.Now()
			hits, err := ask(q)
			took[i] = time.Since(start)
			if err != nil {
				return err
			}
			got := make([]int, len(hits))
			for i, h := range hits {
				if got[i], err = strconv.Atoi(h.IntentID); err != nil {
					return err
				}
			}
			recall += synth.Recall(got, b.truth[s.tenant][i]) / float64(len(queries))
		}
		p50, p95 := quantiles(took)
		fmt.Printf("| %s, %s | %d | %d | %.2f | %.2f | %.4f | %s |\n", name, s.name, b.rows*s.thousandths/1000, len(queries), p50, p95, recall, goals[s.tenant])
	}
	return nil
}

// byWords asks an index for words.
func (b *bench) byWords(ctx context.Context, name string, index vector.Index) error {
	for _, s := range shares() {
		took := make([]time.Duration, len(b.asking))
		for _, round := range []string{"first", "again"} {
			if round == "again" && s.tenant != "most" {
				continue
			}
			for i, w := range b.asking {
				start := time.Now()
				hits, err := index.Matching(ctx, vector.TextQuery{Tenant: s.tenant, Words: w, Limit: 50})
				took[i] = time.Since(start)
				if err != nil {
					return err
				}
				if len(hits) == 0 && s.tenant == "most" {
					return fmt.Errorf("%q finds nothing", w)
				}
			}
			p50, p95 := quantiles(took)
			what := ", asked for the first time"
			if round == "again" || s.tenant != "most" {
				what = ""
			}
			fmt.Printf("| %s by words%s, %s | %d | %d | %.2f | %.2f | | |\n", name, what, s.name, b.rows*s.thousandths/1000, len(took), p50, p95)
		}
	}
	return nil
}

func quantiles(took []time.Duration) (p50, p95 float64) {
	sorted := slices.Sorted(slices.Values(took))
	at := func(share float64) float64 {
		return float64(sorted[min(len(sorted)-1, int(share*float64(len(sorted))))].Microseconds()) / 1000
	}
	return at(0.5), at(0.95)
}

// others builds the peers' program and hands it the vectors.
func (b *bench) others(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "qlp-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	program, file := filepath.Join(dir, "peers"), filepath.Join(dir, "vectors")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, ".")
	build.Dir = filepath.Join("bench", "similarity", "peers")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w: %s", err, out)
	}
	if err := b.write(file); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, program, "-file", file, "-rows", strconv.Itoa(b.rows))
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}

// write writes the rows and half of the queries.
func (b *bench) write(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	w := bufio.NewWriterSize(f, 1<<20)
	for _, list := range [][][]float32{b.set.Rows, b.set.Queries[:len(b.set.Queries)/2]} {
		for _, v := range list {
			buf := make([]byte, 0, 4*len(v))
			for _, x := range v {
				buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(x))
			}
			if _, err := w.Write(buf); err != nil {
				return err
			}
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

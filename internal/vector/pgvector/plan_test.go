package pgvector

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/quantumlayer/qlp/bench/similarity/synth"
	"github.com/quantumlayer/qlp/internal/store/postgres"
	"github.com/quantumlayer/qlp/internal/store/postgres/pgtest"
	"github.com/quantumlayer/qlp/internal/vector"
)

// tenants of a filled database, by their share of the rows.
var tenants = map[string]float64{"most": 0.889, "tenth": 0.1, "hundredth": 0.01, "thousandth": 0.001}

// filled is an index over very many rows, and on one connection.
type filled struct {
	*Index
	queries [][]float32
	rows    int
}

// fill migrates a database, and fills it as an operator's copy would: the rows, then the index, then the statistics.
func fill(t *testing.T, rows int) *filled {
	t.Helper()
	address := pgtest.Database(t, "")
	st, err := postgres.Open(t.Context(), address, postgres.Config{Conns: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var index string
	if err := conn.QueryRow(t.Context(), "SELECT indexdef FROM pg_indexes WHERE indexname = 'embeddings_vector'").Scan(&index); err != nil {
		t.Fatal(err)
	}
	set := synth.Make(synth.Aniso, rows, 50, 1)
	run(t, conn, "SET session_replication_role = replica; DROP INDEX embeddings_vector") // no intents are needed
	at := 0
	copied, err := conn.CopyFrom(t.Context(), pgx.Identifier{"embeddings"}, []string{"intent_id", "tenant", "embedder", "vector"}, pgx.CopyFromFunc(func() ([]any, error) {
		if at == rows {
			return nil, nil
		}
		v := set.Rows[at]
		at++
		return []any{fmt.Sprintf("%08d", at), tenantOf(at), "test/1", binaryVector(v)}, nil
	}))
	if err != nil || copied != int64(rows) {
		t.Fatalf("%d rows copied: %v", copied, err)
	}
	run(t, conn, "SET max_parallel_maintenance_workers = 0; SET maintenance_work_mem = '1GB'")
	start := time.Now()
	run(t, conn, index)
	t.Logf("index of %d rows built in %s", rows, time.Since(start).Round(time.Millisecond))
	run(t, conn, "VACUUM ANALYZE embeddings")
	cfg, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	db := stdlib.OpenDB(*cfg)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	x := New(Config{})
	x.Attach(db)
	return &filled{Index: x, queries: set.Queries, rows: rows}
}

// tenantOf spreads the small tenants over the table: a thousandth of each thousand rows, and so on.
func tenantOf(at int) string {
	switch n := at % 1000; {
	case n < 1:
		return "thousandth"
	case n < 11:
		return "hundredth"
	case n < 111:
		return "tenth"
	default:
		return "most"
	}
}

func run(t *testing.T, conn *pgx.Conn, statements string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), statements, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatalf("%s: %v", statements, err)
	}
}

// binaryVector is a vector as COPY reads it.
func binaryVector(v []float32) []byte {
	b := binary.BigEndian.AppendUint16(make([]byte, 0, 4+4*len(v)), uint16(len(v)))
	b = binary.BigEndian.AppendUint16(b, 0)
	for _, x := range v {
		b = binary.BigEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

// nodes explains the statement as a search runs it, and returns what its plan consists of: the kind of each node, with its table or index.
func (f *filled) nodes(t *testing.T, tenant, statement string, extra ...any) (out []string) {
	t.Helper()
	args := append([]any{f.queries[0], tenant, "test/1", 10}, extra...)
	err := f.ask(t.Context(), 100, true, question{"EXPLAIN (FORMAT JSON) " + statement, args, func(rows pgx.Rows) error {
		for rows.Next() {
			var raw []byte
			if err := rows.Scan(&raw); err != nil {
				return err
			}
			var plans []struct{ Plan map[string]any }
			if err := json.Unmarshal(raw, &plans); err != nil {
				return err
			}
			out = append(out, walk(plans[0].Plan)...)
		}
		return rows.Err()
	}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func walk(node map[string]any) (out []string) {
	name := fmt.Sprint(node["Node Type"])
	for _, key := range []string{"Relation Name", "Index Name"} {
		if of, ok := node[key]; ok {
			name += " " + fmt.Sprint(of)
		}
	}
	out = append(out, name)
	below, _ := node["Plans"].([]any)
	for _, b := range below {
		out = append(out, walk(b.(map[string]any))...)
	}
	return out
}

func has(nodes []string, part string) bool {
	return slices.ContainsFunc(nodes, func(n string) bool { return strings.Contains(n, part) })
}

func testPlans(t *testing.T, rows int) {
	f := fill(t, rows)
	for tenant, want := range map[string]string{"most": "embeddings_vector", "thousandth": "embeddings_tenant"} {
		nodes := f.nodes(t, tenant, near, 10+doubt)
		t.Logf("%s: %s", tenant, strings.Join(nodes, " < "))
		if !has(nodes, want) || has(nodes, "Seq Scan embeddings") {
			t.Errorf("the search of the tenant with %v of the rows does not go by %s: %v", tenants[tenant], want, nodes)
		}
	}
	for tenant := range tenants {
		nodes := f.nodes(t, tenant, exact)
		t.Logf("%s, exact: %s", tenant, strings.Join(nodes, " < "))
		if has(nodes, "embeddings_vector") || tenants[tenant] < 0.05 && has(nodes, "Seq Scan") {
			t.Errorf("the exact search of %s goes by the graph, which misses some, or reads the whole table: %v", tenant, nodes)
		}
		graph, err := f.byGraph(t.Context(), tenant, "test/1")
		if want := tenants[tenant] > 0.5 || rows > 50_000 && tenant == "tenth"; err != nil || graph != want {
			t.Errorf("the graph is asked for the tenant with %v of the rows: %v, %v", tenants[tenant], graph, err)
		}
		if nodes := f.nodes(t, tenant, near, 10+doubt); has(nodes, "Seq Scan embeddings") {
			t.Errorf("the search of %s reads the whole table: %v", tenant, nodes)
		}
		f.recall(t, tenant)
	}
	f.keepsPlans(t)
}

// recall compares the index with an exact search, which both are asked of the same connection.
func (f *filled) recall(t *testing.T, tenant string) {
	t.Helper()
	found, all := 0, 0
	var took []time.Duration
	for _, v := range f.queries {
		q := vector.Query{Tenant: tenant, Embedder: "test/1", Vector: v, Limit: 10}
		start := time.Now()
		got, err := f.Nearest(t.Context(), q)
		took = append(took, time.Since(start))
		if err != nil {
			t.Fatal(err)
		}
		q.Exact = true
		want, err := f.Nearest(t.Context(), q)
		if err != nil || len(want) != 10 {
			t.Fatalf("exact: %d hits, %v", len(want), err)
		}
		for _, w := range want {
			if all++; slices.ContainsFunc(got, func(h vector.Hit) bool { return h.IntentID == w.IntentID }) {
				found++
			}
		}
	}
	slices.Sort(took)
	recall := float64(found) / float64(all)
	t.Logf("%s: recall %.4f, p50 %s, slowest %s", tenant, recall, took[len(took)/2], took[len(took)-1])
	if least := map[bool]float64{true: 0.98, false: 0.99}[tenant == "most"]; recall < least {
		t.Errorf("recall of the tenant with %v of the rows is %.4f", tenants[tenant], recall)
	}
}

// keepsPlans sees that the server makes a plan for each search, however often the prepared statement was used: after five times it
// would else take one for all tenants.
func (f *filled) keepsPlans(t *testing.T) {
	t.Helper()
	var generic, custom int
	err := f.ask(t.Context(), 100, true, question{"SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement IN ($1, $2)", []any{near, exact}, func(rows pgx.Rows) error {
		for rows.Next() {
			var g, c int
			if err := rows.Scan(&g, &c); err != nil {
				return err
			}
			generic, custom = generic+g, custom+c
		}
		return rows.Err()
	}})
	if err != nil {
		t.Fatal(err)
	}
	if want := 2 * len(tenants) * len(f.queries); generic != 0 || custom != want {
		t.Errorf("%d plans for every tenant and %d for one, want %d for one", generic, custom, want)
	}
}

func TestPlansAreTheRightOnesForEveryTenant(t *testing.T) {
	t.Parallel()
	testPlans(t, 20_000)
}

func TestPlansAreTheRightOnesAt100000Rows(t *testing.T) {
	t.Parallel()
	pgtest.Server(t)
	if testing.Short() {
		t.Skip("-short: the index of 100,000 rows takes two minutes to build")
	}
	testPlans(t, 100_000)
}

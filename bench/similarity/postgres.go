package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/quantumlayer/qlp/internal/store/postgres"
	"github.com/quantumlayer/qlp/internal/vector/pgvector"
	"github.com/quantumlayer/qlp/internal/vector/spelling"
)

const database = "qlp_bench_similarity"

// postgres fills a database as a restored backup would be, the index after the rows, and searches it through the store's pool.
func (b *bench) postgres(ctx context.Context) error {
	admin, err := pgx.Connect(ctx, b.address)
	if err != nil {
		return err
	}
	defer func() { _ = admin.Close(ctx) }()
	for _, s := range []string{"DROP DATABASE IF EXISTS " + database + " WITH (FORCE)", "CREATE DATABASE " + database} {
		if _, err := admin.Exec(ctx, s); err != nil {
			return err
		}
	}
	defer func() { _, _ = admin.Exec(ctx, "DROP DATABASE "+database+" WITH (FORCE)") }()
	u, err := url.Parse(b.address)
	if err != nil {
		return err
	}
	u.Path = "/" + database
	x := pgvector.New(pgvector.Config{})
	st, err := postgres.Open(ctx, u.String(), postgres.Config{Index: x})
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	if err := b.fill(ctx, u.String()); err != nil {
		return err
	}
	small := "p95 ≤ 30 ms, recall ≥ .99"
	goals := map[string]string{"most": "p95 ≤ 10 ms", "tenth": small, "hundredth": small, "thousandth": small}
	if err := b.measure(ctx, "pgvector", x, goals, false); err != nil {
		return err
	}
	if err := b.measure(ctx, "pgvector, exact", x, nil, true); err != nil {
		return err
	}
	return b.byWords(ctx, "PostgreSQL", x)
}

func (b *bench) fill(ctx context.Context, address string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var index, server, extension string
	err = conn.QueryRow(ctx, `SELECT indexdef, current_setting('server_version'), (SELECT extversion FROM pg_extension WHERE extname = 'vector')
		FROM pg_indexes WHERE indexname = 'embeddings_vector'`).Scan(&index, &server, &extension)
	if err != nil {
		return err
	}
	start := time.Now()
	if _, err := conn.Exec(ctx, `DROP INDEX embeddings_vector; CREATE TEMP TABLE texts (id text, tenant text, words text, pieces text[])`); err != nil {
		return err
	}
	if err := b.copy(ctx, conn, "texts", []string{"id", "tenant", "words", "pieces"}, func(i int) []any {
		return []any{intentID(i), tenantOf(i), b.words[i], spelling.Pieces(spelling.Words(b.words[i]), 20_000)}
	}); err != nil {
		return err
	}
	for _, s := range []string{
		`INSERT INTO intents (id, tenant, words, settings, state, reason, needs, revision, request, last_seq, created_at, updated_at)
			SELECT id, tenant, words, '{}', 'received', '', '', 1, '', 0, now(), now() FROM texts`,
		`INSERT INTO embedding_words (intent_id, tenant, stems, pieces) SELECT id, tenant, to_tsvector('pg_catalog.english', words), array_to_tsvector(pieces) FROM texts`,
	} {
		if _, err := conn.Exec(ctx, s); err != nil {
			return err
		}
	}
	if err := b.copy(ctx, conn, "embeddings", []string{"intent_id", "tenant", "embedder", "vector"}, func(i int) []any {
		return []any{intentID(i), tenantOf(i), embedder, packed(b.set.Rows[i])}
	}); err != nil {
		return err
	}
	filled := time.Now()
	for _, s := range []string{"SET max_parallel_maintenance_workers = 0", "SET maintenance_work_mem = '1GB'", index} {
		if _, err := conn.Exec(ctx, s); err != nil {
			return err
		}
	}
	built := time.Now()
	for _, s := range []string{"VACUUM ANALYZE embeddings", "VACUUM ANALYZE embedding_words", "VACUUM ANALYZE intents"} {
		if _, err := conn.Exec(ctx, s); err != nil {
			return err
		}
	}
	var size string
	if err := conn.QueryRow(ctx, "SELECT pg_size_pretty(pg_table_size('embeddings')) || ', its graph ' || pg_size_pretty(pg_relation_size('embeddings_vector')) || ', words with their indexes ' || pg_size_pretty(pg_total_relation_size('embedding_words'))").Scan(&size); err != nil {
		return err
	}
	b.note("PostgreSQL %s with pgvector %s on a Unix socket: rows and words copied in %s, the graph built by one process in %s; the vectors' table has %s",
		server, extension, filled.Sub(start).Round(100*time.Millisecond), built.Sub(filled).Round(100*time.Millisecond), size)
	return nil
}

func (b *bench) copy(ctx context.Context, conn *pgx.Conn, table string, columns []string, row func(i int) []any) error {
	i := 0
	n, err := conn.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromFunc(func() ([]any, error) {
		if i == b.rows {
			return nil, nil
		}
		i++
		return row(i - 1), nil
	}))
	if err == nil && n != int64(b.rows) {
		err = fmt.Errorf("%d rows of %s were copied", n, table)
	}
	return err
}

// packed is a vector as COPY reads it.
func packed(v []float32) []byte {
	b := binary.BigEndian.AppendUint16(make([]byte, 0, 4+4*len(v)), uint16(len(v)))
	b = binary.BigEndian.AppendUint16(b, 0)
	for _, x := range v {
		b = binary.BigEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

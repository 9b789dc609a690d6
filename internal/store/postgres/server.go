package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// checkServer refuses what is no PostgreSQL of a version that is supported, and a standby.
func checkServer(ctx context.Context, db *sql.DB) error {
	var number int
	var standby bool
	if err := db.QueryRowContext(ctx, "SELECT current_setting('server_version_num')::int, pg_is_in_recovery()").Scan(&number, &standby); err != nil {
		return err
	}
	if number < leastServer {
		return qlp.Errorf(qlp.Unavailable, "the server is PostgreSQL %d", number/10000).WithRemedy("use version 15 or later")
	}
	if standby {
		return qlp.Errorf(qlp.Unavailable, "the server is a standby, which takes no writes").WithRemedy("name the primary, or add target_session_attrs=read-write to the address")
	}
	return nil
}

// extensions makes those that are missing, where this role may.
func extensions(ctx context.Context, db *sql.DB, log *slog.Logger) error {
	if _, err := db.ExecContext(ctx, "CREATE EXTENSION IF NOT EXISTS vector"); err != nil {
		return noExtension("vector", err)
	}
	return checkVector(ctx, db, log)
}

// noExtension says which one command is missing.
func noExtension(name string, err error) error {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case ok && pg.Code == "42501":
		return qlp.Errorf(qlp.Forbidden, "this role may not add the extension %s: %w", name, err).
			WithRemedy("as a role that may, in this database: CREATE EXTENSION %s;", name)
	case ok && (pg.Code == "0A000" || pg.Code == "58P01" || pg.Code == "22023"): // not installed, or not allowed by the cloud
		return qlp.Errorf(qlp.Unavailable, "the server has no extension %s: %w", name, err).
			WithRemedy("install it on the server (Debian, Ubuntu: apt-get install postgresql-%s-pgvector; Azure: azure.extensions = VECTOR), then start again", "17")
	default:
		return fmt.Errorf("add extension %s: %w", name, err)
	}
}

// checkVector refuses a pgvector that is too old, and tells a server of one with a known fault, which our own migration avoids.
func checkVector(ctx context.Context, db *sql.DB, log *slog.Logger) error {
	var installed string
	err := db.QueryRowContext(ctx, "SELECT extversion FROM pg_extension WHERE extname = 'vector'").Scan(&installed)
	if errors.Is(err, sql.ErrNoRows) {
		return qlp.Errorf(qlp.Unavailable, "the database has no extension vector").WithRemedy("as a role that may, in this database: CREATE EXTENSION vector;")
	}
	if err != nil {
		return fmt.Errorf("read version of pgvector: %w", err)
	}
	if older(installed, leastVector) {
		return qlp.Errorf(qlp.Unavailable, "the database has pgvector %s; %s or later is needed", installed, leastVector).
			WithRemedy("install a newer pgvector on the server, then, in this database: ALTER EXTENSION vector UPDATE;")
	}
	if older(installed, "0.8.2") {
		log.InfoContext(ctx, "This version of pgvector may write past its memory when an index is built in parallel (CVE-2026-3172): use 0.8.4 or later",
			"room", "store", "version", installed)
	}
	return nil
}

// older compares dotted versions by their numbers.
func older(a, b string) bool {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(as), len(bs)) {
		x, y := part(as, i), part(bs, i)
		if x != y {
			return x < y
		}
	}
	return false
}

func part(parts []string, i int) int {
	if i >= len(parts) {
		return 0
	}
	n, err := strconv.Atoi(parts[i])
	if err != nil {
		return 0
	}
	return n
}

package postgres

import (
	"context"
	"database/sql"
	"errors"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// withConn hands over pgx's connection beneath a connection of database/sql that has a transaction open.
func withConn(conn *sql.Conn, fn func(*pgx.Conn) error) error {
	return conn.Raw(func(raw any) error {
		c, ok := raw.(*stdlib.Conn)
		if !ok {
			return errors.New("the connection is none of pgx")
		}
		return fn(c.Conn())
	})
}

// borrowed lets River write in a transaction that database/sql began and will end: it can do everything but end it.
type borrowed struct {
	conn  *pgx.Conn
	depth int // of savepoints; 0 is the transaction itself
}

var _ pgx.Tx = (*borrowed)(nil)

func (b *borrowed) name() string { return "qlp_" + strconv.Itoa(b.depth) }

// Begin sets a savepoint.
func (b *borrowed) Begin(ctx context.Context) (pgx.Tx, error) {
	inner := &borrowed{conn: b.conn, depth: b.depth + 1}
	_, err := b.conn.Exec(ctx, "SAVEPOINT "+inner.name())
	return inner, err
}

// Commit keeps what was done since the savepoint; the transaction itself is not ours to commit.
func (b *borrowed) Commit(ctx context.Context) error {
	if b.depth == 0 {
		return nil
	}
	_, err := b.conn.Exec(ctx, "RELEASE SAVEPOINT "+b.name())
	return err
}

// Rollback goes back to the savepoint. Of the transaction itself, whoever began it takes the error and rolls it back.
func (b *borrowed) Rollback(ctx context.Context) error {
	if b.depth == 0 {
		return nil
	}
	_, err := b.conn.Exec(ctx, "ROLLBACK TO SAVEPOINT "+b.name())
	return err
}

// CopyFrom passes on.
func (b *borrowed) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	return b.conn.CopyFrom(ctx, table, columns, rows)
}

// SendBatch passes on.
func (b *borrowed) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	return b.conn.SendBatch(ctx, batch)
}

// LargeObjects are used by nobody here.
func (b *borrowed) LargeObjects() pgx.LargeObjects { return pgx.LargeObjects{} }

// Prepare passes on.
func (b *borrowed) Prepare(ctx context.Context, name, text string) (*pgconn.StatementDescription, error) {
	return b.conn.Prepare(ctx, name, text)
}

// Exec passes on.
func (b *borrowed) Exec(ctx context.Context, text string, args ...any) (pgconn.CommandTag, error) {
	return b.conn.Exec(ctx, text, args...)
}

// Query passes on.
func (b *borrowed) Query(ctx context.Context, text string, args ...any) (pgx.Rows, error) {
	return b.conn.Query(ctx, text, args...)
}

// QueryRow passes on.
func (b *borrowed) QueryRow(ctx context.Context, text string, args ...any) pgx.Row {
	return b.conn.QueryRow(ctx, text, args...)
}

// Conn returns the connection.
func (b *borrowed) Conn() *pgx.Conn { return b.conn }

package sqlstore

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/quantumlayer/qlp/internal/store/sqlstore/query"
)

// statements holds every query of the query package, prepared once: preparing is most of the cost of a small query. A
// statement is prepared again, by database/sql, on each connection that uses it.
type statements struct {
	db     *sql.DB
	direct bool                 // nothing is prepared here
	byText map[string]*sql.Stmt // nil where it is not
}

// prepare collects what query.Prepare asks for. It is done ahead of the first transaction because a pool of one
// connection has no other to prepare on while a transaction holds it.
func prepare(ctx context.Context, db *sql.DB, direct bool) (*statements, error) {
	s := &statements{db: db, direct: direct, byText: make(map[string]*sql.Stmt)}
	if _, err := query.Prepare(ctx, s); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *statements) close() error {
	var first error
	for _, stmt := range s.byText {
		if stmt == nil {
			continue
		}
		if err := stmt.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// PrepareContext prepares and remembers. With the three methods below, it is all that query.Prepare needs.
func (s *statements) PrepareContext(ctx context.Context, text string) (*sql.Stmt, error) {
	if s.direct {
		s.byText[text] = nil
		return nil, nil //nolint:nilnil // the queries run through the runner, which knows
	}
	stmt, err := s.db.PrepareContext(ctx, text)
	if err == nil {
		s.byText[text] = stmt
	}
	return stmt, err
}

// ExecContext is not called: preparing runs nothing.
func (s *statements) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	return s.db.ExecContext(ctx, text, args...)
}

// QueryContext is not called: preparing runs nothing.
func (s *statements) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	return s.db.QueryContext(ctx, text, args...) //nolint:rowserrcheck,sqlclosecheck // handed on as it is
}

// QueryRowContext is not called: preparing runs nothing.
func (s *statements) QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row {
	return s.db.QueryRowContext(ctx, text, args...)
}

// runner runs prepared statements in one transaction. It remembers the first one that the database refused: PostgreSQL
// takes such a transaction back, so it must not be committed on SQLite either.
type runner struct {
	tx *sql.Tx
	*statements
	onQuery func(text string)
	err     error
}

// stmt returns the prepared statement of a query in this transaction, nil where the driver prepares it.
func (r *runner) stmt(ctx context.Context, text string) (*sql.Stmt, error) {
	stmt, ok := r.byText[text]
	if !ok {
		return nil, fmt.Errorf("the query was not prepared: %s", text)
	}
	if r.onQuery != nil {
		r.onQuery(text)
	}
	if stmt == nil {
		return nil, nil //nolint:nilnil // as said
	}
	return r.tx.StmtContext(ctx, stmt), nil
}

// ExecContext runs a query.
func (r *runner) ExecContext(ctx context.Context, text string, args ...any) (res sql.Result, err error) {
	stmt, err := r.stmt(ctx, text)
	switch {
	case err != nil:
		return nil, err
	case stmt == nil:
		res, err = r.tx.ExecContext(ctx, text, args...)
	default:
		res, err = stmt.ExecContext(ctx, args...)
	}
	return res, r.seen(err)
}

// QueryContext runs a query of many rows.
func (r *runner) QueryContext(ctx context.Context, text string, args ...any) (rows *sql.Rows, err error) {
	stmt, err := r.stmt(ctx, text)
	switch {
	case err != nil:
		return nil, err
	case stmt == nil:
		rows, err = r.tx.QueryContext(ctx, text, args...) //nolint:rowserrcheck,sqlclosecheck // sqlc's code does
	default:
		rows, err = stmt.QueryContext(ctx, args...) //nolint:rowserrcheck,sqlclosecheck // sqlc's code does
	}
	return rows, r.seen(err)
}

// QueryRowContext runs a query of one row.
func (r *runner) QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row {
	stmt, err := r.stmt(ctx, text)
	if err != nil || stmt == nil {
		row := r.tx.QueryRowContext(ctx, text, args...)
		_ = r.seen(row.Err())
		return row
	}
	row := stmt.QueryRowContext(ctx, args...)
	_ = r.seen(row.Err())
	return row
}

func (r *runner) seen(err error) error {
	if err != nil && r.err == nil {
		r.err = err
	}
	return err
}

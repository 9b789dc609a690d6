package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// keepLock is the advisory lock that whoever keeps house holds: "qlpk" in ASCII.
const keepLock = 0x716c706b

var _ store.Keeper = (*Store)(nil)

// Alone runs fn while no other process keeps house in the database. The lock is the connection's: it ends with the process.
func (s *Store) Alone(ctx context.Context, fn func(ctx context.Context) error) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("keep house: %w", translate(err))
	}
	defer conn.Release()
	var ours bool
	if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", keepLock).Scan(&ours); err != nil {
		return fmt.Errorf("keep house: %w", translate(err))
	}
	if !ours {
		return store.ErrKept()
	}
	// A connection that did not give the lock back must not be used again.
	defer func() {
		var gone bool
		err := conn.QueryRow(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", keepLock).Scan(&gone)
		if err != nil || !gone {
			_ = conn.Conn().Close(context.WithoutCancel(ctx))
		}
	}()
	return fn(ctx)
}

// Embeddings calls fn with each of the tenant's vectors.
func (s *Store) Embeddings(ctx context.Context, tenant string, fn func(qlp.Embedding) error) error {
	rows, err := s.pool.Query(ctx, `SELECT intent_id, embedder, vector::text FROM embeddings WHERE tenant = $1 ORDER BY intent_id`, tenant)
	if err != nil {
		return fmt.Errorf("read the tenant's vectors: %w", translate(err))
	}
	defer rows.Close()
	for rows.Next() {
		e := qlp.Embedding{Tenant: tenant}
		var text string
		if err := rows.Scan(&e.IntentID, &e.Embedder, &text); err != nil {
			return fmt.Errorf("read the tenant's vectors: %w", translate(err))
		}
		for part := range strings.SplitSeq(strings.Trim(text, "[]"), ",") {
			n, err := strconv.ParseFloat(part, 32)
			if err != nil {
				return fmt.Errorf("read the vector of %s: %w", e.IntentID, err)
			}
			e.Vector = append(e.Vector, float32(n))
		}
		if err := fn(e); err != nil {
			return err
		}
	}
	return errors.Join(translate(rows.Err()))
}

// Scrub has nothing to do: the server's vacuum takes what was deleted out of its files.
func (s *Store) Scrub(context.Context) error { return nil }

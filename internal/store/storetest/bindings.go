package storetest

import (
	"context"
	"sync"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// testBind has many bind a name at once: all are told the same id, which is one of theirs.
func (s *suite) testBind(t *testing.T) {
	st := s.open(t)
	bind := func(id string) (bound string) {
		write(t, st, func(ctx context.Context, tx store.Tx) (err error) { bound, err = tx.Bind(ctx, "blobs", id); return err })
		return bound
	}
	const binders = 8
	told := make([]string, binders)
	var all sync.WaitGroup
	for i := range binders {
		all.Go(func() { told[i] = bind(string(rune('a' + i))) })
	}
	all.Wait()
	for _, id := range told {
		if id == "" || id != told[0] {
			t.Fatalf("told %q", told)
		}
	}
	write(t, st, func(ctx context.Context, tx store.Tx) error { return tx.Rebind(ctx, "blobs", "moved") })
	if got := bind("another"); got != "moved" {
		t.Errorf("after it was bound anew: %q", got)
	}
	refuse(t, st, qlp.Invalid, func(ctx context.Context, tx store.Tx) error { _, err := tx.Bind(ctx, "nothing", ""); return err })
}

package storetest

import (
	"context"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// testScoped reads everything that goes by an id as its owner and as somebody else.
func (s *suite) testScoped(t *testing.T) {
	st := s.open(t)
	run := addRun(t, st)
	reads := map[string]func(ctx context.Context, r store.Reader) error{
		"owner":      func(ctx context.Context, r store.Reader) error { _, err := r.Owner(ctx, run.IntentID); return err },
		"run owner":  func(ctx context.Context, r store.Reader) error { _, err := r.Owner(ctx, run.ID); return err },
		"intent":     func(ctx context.Context, r store.Reader) error { _, err := r.Intent(ctx, run.IntentID); return err },
		"state":      func(ctx context.Context, r store.Reader) error { _, err := r.State(ctx, run.IntentID); return err },
		"run":        func(ctx context.Context, r store.Reader) error { _, err := r.Run(ctx, run.ID); return err },
		"runs":       func(ctx context.Context, r store.Reader) error { _, err := r.Runs(ctx, run.IntentID); return err },
		"attempts":   func(ctx context.Context, r store.Reader) error { _, err := r.Attempts(ctx, run.ID, ""); return err },
		"executions": func(ctx context.Context, r store.Reader) error { _, err := r.Executions(ctx, run.ID); return err },
		"events": func(ctx context.Context, r store.Reader) error {
			_, err := r.Events(ctx, run.IntentID, 0, 1)
			return err
		},
		"calls":    func(ctx context.Context, r store.Reader) error { _, err := r.Calls(ctx, run.IntentID); return err },
		"spending": func(ctx context.Context, r store.Reader) error { _, err := r.RunSpending(ctx, run.ID); return err },
	}
	for name, read := range reads {
		own := store.Scoped{Of: st, Tenant: qlp.DefaultTenant}
		if err := own.Read(t.Context(), func(r store.Reader) error { return read(t.Context(), r) }); err != nil {
			t.Errorf("%s, as its owner: %v", name, err)
		}
		others := store.Scoped{Of: st, Tenant: "others"}
		err := others.Read(t.Context(), func(r store.Reader) error { return read(t.Context(), r) })
		if qlp.CodeOf(err) != qlp.NotFound {
			t.Errorf("%s, as another tenant: %v", name, err)
		}
	}
	if err := (store.Scoped{Of: st, Tenant: qlp.DefaultTenant}).Owns(t.Context(), "nobody"); qlp.CodeOf(err) != qlp.NotFound {
		t.Errorf("what does not exist: %v", err)
	}
}

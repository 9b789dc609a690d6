package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/quantumlayer/qlp/internal/archive"
	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/orchestrator"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// letGo is how long handlers get that are at work on what was cancelled.
const letGo = time.Minute

// EraseTenant removes everything that a tenant owns. With cancel, intents that are active are cancelled first. A SQLite database is
// taken for that alone, so that its file can be written anew.
func EraseTenant(ctx context.Context, cfg config.Config, tenant string, cancel bool, log *slog.Logger) (archive.Erased, error) {
	return in(ctx, cfg, true, log, func(h *house) (out archive.Erased, err error) {
		if err := h.claim(ctx, cfg); err != nil {
			return out, err
		}
		if err := h.tidy(ctx); err != nil {
			return out, err
		}
		if cancel {
			if err := h.cancel(ctx, tenant, log); err != nil {
				return out, err
			}
		}
		c := archive.Collection{Grace: archive.Grace, Clock: time.Now}
		if !h.shared {
			c.Grace = -1 // nobody else is at work, so that nothing is just being put
		}
		patience := time.NewTimer(letGo)
		defer patience.Stop()
		again := time.NewTicker(500 * time.Millisecond)
		defer again.Stop()
		for {
			out, err = archive.EraseTenant(ctx, h, h.blobs, tenant, c)
			if !cancel || !h.shared || qlp.CodeOf(err) != qlp.Conflict {
				return out, err
			}
			select {
			case <-again.C:
			case <-patience.C:
				return out, err
			case <-ctx.Done():
				return out, ctx.Err()
			}
		}
	})
}

// tidy ends what dead workers have left.
func (h *house) tidy(ctx context.Context) error {
	if _, err := h.reclaim(ctx); err != nil {
		return err
	}
	for {
		found := false
		err := h.Tx(ctx, func(tx store.Tx) (err error) { found, err = tx.LoseCall(ctx); return err })
		if err != nil || !found {
			return err
		}
	}
}

// cancel cancels the tenant's active intents, as the API does.
func (h *house) cancel(ctx context.Context, tenant string, log *slog.Logger) error {
	e := orchestrator.New(orchestrator.Deps{
		Store: h, Spending: spending, NewID: newID, Log: log,
		Clock: func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
	}, orchestrator.Config{Replicas: h.shared})
	for after := ""; ; {
		var page []qlp.Intent
		err := h.Read(ctx, func(r store.Reader) (err error) {
			page, err = r.Intents(ctx, store.IntentFilter{Tenant: tenant, After: after, Limit: 100})
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, intent := range page {
			after = intent.ID
			if !intent.State.Active() {
				continue
			}
			if err := e.Cancel(ctx, intent.ID); err != nil && qlp.CodeOf(err) != qlp.Conflict { // over by now
				return err
			}
		}
	}
}

package app

import (
	"context"
	"log/slog"

	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/store"
)

// Migrate brings the database's schema up to date and binds it to the shared folder: with adopt also where it was bound to
// another one. Any number of processes may do so at once.
func Migrate(ctx context.Context, cfg config.Config, adopt bool, log *slog.Logger) (err error) {
	st, err := openDatabase(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := st.Close(); err == nil {
			err = cerr
		}
	}()
	if !st.shared && cfg.SharedDir == "" {
		return nil
	}
	if !adopt {
		return bindShared(ctx, st, cfg)
	}
	id, err := sharedID(cfg.Shared())
	if err != nil {
		return err
	}
	return st.Tx(ctx, func(tx store.Tx) error { return tx.Rebind(ctx, sharedName, id) })
}

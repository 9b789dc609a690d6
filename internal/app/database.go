package app

import (
	"context"
	"log/slog"
	"path/filepath"

	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/postgres"
	"github.com/quantumlayer/qlp/internal/store/sqlite"
	"github.com/quantumlayer/qlp/internal/vector"
	"github.com/quantumlayer/qlp/internal/vector/pgvector"
	vectorsqlite "github.com/quantumlayer/qlp/internal/vector/sqlite"
	"github.com/quantumlayer/qlp/internal/worker"
)

// database is an open store with its queue: SQLite in the data folder, or PostgreSQL where the settings name one.
type database struct {
	store.Store
	queue interface {
		worker.Queue
		OnFault(fn func(error))
	}
	shared bool // other processes may work on it at the same time
	index  interface {
		vector.Index
		vector.Upkeep
	}
}

// openDatabase opens the one that the settings choose, and brings its schema up to date.
func openDatabase(ctx context.Context, cfg config.Config, log *slog.Logger) (*database, error) {
	if cfg.DatabaseURL != "" {
		return openPostgres(ctx, cfg, log)
	}
	index := vectorsqlite.New(vectorsqlite.Config{})
	st, err := sqlite.Open(ctx, filepath.Join(cfg.DataDir, "qlp.db"), sqlite.Config{Log: log, Index: index})
	if err != nil {
		return nil, err
	}
	return &database{Store: st, queue: st.Queue, index: index}, nil
}

func openPostgres(ctx context.Context, cfg config.Config, log *slog.Logger) (*database, error) {
	password, err := databasePassword(cfg)
	if err != nil {
		return nil, err
	}
	index := pgvector.New(pgvector.Config{})
	st, err := postgres.Open(ctx, cfg.DatabaseURL.Reveal(), postgres.Config{
		Conns: cfg.DatabaseConns, StatementTimeout: cfg.DatabaseTimeout, Password: password, Log: log, Index: index,
	})
	if err != nil {
		return nil, err
	}
	return &database{Store: st, queue: st.Queue, shared: true, index: index}, nil
}

package app

import (
	"github.com/quantumlayer/qlp/internal/api"
	"github.com/quantumlayer/qlp/internal/orchestrator"
	"github.com/quantumlayer/qlp/internal/similarity"
)

// findable opens the search for similar intents, where the database has an index.
func (a *App) findable(models *Models) error {
	by, err := embedder(a.cfg, models)
	if err != nil || a.store.index == nil {
		return err
	}
	a.similarity = similarity.New(similarity.Deps{Store: a.store, Index: a.store.index, Upkeep: a.store.index, Embedder: by, Log: a.log})
	return nil
}

// similar and search hand the same over as the types of those who use it: a nil of each, not of another type, where there is none.
func (a *App) similar() orchestrator.Similarity {
	if a.similarity == nil {
		return nil
	}
	return a.similarity
}

// whispers is nil where there is one process.
func (a *App) whispers() orchestrator.Whispers {
	w, _ := a.store.Store.(orchestrator.Whispers)
	return w
}

func (a *App) search() api.Similar {
	if a.similarity == nil {
		return nil
	}
	return a.similarity
}

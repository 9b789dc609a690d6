package app

import (
	"context"
	"maps"

	"github.com/quantumlayer/qlp/internal/sandbox/initbox"
	"github.com/quantumlayer/qlp/internal/sandbox/toolcache"
)

// addGoCache gives the sandboxes of a Go stack the compiled standard library. The first time for a version of Go it is
// compiled, which takes half a minute.
func (b *bench) addGoCache(ctx context.Context, e *equipment) error {
	initPath, err := initbox.FindInit("")
	if err != nil {
		return err
	}
	seed, err := toolcache.SeedGo(ctx, toolcache.Config{Init: initPath, Log: b.log})
	if err != nil {
		return err
	}
	e.mounts = append(e.mounts, seed.Mount())
	path := e.env["PATH"]
	maps.Copy(e.env, seed.Env())
	e.env["PATH"] = path
	return nil
}

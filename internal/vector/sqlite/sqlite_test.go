package sqlite_test

import (
	"path/filepath"
	"testing"

	store "github.com/quantumlayer/qlp/internal/store/sqlite"
	"github.com/quantumlayer/qlp/internal/vector/sqlite"
	"github.com/quantumlayer/qlp/internal/vector/vectortest"
)

func open(t *testing.T, cfg sqlite.Config) vectortest.Fixture {
	t.Helper()
	x := sqlite.New(cfg)
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "qlp.db"), store.Config{Index: x})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return vectortest.Fixture{Store: st, Index: x, Upkeep: x}
}

func TestSQLiteKeepsTheContract(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]sqlite.Config{
		"as it is":                  {},
		"the mean is frozen early":  {Freeze: 3},
		"nothing is kept in memory": {Freeze: 3, Memory: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			vectortest.Run(t, func(t *testing.T) vectortest.Fixture { t.Helper(); return open(t, cfg) })
		})
	}
}

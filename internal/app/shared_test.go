package app

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// TestSharedFolderOfAnotherDatabase: a database that has met its shared folder opens with no other one.
func TestSharedFolderOfAnotherDatabase(t *testing.T) {
	withInit(t)
	cfg := config.Default()
	cfg.DataDir, cfg.SharedDir = t.TempDir(), t.TempDir()
	again := func(shared string) error {
		cfg.SharedDir = shared
		a, err := Open(t.Context(), cfg, "test", slog.New(slog.DiscardHandler))
		if err != nil {
			return err
		}
		return a.Stop(t.Context())
	}
	first := cfg.SharedDir
	for range 2 {
		if err := again(first); err != nil {
			t.Fatal(err)
		}
	}
	err := again(t.TempDir())
	if qlp.CodeOf(err) != qlp.Conflict || !strings.Contains(qlp.RemedyOf(err), "QLP_SHARED") {
		t.Errorf("with another folder: %v", err)
	}
	if err := again(first); err != nil {
		t.Errorf("and then with its own: %v", err)
	}
}

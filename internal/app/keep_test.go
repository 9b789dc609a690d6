package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/client"
	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/postgres/pgtest"
)

// silent is a generator that waits for the end of its context.
func silent() waiting {
	words := make(chan struct{})
	close(words)
	return waiting{offlineGenerator(), make(chan struct{}, 1), words, make(chan time.Time, 1)}
}

// TestEraseBesideReplicas erases a tenant on PostgreSQL while a worker is at work on an intent of theirs.
func TestEraseBesideReplicas(t *testing.T) {
	address := pgtest.Database(t, "")
	withInit(t)
	cfg := config.Default()
	cfg.DataDir, cfg.SharedDir, cfg.DatabaseURL, cfg.DatabaseConns = t.TempDir(), t.TempDir(), config.Secret(address), 6
	log := slog.New(slog.DiscardHandler)
	if _, err := CollectGarbage(t.Context(), cfg, 0, false, log); qlp.CodeOf(err) != qlp.Conflict || !strings.Contains(err.Error(), "never been used") {
		t.Errorf("gc of a folder that is nobody's: %v", err)
	}
	writer := silent()
	cfg.Tenant = "ours"
	a, err := open(t.Context(), cfg, "test", log, writer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(a.Handler(""))
	t.Cleanup(server.Close)
	in, err := client.New(server.URL, "", nil).Create(t.Context(), client.NewIntent{Words: "a Python API for notes with a title"}, "")
	if err != nil {
		t.Fatal(err)
	}
	<-writer.began
	if _, err := EraseTenant(t.Context(), cfg, "ours", false, log); qlp.CodeOf(err) != qlp.Conflict {
		t.Errorf("while it is at work: %v", err)
	}
	erased, err := EraseTenant(t.Context(), cfg, "ours", true, log)
	if err != nil || erased.Intents != 1 || erased.Garbage.Young == 0 {
		t.Fatalf("erased %+v, %v", erased, err)
	}
	err = a.store.Read(t.Context(), func(r store.Reader) error { _, err := r.Owner(t.Context(), in.ID); return err })
	if qlp.CodeOf(err) != qlp.NotFound {
		t.Errorf("afterwards: %v", err)
	}
	if v, err := VerifyData(t.Context(), cfg, log); err != nil || len(v.Missing) > 0 {
		t.Errorf("%+v, %v", v, err)
	}

	// Another database with the same folder: its gc would take this one's blobs.
	second := cfg
	second.DatabaseURL = config.Secret(pgtest.Database(t, ""))
	if err := Migrate(t.Context(), second, false, log); err != nil {
		t.Fatal(err)
	}
	if _, err := CollectGarbage(t.Context(), second, 0, false, log); qlp.CodeOf(err) != qlp.Conflict || !strings.Contains(err.Error(), "another database's") {
		t.Errorf("gc of another database: %v", err)
	}
	if err := os.WriteFile(filepath.Join(cfg.SharedDir, "qlp.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := CollectGarbage(t.Context(), cfg, 0, false, log); qlp.CodeOf(err) != qlp.Conflict || !strings.Contains(err.Error(), "SQLite") {
		t.Errorf("gc where SQLite was before: %v", err)
	}
	if _, err := MakeBackup(t.Context(), cfg, "test", filepath.Join(t.TempDir(), "b"), Backup{}, log); qlp.CodeOf(err) != qlp.Invalid || !strings.Contains(qlp.RemedyOf(err), "pg_basebackup") {
		t.Errorf("a backup of PostgreSQL: %v", err)
	}
}

// TestRetryOfAnExpiredRun clears a canceled run beside its server, and retries it from a task in the middle.
func TestRetryOfAnExpiredRun(t *testing.T) {
	withInit(t)
	cfg := config.Default()
	cfg.DataDir = t.TempDir()
	log := slog.New(slog.DiscardHandler)
	writer := silent()
	a, err := open(t.Context(), cfg, "test", log, writer)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(a.Handler(""))
	c := client.New(server.URL, "", nil)
	in, err := c.Create(t.Context(), client.NewIntent{Words: "a Python API for notes with a title"}, "")
	if err != nil {
		t.Fatal(err)
	}
	<-writer.began
	if _, err = c.Cancel(t.Context(), in.ID); err != nil {
		t.Fatal(err)
	}
	<-writer.ended
	if in, err = c.Get(t.Context(), in.ID); err != nil {
		t.Fatal(err)
	}
	done := ""
	for _, task := range in.Run.Tasks {
		if task.State == qlp.TaskDone {
			done = task.TaskID
		}
	}
	got, err := CollectGarbage(t.Context(), cfg, time.Nanosecond, false, log)
	if err != nil || got.Runs != 1 || got.Trees == 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if done == "" {
		t.Fatalf("no task was done: %+v", in.Run.Tasks)
	}
	last := in.Plan.Tasks[len(in.Plan.Tasks)-1].ID
	if err := errors.Join(a.Stop(context.Background())); err != nil {
		t.Fatal(err)
	}
	server.Close()
	a, err = open(t.Context(), cfg, "test", log, offlineGenerator())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := a.engine.Retry(t.Context(), in.ID, last); err != nil {
		t.Fatal(err)
	}
	err = a.store.Read(t.Context(), func(r store.Reader) error {
		again, err := r.Intent(t.Context(), in.ID)
		for _, task := range again.Run.Tasks {
			if task.State == qlp.TaskDone {
				t.Errorf("the task %s was taken over without its files", task.TaskID)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

package app

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/client"
	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store/postgres/pgtest"
)

// waiting writes nothing until its context ends, and says when that was.
type waiting struct {
	generator.Generator
	began chan struct{}
	speak chan struct{}
	ended chan time.Time
}

func (w waiting) Generate(ctx context.Context, req generator.Request) ([]qlp.File, error) {
	if req.Task.Frozen {
		return w.Generator.Generate(ctx, req)
	}
	select {
	case w.began <- struct{}{}:
	default:
	}
	for range w.speak {
		req.Progress("a word ")
	}
	<-ctx.Done()
	select {
	case w.ended <- time.Now():
	default:
	}
	return nil, ctx.Err()
}

// TestTwoReplicas hands an intent in at one process that another one works on, follows it, reads what is being written, and cancels it
// there.
func TestTwoReplicas(t *testing.T) {
	address := pgtest.Database(t, "")
	withInit(t)
	shared := t.TempDir()
	writer := waiting{offlineGenerator(), make(chan struct{}, 1), make(chan struct{}), make(chan time.Time, 1)}
	replica := func(role string) *client.Client {
		cfg := config.Default()
		cfg.DataDir, cfg.SharedDir, cfg.Roles, cfg.DatabaseURL = t.TempDir(), shared, role, config.Secret(address)
		cfg.DatabaseConns = 6
		a, err := open(t.Context(), cfg, "test", slog.New(slog.DiscardHandler), writer)
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
		return client.New(server.URL, "", nil)
	}
	front := replica(config.RoleAPI)
	replica(config.RoleWorker)
	second := replica(config.RoleAPI)

	in, err := front.Create(t.Context(), client.NewIntent{Words: "a Python API for notes with a title"}, "")
	if err != nil {
		t.Fatal(err)
	}
	<-writer.began
	readsAlong(t, second, in.ID, writer.speak)
	canceled := time.Now()
	if _, err := second.Cancel(t.Context(), in.ID); err != nil {
		t.Fatal(err)
	}
	select {
	case at := <-writer.ended:
		if late := at.Sub(canceled); late > 2*time.Second {
			t.Errorf("the worker's context ended after %s", late)
		}
	case <-time.After(time.Minute):
		t.Fatal("the worker goes on")
	}
	var last int64
	for ev, err := range front.Events(t.Context(), in.ID, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if ev.Seq != last+1 {
			t.Errorf("event %d follows on %d", ev.Seq, last)
		}
		last = ev.Seq
		if ev.Type == qlp.EventRunFinished {
			break
		}
	}
}

// readsAlong follows an intent at a process that does not work on it until it has read what the one that does is writing.
func readsAlong(t *testing.T, c *client.Client, id string, speak chan struct{}) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var once sync.Once
	for e, err := range c.EventsAndText(ctx, id, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Type == qlp.EventTaskState { // whoever gets this is watching, too
			once.Do(func() { go func() { speak <- struct{}{}; speak <- struct{}{}; close(speak) }() })
		}
		if e.Type == qlp.EventModelText {
			if e.Seq != 0 || e.TaskID == "" || !strings.Contains(string(e.Data), "a word ") {
				t.Errorf("text: %+v", e)
			}
			return
		}
	}
	t.Fatal("nothing was read along")
}

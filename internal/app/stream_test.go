package app

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/quantumlayer/qlp/internal/client"
	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// talking is a generator that says what it does, when it is allowed to, and then waits for its end.
type talking struct {
	generator.Generator
	began chan struct{}
	speak chan struct{}
}

func (g talking) Generate(ctx context.Context, req generator.Request) ([]qlp.File, error) {
	close(g.began)
	for range g.speak {
		req.Progress("a word ")
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestTextComesBesideTheEvents, over the API as it is served: to those who ask for it, and to nobody else.
func TestTextComesBesideTheEvents(t *testing.T) {
	withInit(t)
	cfg := config.Default()
	cfg.DataDir = t.TempDir()
	g := talking{offlineGenerator(), make(chan struct{}), make(chan struct{})}
	a, err := open(t.Context(), cfg, "test", slog.New(slog.DiscardHandler), g)
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
	c := client.New(server.URL, "", nil)
	in, err := c.Create(t.Context(), client.NewIntent{Words: "a Python API for notes with a title"}, "")
	if err != nil {
		t.Fatal(err)
	}
	<-g.began
	var speak sync.Once
	texts, canceled := 0, make(chan error, 1)
	for e, err := range c.EventsAndText(t.Context(), in.ID, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if texts == 0 && e.Type != qlp.EventModelText {
			if e.Type == qlp.EventTaskState { // whoever gets this is watching, too
				speak.Do(func() { go func() { g.speak <- struct{}{}; close(g.speak) }() })
			}
			continue
		}
		if e.Type == qlp.EventModelText {
			if texts++; e.Seq != 0 || e.TaskID != "acceptance" || string(e.Data) != `{"text":"a word "}` {
				t.Errorf("text: %+v", e)
			}
			go func() { _, err := c.Cancel(t.Context(), in.ID); canceled <- err }()
		}
		if e.Type == qlp.EventRunFinished {
			break
		}
	}
	if err := <-canceled; err != nil || texts != 1 {
		t.Errorf("%d texts, %v", texts, err)
	}
	seq := int64(0)
	for e, err := range c.Events(t.Context(), in.ID, 0) {
		if seq++; err != nil || e.Seq != seq || e.Type == qlp.EventModelText {
			t.Fatalf("event %d: %+v, %v", seq, e, err)
		}
		if e.Type == qlp.EventRunFinished {
			break
		}
	}
}

// TestResumeAndReplayOverTheAPI keep the codes of the engine's errors.
func TestResumeAndReplayOverTheAPI(t *testing.T) {
	withInit(t)
	cfg := config.Default()
	cfg.DataDir = t.TempDir()
	a, err := Open(t.Context(), cfg, "test", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	server := httptest.NewServer(a.Handler(""))
	t.Cleanup(server.Close)
	c := client.New(server.URL, "", nil)
	in, err := c.Create(t.Context(), client.NewIntent{Words: "a Python API for notes with a title"}, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Resume(t.Context(), in.ID, qlp.ModelCaps{Run: qlp.Budget{Calls: 5}}); qlp.CodeOf(err) != qlp.Conflict {
		t.Errorf("resume of what is not paused: %v", err)
	}
	if _, err := c.Resume(t.Context(), "nobody", qlp.ModelCaps{}); qlp.CodeOf(err) != qlp.NotFound {
		t.Errorf("resume of nothing: %v", err)
	}
	if _, err := c.Replay(t.Context(), "nobody"); qlp.CodeOf(err) != qlp.NotFound {
		t.Errorf("replay of nothing: %v", err)
	}
	settings := qlp.Settings{Generator: "model"}
	if _, err := c.Create(t.Context(), client.NewIntent{Words: "a Python API for notes with a title", Settings: settings}, ""); qlp.CodeOf(err) != qlp.Invalid || qlp.RemedyOf(err) == "" {
		t.Errorf("a generator that is not there: %v", err)
	}
}

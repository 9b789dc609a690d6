package app

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/config"
)

// TestBridgeIsAProvider asks through everything: the client, the driver, HTTP, the bridge, files, and somebody who answers.
func TestBridgeIsAProvider(t *testing.T) {
	t.Parallel()
	prompts := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	at, served := make(chan string, 1), make(chan error, 1)
	go func() {
		served <- ServeBridge(ctx, prompts, "127.0.0.1:0", time.Minute, slog.New(slog.DiscardHandler), func(url string) { at <- url })
	}()
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			found, _ := filepath.Glob(filepath.Join(prompts, "*.prompt.md"))
			for _, path := range found {
				_ = os.WriteFile(strings.TrimSuffix(path, ".prompt.md")+".answer.json", []byte(`{"sum":5}`), 0o600)
			}
		}
	}()
	data := t.TempDir()
	file := filepath.Join(data, "p.yaml")
	text := "providers:\n  me: {kind: bridge, base_url: \"" + <-at + "\"}\nroles:\n  interpreter: me/person\ncaps:\n  day: {tokens: 100000}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := TestProviders(t.Context(), config.Config{DataDir: data, Providers: file}, nil, slog.New(slog.DiscardHandler))
	if err != nil || len(got) != 1 || !got[0].OK || got[0].Choice != "me/person" || got[0].Usage.Output != 3 || got[0].Structured != "kept" || got[0].Price != nil {
		t.Errorf("got %+v: %v", got, err)
	}
	checkTestIsInTheLedger(t, data)
	cancel()
	<-answered
	if err := <-served; err != nil {
		t.Error(err)
	}
}

package app

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/client"
	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// serving starts a server as qlp serve does, and returns where it listens and what stops it.
func serving(t *testing.T, change func(*config.Config)) (at Server, stop func() error) {
	t.Helper()
	withInit(t)
	cfg := config.Default()
	cfg.DataDir, cfg.Listen = t.TempDir(), "127.0.0.1:0"
	change(&cfg)
	a, err := Open(t.Context(), cfg, "test", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ready, ended := make(chan Server, 1), make(chan error, 1)
	go func() { ended <- a.Serve(ctx, func(at Server) { ready <- at }) }()
	select {
	case at = <-ready:
	case err := <-ended:
		t.Fatal(err)
	}
	var once sync.Once
	stop = func() (err error) {
		once.Do(func() {
			cancel()
			err = <-ended
			if serr := a.Stop(context.Background()); serr != nil {
				t.Error(serr)
			}
		})
		return err
	}
	t.Cleanup(func() { _ = stop() })
	return at, stop
}

func status(t *testing.T, at Server, path string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+at.Token.Reveal())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

func TestRoleAPI(t *testing.T) {
	at, _ := serving(t, func(cfg *config.Config) { cfg.Roles = config.RoleAPI })
	c := client.New(at.URL, at.Token.Reveal(), nil)
	in, err := c.Create(t.Context(), client.NewIntent{Words: "a Python API for notes with a title"}, "")
	if err != nil || in.State != qlp.StateReceived {
		t.Fatalf("%+v, %v", in, err)
	}
	if code := status(t, at, "/readyz"); code != http.StatusOK {
		t.Errorf("ready: %d", code)
	}
}

// TestHosts: beyond loopback the API answers to the names that were set, and its probes to any.
func TestHosts(t *testing.T) {
	at, _ := serving(t, func(cfg *config.Config) { cfg.Listen, cfg.Hosts = "0.0.0.0:0", "Qlp.example, other.example" })
	ask := func(host, path string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		req.Header.Set("Authorization", "Bearer "+at.Token.Reveal())
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	for host, want := range map[string]int{"localhost": 200, "qlp.example": 200, "other.example:443": 200, "evil.example": 403, "10.0.0.7:8080": 403} {
		if code := ask(host, "/api/v1/intents"); code != want {
			t.Errorf("called as %s: %d, want %d", host, code, want)
		}
	}
	if code := ask("10.0.0.7:8080", "/readyz"); code != http.StatusOK {
		t.Errorf("a probe: %d", code)
	}
}

func TestRoleWorker(t *testing.T) {
	at, _ := serving(t, func(cfg *config.Config) { cfg.Roles = config.RoleWorker })
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/metrics": 200, "/api/v1/intents": 404} {
		if code := status(t, at, path); code != want {
			t.Errorf("%s: %d, want %d", path, code, want)
		}
	}
}

// TestStopSaysSoFirst: a server that stops is not ready any more, and still answers until load balancers have noticed.
func TestStopSaysSoFirst(t *testing.T) {
	at, stop := serving(t, func(cfg *config.Config) { cfg.StopDelay = 3 * time.Second })
	if code := status(t, at, "/readyz"); code != http.StatusOK {
		t.Fatalf("ready: %d", code)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for code := http.StatusOK; code != http.StatusServiceUnavailable; code = status(t, at, "/readyz") {
		if code != http.StatusOK {
			t.Fatalf("it was gone before it had said so: %d", code)
		}
		<-tick.C
	}
	if code := status(t, at, "/api/v1/intents"); code != http.StatusOK {
		t.Errorf("a request while it stops: %d", code)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if code := status(t, at, "/healthz"); code != 0 {
		t.Errorf("after its end: %d", code)
	}
}

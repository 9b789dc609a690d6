package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/quantumlayer/qlp/internal/llm/bridge"
)

// ServeBridge lets whoever writes files into dir be a model, until ctx is done. It listens on a loopback address, and calls
// ready with the base URL that a provider is given.
func ServeBridge(ctx context.Context, dir, address string, wait time.Duration, log *slog.Logger, ready func(baseURL string)) error {
	b, err := bridge.New(dir, bridge.Config{Wait: wait, Log: log})
	if err != nil {
		return err
	}
	l, err := listen(ctx, address)
	if err != nil {
		return err
	}
	// A request waits for a person: there is no bound on writing.
	server := &http.Server{Handler: b, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	ready("http://" + l.Addr().String() + "/v1")
	select {
	case err := <-served:
		return closed(err)
	case <-ctx.Done():
		return errors.Join(server.Close(), closed(<-served)) // whoever waits asks again
	}
}

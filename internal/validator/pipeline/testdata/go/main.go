// Command service answers GET /healthz.
package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"example.com/sample/store"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	if err := run(log); err != nil {
		log.Error("stopped", "err", err.Error())
		os.Exit(1)
	}
}

func setting(name, fallback string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return fallback
}

func routes(numbers *store.Store) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, "application/json", http.StatusOK, `{"status":"ok"}`)
	})
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, "application/json", http.StatusOK, `{"openapi":"3.1.0","info":{"title":"Sample","version":"1.0.0"},"paths":{}}`)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		numbers.Add(1)
		answer(w, "application/problem+json", http.StatusNotFound, `{"type":"about:blank","title":"Not Found","status":404,"detail":"no such path"}`)
	})
	return mux
}

func answer(w http.ResponseWriter, kind string, status int, body string) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	if _, err := io.WriteString(w, body); err != nil {
		slog.Error("answer", "err", err.Error())
	}
}

func run(log *slog.Logger) error {
	listener, err := net.Listen("tcp", net.JoinHostPort(setting("HOST", "127.0.0.1"), setting("PORT", "8080")))
	if err != nil {
		return err
	}
	log.Info("listening", "addr", listener.Addr().String())
	server := &http.Server{Handler: routes(store.New()), ReadHeaderTimeout: 5 * time.Second}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	down, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := server.Shutdown(down); err != nil {
		return err
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Command service answers GET /healthz.
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
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

//go:embed openapi.json
var description string

func routes(numbers *store.Store) http.Handler {
	mux := http.NewServeMux()
	open := map[string]string{"/healthz": `{"status":"ok"}`, "/openapi.json": description}
	for path, body := range open {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet && r.Method != http.MethodHead {
				w.Header().Set("Allow", "GET, HEAD")
				problem(w, http.StatusMethodNotAllowed)
				return
			}
			answer(w, "application/json", http.StatusOK, body)
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		numbers.Add(1)
		problem(w, http.StatusNotFound)
	})
	return mux
}

func problem(w http.ResponseWriter, status int) {
	title := http.StatusText(status)
	answer(w, "application/problem+json", status, fmt.Sprintf(`{"type":"about:blank","title":%q,"status":%d,"detail":%q}`, title, status, title))
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

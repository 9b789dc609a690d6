package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/quantumlayer/qlp/internal/api"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlite"
)

// order is one line of the server's standard input. Each is answered by a line.
type order struct {
	Intents int `json:"intents,omitempty"` // make as many, each with its first event
	Append  int `json:"append,omitempty"`  // write as many events, one intent after the other
	PerSec  int `json:"per_sec,omitempty"` // how many of them in a second; 0: all at once
}

// server serves the API over an empty store and takes orders until there are no more.
func server(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "qlp-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	st, err := sqlite.Open(ctx, filepath.Join(dir, "qlp.db"), sqlite.Config{})
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	handler := api.New(api.Deps{Store: st, Metrics: http.NotFoundHandler(), Log: slog.New(slog.DiscardHandler)}, api.Config{})
	served := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = served.Serve(listener) }()
	defer func() { _ = served.Close() }()
	fmt.Println(listener.Addr())
	w := writer{st: st}
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var o order
		if err := json.Unmarshal(in.Bytes(), &o); err != nil {
			return err
		}
		if err := w.obey(ctx, o); err != nil {
			return err
		}
		fmt.Println("done")
	}
	return nil
}

// writer changes the store as the engine does: one transaction a change.
type writer struct {
	st   *sqlite.Store
	n    int // of intents
	next int
}

func (w *writer) obey(ctx context.Context, o order) error {
	for i := range o.Intents {
		err := w.st.Tx(ctx, func(tx store.Tx) error { return tx.InsertIntent(ctx, qlp.Intent{ID: name(i), Words: "w"}, "", "") })
		if err != nil {
			return err
		}
	}
	w.n += o.Intents
	begun := time.Now()
	for i := range o.Append {
		if o.PerSec > 0 {
			time.Sleep(time.Until(begun.Add(time.Duration(i) * time.Second / time.Duration(o.PerSec))))
		}
		if err := w.append(ctx, name(w.next%w.n)); err != nil {
			return err
		}
		w.next++
	}
	return nil
}

// append writes an event of a usual size that says when it was written.
func (w *writer) append(ctx context.Context, id string) error {
	return w.st.Tx(ctx, func(tx store.Tx) error {
		data, err := json.Marshal(qlp.StateChanged{From: "ready", To: "running", Reason: fmt.Sprint(time.Now().UnixNano())})
		if err != nil {
			return err
		}
		_, err = tx.Append(ctx, qlp.Event{IntentID: id, Type: qlp.EventTaskState, RunID: "0198c0de-0000-7000-8000-000000000000", TaskID: "storage", Data: data})
		return err
	})
}

func name(i int) string { return fmt.Sprintf("intent-%05d", i) }

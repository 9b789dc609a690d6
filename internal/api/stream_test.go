package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlite"
)

// streaming serves the WebSocket over a store with one intent, i.
func streaming(t *testing.T) (url string, st *sqlite.Store) {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "qlp.db"), sqlite.Config{Poll: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	err = st.Tx(t.Context(), func(tx store.Tx) error {
		return tx.InsertIntent(t.Context(), qlp.Intent{ID: "i", Words: "w"}, "", "")
	})
	if err != nil {
		t.Fatal(err)
	}
	d := testServer().Deps
	d.Store = st
	s := newServer(d, Config{})
	s.alive = newAlive(200*time.Millisecond, 2*time.Second)
	var handlers sync.WaitGroup
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handlers.Add(1)
		defer handlers.Done()
		s.streamEvents(w, r)
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		handlers.Wait() // those of hijacked connections are not waited for by the server
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return "ws" + strings.TrimPrefix(server.URL, "http") + "/api/v1/events?intent=i&since=", st
}

// next reads events until the connection ends or the last one is there, and returns the last number that came.
func next(ctx context.Context, t *testing.T, conn *websocket.Conn, since, last int64) int64 {
	t.Helper()
	conn.SetReadLimit(1 << 20)
	for since < last {
		_, text, err := conn.Read(ctx)
		if err != nil {
			return since
		}
		var e qlp.Event
		if err := json.Unmarshal(text, &e); err != nil || e.Seq != since+1 {
			t.Errorf("event %d after %d: %v", e.Seq, since, err)
			return since
		}
		since = e.Seq
	}
	return since
}

// TestWhoTakesNothingIsCutOff, the others get everything meanwhile, and it gets the rest when it comes back.
func TestWhoTakesNothingIsCutOff(t *testing.T) {
	t.Parallel()
	url, st := streaming(t)
	dial := func(since int64) *websocket.Conn {
		conn, _, err := websocket.Dial(t.Context(), url+fmt.Sprint(since), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.CloseNow() })
		return conn
	}
	sleeper, reader := dial(0), dial(0)
	large, err := json.Marshal(strings.Repeat("x", 256<<10))
	if err != nil {
		t.Fatal(err)
	}
	const last = 64 // 16 MiB: more than the system keeps for a connection
	for range last {
		err := st.Tx(t.Context(), func(tx store.Tx) error {
			_, err := tx.Append(t.Context(), qlp.Event{IntentID: "i", Type: qlp.EventSpecReady, Data: large})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for seq := int64(0); seq < last; {
		if seq = next(t.Context(), t, reader, seq, last); seq < last {
			reader = dial(seq) // a slow machine
		}
	}
	<-time.After(3 * time.Second) // the sleeper takes nothing for longer than a ping is waited for
	seq := next(t.Context(), t, sleeper, 0, last)
	if seq == last {
		t.Error("who took nothing was not cut off")
	}
	for seq < last {
		seq = next(t.Context(), t, dial(seq), seq, last)
	}
}

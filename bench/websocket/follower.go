package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// follower is one client: it keeps a connection, and the last number that it has seen.
type follower struct {
	rig    *rig
	intent string
	up     chan struct{} // is closed when it was connected for the first time
	once   sync.Once

	mu    sync.Mutex
	conn  *websocket.Conn
	ended bool
	since int64
}

// follow reads events until it is ended, and connects again whenever the connection is lost.
func (f *follower) follow(ctx context.Context) {
	for !f.over() {
		url := fmt.Sprintf("ws://%s/api/v1/events?intent=%s&since=%d", f.rig.address, f.intent, f.since)
		conn, _, err := websocket.Dial(ctx, url, nil) //nolint:bodyclose // the library closes it
		if err != nil {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		f.hold(conn)
		f.once.Do(func() { close(f.up) })
		f.read(ctx, conn)
		_ = conn.CloseNow()
	}
}

// read takes events as they come, and holds their order: what is out of it ends the program.
func (f *follower) read(ctx context.Context, conn *websocket.Conn) {
	for {
		_, text, err := conn.Read(ctx)
		if err != nil {
			return
		}
		now := time.Now()
		seq, written := number(text, `"seq":`), number(text, `"reason":"`)
		if f.since++; seq != f.since {
			fmt.Fprintf(os.Stderr, "websocket: event %d of %s came in the place of %d\n", seq, f.intent, f.since)
			os.Exit(1)
		}
		f.rig.note(now.Sub(time.Unix(0, written)))
	}
}

// number finds a number behind a key: ten thousand clients share two processors with the server that is measured, and leave it
// the time that decoding would take.
func number(text []byte, key string) int64 {
	_, rest, _ := bytes.Cut(text, []byte(key))
	end := bytes.IndexFunc(rest, func(c rune) bool { return c < '0' || c > '9' })
	n, _ := strconv.ParseInt(string(rest[:max(end, 0)]), 10, 64)
	return n
}

func (f *follower) hold(conn *websocket.Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conn = conn
	if f.ended {
		_ = conn.CloseNow()
	}
}

func (f *follower) over() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ended
}

// cut breaks the connection off without a word.
func (f *follower) cut() {
	f.mu.Lock()
	conn := f.conn
	f.mu.Unlock()
	_ = conn.CloseNow()
}

func (f *follower) end() {
	f.mu.Lock()
	f.ended = true
	conn := f.conn
	f.mu.Unlock()
	if conn != nil {
		_ = conn.CloseNow()
	}
}

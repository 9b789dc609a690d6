package api

import (
	"container/list"
	"context"
	"sync"
	"time"
)

const (
	pingEvery  = 20 * time.Second
	pongWithin = 15 * time.Second
)

// pinger is a connection that can be asked whether the other side is there, and cut.
type pinger interface {
	Ping(ctx context.Context) error
	CloseNow() error
}

// alive finds out which connections have lost their other side, or one that takes nothing any more (a ping waits for the write
// before it), and cuts them: whoever is there comes back with since. One timer serves all of them: ten thousand connections
// cost a goroutine only while their ping is under way.
type alive struct {
	every, within time.Duration

	mu    sync.Mutex
	order *list.List  // of *pinged, the next one in front
	timer *time.Timer // nil while there is no connection
}

type pinged struct {
	conn  pinger
	due   time.Time
	under sync.WaitGroup // the ping that is under way
}

func newAlive(every, within time.Duration) *alive {
	return &alive{every: every, within: within, order: list.New()}
}

// enter has the connection pinged from now on. The caller closes the connection and then calls leave, which waits for a ping under way.
func (a *alive) enter(conn pinger) (leave func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := &pinged{conn: conn, due: time.Now().Add(a.every)}
	e := a.order.PushBack(p)
	if a.timer == nil {
		a.timer = time.AfterFunc(a.every, a.tick)
	}
	return func() {
		a.mu.Lock()
		a.order.Remove(e)
		a.mu.Unlock()
		p.under.Wait()
	}
}

// tick pings those whose time has come.
func (a *alive) tick() {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	for e := a.order.Front(); e != nil; e = a.order.Front() {
		p := e.Value.(*pinged)
		if wait := p.due.Sub(now); wait > 0 {
			// Those that came at about the same time are taken together.
			a.timer = time.AfterFunc(max(wait, a.every/100), a.tick)
			return
		}
		p.due = now.Add(a.every)
		a.order.MoveToBack(e)
		p.under.Go(func() { a.ping(p.conn) })
	}
	a.timer = nil
}

func (a *alive) ping(conn pinger) {
	ctx, cancel := context.WithTimeout(context.Background(), a.within)
	defer cancel()
	if err := conn.Ping(ctx); err != nil {
		_ = conn.CloseNow()
	}
}

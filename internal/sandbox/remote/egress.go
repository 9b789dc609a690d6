package remote

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxd/wire"
)

const (
	spares    = 4  // streams that wait for a program's connection
	maxEgress = 64 // connections of one sandbox that are served at once
)

// openEgress holds streams ready at the executor, on which the connections of programs come out: here, with the caller,
// where it is decided what they may reach. The executor needs no network for it.
func (b *box) openEgress(serve func(net.Conn)) {
	slots := make(chan struct{}, maxEgress)
	waiting := make(chan struct{}, spares)
	b.egress.Go(func() {
		for {
			select {
			case waiting <- struct{}{}:
			case <-b.life.Done():
				return
			}
			select {
			case slots <- struct{}{}:
			case <-b.life.Done():
				return
			}
			b.egress.Go(func() {
				defer func() { <-slots }()
				b.serveOne(serve, func() { <-waiting })
			})
		}
	})
}

// serveOne waits on one stream until a program's connection comes out of it, makes room for the next, and serves.
func (b *box) serveOne(serve func(net.Conn), used func()) {
	conn, err := b.e.upgrade(b.life, b.path("/egress"))
	if err != nil {
		if errors.Is(err, sandbox.ErrDestroyed) && !b.isDestroyed() {
			b.die(err)
		}
		select {
		case <-b.life.Done():
		case <-time.After(time.Second): // not in a hot loop
		}
		used()
		return
	}
	defer conn.Close()
	stop := context.AfterFunc(b.life, func() { _ = conn.Close() })
	defer stop()
	var word [1]byte
	_, err = io.ReadFull(conn, word[:])
	used()
	if err != nil || word[0] != wire.Go {
		return
	}
	serve(conn)
}

package initbox

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"

	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/native/wire"
)

// maxEgress bounds the connections that are served at once; more of them wait in the socket's queue.
const maxEgress = 64

// egress answers the one port inside that leads anywhere. The init opens the port and hands the listening socket out:
// connections reach this process without a network, and nothing inside can listen in the init's place, because it is asked
// before any program runs.
type egress struct {
	listener net.Listener
	accept   sync.WaitGroup
	serving  sync.WaitGroup
	slots    chan struct{}

	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]bool
}

func (b *Box) openEgress(ctx context.Context, serve func(net.Conn)) error {
	_, portText, err := net.SplitHostPort(sandbox.ProxyAddress)
	if err != nil {
		return err
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return err
	}
	_, fds, err := b.ask(ctx, wire.Request{Op: wire.OpListen, Port: port})
	if err != nil || len(fds) != 1 {
		closeFDs(fds)
		return fmt.Errorf("open the way out (%d sockets): %w", len(fds), err)
	}
	f := os.NewFile(uintptr(fds[0]), "egress")
	defer f.Close()
	listener, err := net.FileListener(f)
	if err != nil {
		return fmt.Errorf("use the sandbox's way out: %w", err)
	}
	b.egress = &egress{listener: listener, slots: make(chan struct{}, maxEgress), conns: map[net.Conn]bool{}}
	b.egress.accept.Go(func() { b.egress.run(serve) })
	return nil
}

func (e *egress) run(serve func(net.Conn)) {
	for {
		e.slots <- struct{}{}
		conn, err := e.listener.Accept()
		if err != nil || !e.add(conn) {
			return // closed: a socket on the loopback device has no other reason to stop accepting
		}
		go func() {
			defer e.serving.Done()
			defer func() { <-e.slots }()
			defer e.drop(conn)
			serve(conn)
		}()
	}
}

func (e *egress) add(conn net.Conn) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		_ = conn.Close()
		return false
	}
	e.serving.Add(1) // here, so that close, which waits, sees all there will ever be
	e.conns[conn] = true
	return true
}

func (e *egress) drop(conn net.Conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.conns, conn)
	_ = conn.Close() // a second time, if the server kept its word
}

// close ends what is under way and waits for it.
func (e *egress) close() {
	if e == nil {
		return
	}
	_ = e.listener.Close()
	e.mu.Lock()
	e.closed = true
	for conn := range e.conns {
		_ = conn.Close()
	}
	e.mu.Unlock()
	e.serving.Wait() // first: a place may be needed for the accepting side to see that it is over
	e.accept.Wait()
}

// ProxyEnv tells programs where the way out is. What a Spec sets itself wins.
func ProxyEnv(env map[string]string) map[string]string {
	const proxy, direct = "http://" + sandbox.ProxyAddress, "localhost,127.0.0.1,::1"
	out := map[string]string{
		"HTTP_PROXY": proxy, "http_proxy": proxy, "HTTPS_PROXY": proxy, "https_proxy": proxy, "NO_PROXY": direct, "no_proxy": direct,
	}
	for k, v := range env {
		out[k] = v
	}
	return out
}

package chaos

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// cutting is a way in which a connection to the database fails.
type cutting string

// The ways.
const (
	passing    cutting = ""           // none
	resetting  cutting = "reset"      // connections are reset, and new ones, too
	stalling   cutting = "stall"      // what is sent is held back, and arrives when it heals
	blackholed cutting = "black hole" // what is sent is lost, and nobody says so; when it heals, such connections are reset
)

// proxy stands between one replica and the database.
type proxy struct {
	listener net.Listener
	dial     func(context.Context) (net.Conn, error)

	mu     sync.Mutex
	mode   cutting
	healed chan struct{} // closed while it passes
	links  map[*link]bool
	all    sync.WaitGroup
}

type link struct {
	up, down net.Conn
	lost     bool // some of it is in the black hole
}

func newProxy(ctx context.Context, dial func(context.Context) (net.Conn, error)) (*proxy, error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{listener: listener, dial: dial, healed: make(chan struct{}), links: map[*link]bool{}}
	close(p.healed)
	p.all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			p.all.Go(func() { p.serve(ctx, conn) })
		}
	})
	return p, nil
}

func (p *proxy) address() string { return p.listener.Addr().String() }

func (p *proxy) serve(ctx context.Context, down net.Conn) {
	if p.now() == resetting {
		reset(down)
		return
	}
	up, err := p.dial(ctx)
	if err != nil {
		reset(down)
		return
	}
	l := &link{up: up, down: down}
	p.mu.Lock()
	p.links[l] = true
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { p.copy(l, up, down) })
	both.Go(func() { p.copy(l, down, up) })
	both.Wait()
	p.mu.Lock()
	delete(p.links, l)
	p.mu.Unlock()
}

// copy passes on what comes, as the mode of the moment says. The end of one direction ends both.
func (p *proxy) copy(l *link, to, from net.Conn) {
	defer func() { _, _ = to.Close(), from.Close() }()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		p.mu.Lock()
		mode, healed := p.mode, p.healed
		if mode == blackholed && n > 0 {
			l.lost = true
		}
		p.mu.Unlock()
		if mode == stalling {
			<-healed
		}
		if n > 0 && mode != blackholed {
			if _, werr := to.Write(buffer[:n]); werr != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (p *proxy) now() cutting {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mode
}

// cut begins a failure.
func (p *proxy) cut(mode cutting) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mode == passing {
		p.healed = make(chan struct{})
	}
	p.mode = mode
	if mode == resetting {
		for l := range p.links {
			reset(l.down)
			reset(l.up)
		}
	}
}

// heal ends it.
func (p *proxy) heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mode == passing {
		return
	}
	p.mode = passing
	close(p.healed)
	for l := range p.links {
		if l.lost {
			reset(l.down)
			reset(l.up)
		}
	}
}

// close ends every connection, and waits for that.
func (p *proxy) close() error {
	err := p.listener.Close()
	p.heal()
	p.mu.Lock()
	for l := range p.links {
		_, _ = l.up.Close(), l.down.Close()
	}
	p.mu.Unlock()
	p.all.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// reset ends a connection with RST, as a machine that was switched off and on again does.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

// dialer reaches the database itself.
func dialer(network, address string) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) {
		d := net.Dialer{Timeout: 5 * time.Second}
		return d.DialContext(ctx, network, address)
	}
}

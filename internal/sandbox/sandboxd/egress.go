package sandboxd

import (
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxd/wire"
)

// outlet brings the connections that programs make to their way out together with the streams that the caller holds ready
// for them. The decision what may pass is the caller's: the executor looks at none of it.
type outlet struct {
	ready chan stub // the caller's streams, handed over one by one
	gone  <-chan struct{}
}

// stub is one of the caller's streams; done is closed when it has been used.
type stub struct {
	conn net.Conn
	done chan struct{}
}

// outletPatience is how long a connection waits for a stream of the caller's.
const outletPatience = 30 * time.Second

func newOutlet(gone <-chan struct{}) *outlet { return &outlet{ready: make(chan stub), gone: gone} }

// serve is the sandbox's Egress.
func (o *outlet) serve(inside net.Conn) {
	defer inside.Close()
	patience := time.NewTimer(outletPatience)
	defer patience.Stop()
	for {
		select {
		case outside := <-o.ready:
			if o.join(inside, outside) {
				return
			}
		case <-o.gone:
			return
		case <-patience.C:
			return
		}
	}
}

// join is false if the caller had dropped his stream.
func (o *outlet) join(inside net.Conn, outside stub) bool {
	defer close(outside.done)
	if _, err := outside.conn.Write([]byte{wire.Go}); err != nil {
		return false
	}
	over := make(chan struct{})
	defer close(over)
	go func() {
		select {
		case <-o.gone:
			_ = inside.Close()
			_ = outside.conn.Close()
		case <-over:
		}
	}()
	splice(inside, outside.conn)
	return true
}

// egress keeps one of the caller's streams until a program needs it. Waiting is no use of the sandbox: a caller whose machine
// vanished would keep it alive for ever.
func (s *Server) egress(w http.ResponseWriter, r *http.Request, b *box) error {
	if b.out == nil {
		return qlp.Errorf(qlp.Conflict, "the sandbox was made without a way out")
	}
	if !strings.EqualFold(r.Header.Get("Upgrade"), wire.Upgrade) {
		return qlp.Errorf(qlp.Invalid, "this is for connections that upgrade to %s", wire.Upgrade)
	}
	conn, err := upgrade(w)
	if err != nil {
		s.log.WarnContext(r.Context(), "Stream not upgraded", "sandbox", b.id, "err", err)
		return nil // the connection is taken over: there is nobody to tell
	}
	if !b.hold(conn) {
		_ = conn.Close()
		return nil
	}
	go func() {
		defer b.release(conn)
		st := stub{conn: conn, done: make(chan struct{})}
		select {
		case b.out.ready <- st:
			<-st.done
		case <-b.gone:
		}
	}()
	return nil
}

package sandboxd

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"syscall"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxd/wire"
)

// run is one command that may be asked about: a service, or a command that can be cancelled.
type run struct {
	cancel  context.CancelCauseFunc
	process sandbox.Process // nil: a command, not a service
}

// order is a request to run something, taken apart.
type order struct {
	cmd  wire.Cmd
	run  sandbox.Cmd
	gate chan struct{} // closed when the stream has started
	out  *stream
	ctx  context.Context //nolint:containedctx // it is the request's, with a second way to end
	lose context.CancelCauseFunc
}

// order reads the command and prepares the stream of its events.
func (s *Server) order(w http.ResponseWriter, r *http.Request) (*order, error) {
	body := bufio.NewReaderSize(http.MaxBytesReader(w, r.Body, maxInput), 32<<10)
	o := &order{gate: make(chan struct{})}
	line, err := readLine(body)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&o.cmd); err != nil {
		return nil, qlp.Errorf(qlp.Invalid, "read command: %w", err)
	}
	env, err := wire.Env(o.cmd.Env)
	if err != nil {
		return nil, err
	}
	o.ctx, o.lose = context.WithCancelCause(r.Context())
	o.out = newStream(w, s.cfg.Patience, o.lose)
	o.run = sandbox.Cmd{Env: env, Dir: string(o.cmd.Dir), Limits: sandbox.Limits(o.cmd.Limits)}
	for _, a := range o.cmd.Argv {
		o.run.Argv = append(o.run.Argv, string(a))
	}
	if o.cmd.Stdout {
		o.run.Stdout = sink{o.out, wire.Stdout, o.gate}
	}
	if o.cmd.Stderr {
		o.run.Stderr = sink{o.out, wire.Stderr, o.gate}
	}
	if o.cmd.Stdin {
		_ = o.out.ctl.EnableFullDuplex() // HTTP/1.1 alone is served
		// Letting go of the input sets a deadline. Should the server be waiting for the next request by then, it takes that
		// for the end of the connection, and every later request on it would begin with a cancelled context.
		w.Header().Set("Connection", "close")
		o.run.Stdin = input{body, o.lose}
		return o, nil
	}
	// The body is read to its end, so that the server notices when the caller goes away.
	if n, err := io.Copy(io.Discard, io.LimitReader(body, 1)); n > 0 || err != nil {
		return nil, qlp.Errorf(qlp.Invalid, "read command: something follows it, and it has no input")
	}
	return o, nil
}

// maxInput bounds the input of one program.
const maxInput = 4 << 30

func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > wire.MaxBody {
			return nil, qlp.Errorf(qlp.Exhausted, "read command: it is longer than %d bytes", wire.MaxBody)
		}
		if err == nil {
			return line, nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, qlp.Errorf(qlp.Invalid, "read command: it ends without a line feed: %w", err)
		}
	}
}

// exec runs a command to its end. The caller's going away ends the command.
func (s *Server) exec(w http.ResponseWriter, r *http.Request, b *box) error {
	o, err := s.order(w, r)
	if err != nil {
		return err
	}
	defer o.lose(nil)
	if err := b.add(o.cmd.ID, &run{cancel: o.lose}); err != nil {
		return err
	}
	defer b.forget(o.cmd.ID)
	o.out.send(wire.Event{Event: wire.Start})
	close(o.gate)
	stop := o.out.ping(s.cfg.Ping)
	res, err := b.sb.Exec(o.ctx, o.run)
	stop()
	o.out.exit(res, err)
	o.letGo()
	return nil
}

// letGo ends a read of input that nobody will use.
func (o *order) letGo() {
	if o.cmd.Stdin {
		_ = o.out.ctl.SetReadDeadline(time.Unix(1, 0))
	}
}

// start runs a service. Its stream may be lost; the service goes on.
func (s *Server) start(w http.ResponseWriter, r *http.Request, b *box) error {
	o, err := s.order(w, r)
	if err != nil {
		return err
	}
	defer o.lose(nil)
	entry := &run{cancel: o.lose}
	if err := b.add(o.cmd.ID, entry); err != nil {
		return err
	}
	p, err := b.sb.Start(o.ctx, o.run)
	if err != nil {
		o.out.end()
		close(o.gate)
		b.forget(o.cmd.ID)
		o.letGo()
		return err
	}
	b.mu.Lock()
	entry.process = p
	b.mu.Unlock()
	o.out.send(wire.Event{Event: wire.Start})
	close(o.gate)
	s.follow(o.ctx, o.out, p)
	o.letGo()
	return nil
}

// follow sends what is to be known of a service until it ends, or until the reader has gone.
func (s *Server) follow(ctx context.Context, out *stream, p sandbox.Process) {
	stop := out.ping(s.cfg.Ping)
	res, err := p.Wait(ctx)
	stop()
	if ctx.Err() != nil {
		out.end()
		return
	}
	out.exit(res, err)
}

// wait follows a service from now on, for a caller who has lost its stream.
func (s *Server) wait(w http.ResponseWriter, r *http.Request, b *box) error {
	p, err := b.service(r.PathValue("pid"))
	if err != nil {
		return err
	}
	ctx, lose := context.WithCancelCause(r.Context())
	defer lose(nil)
	out := newStream(w, s.cfg.Patience, lose)
	out.send(wire.Event{Event: wire.Start})
	s.follow(ctx, out, p)
	return nil
}

func (b *box) service(id string) (sandbox.Process, error) {
	r, err := b.find(id)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.process == nil {
		return nil, qlp.Errorf(qlp.Conflict, "the command %s is no service that runs", id)
	}
	return r.process, nil
}

// kill ends a service and answers with its result, or cancels a command, whose result goes to its own caller.
func (s *Server) kill(w http.ResponseWriter, r *http.Request, b *box) error {
	entry, err := b.find(r.PathValue("pid"))
	if err != nil {
		return err
	}
	b.mu.Lock()
	p := entry.process
	b.mu.Unlock()
	if p == nil {
		entry.cancel(context.Canceled)
		w.WriteHeader(http.StatusAccepted)
		return nil
	}
	res, err := p.Kill(r.Context())
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, wire.Result(res))
}

func (s *Server) signal(w http.ResponseWriter, r *http.Request, b *box) error {
	p, err := b.service(r.PathValue("pid"))
	if err != nil {
		return err
	}
	var body wire.Signal
	if err := decode(w, r, &body); err != nil {
		return err
	}
	if err := p.Signal(r.Context(), syscall.Signal(body.Signal)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

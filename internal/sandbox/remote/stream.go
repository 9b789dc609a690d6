package remote

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxd/wire"
)

const (
	startPatience = 5 * time.Second  // until a command can be cancelled by name
	killPatience  = 15 * time.Second // between the order to kill and the exit
	endPatience   = 5 * time.Second  // between the end of the sandbox and the exit
	reattach      = 3                // times that a service's lost stream is taken up again
)

// stream is one command on an executor, from the request to its Result.
type stream struct {
	b       *box
	id      string
	service bool
	cmd     sandbox.Cmd
	limits  sandbox.Limits

	ctx     context.Context //nolint:containedctx // the stream's own: it outlives the call that began it
	abort   context.CancelCauseFunc
	begun   time.Time
	started chan struct{} // closed at the Start event
	begin   sync.Once
	done    chan struct{} // closed when res and err are set
	res     sandbox.Result
	err     error
}

// open sends the command. What comes of it is told by the channels.
func (b *box) open(path string, cmd sandbox.Cmd) (*stream, error) {
	s := &stream{
		b: b, id: rand.Text(), service: path == "/start", cmd: cmd, limits: b.limits.Lower(cmd.Limits), begun: time.Now(),
		started: make(chan struct{}), done: make(chan struct{}),
	}
	body, feed, err := s.body()
	if err != nil {
		return nil, err
	}
	s.ctx, s.abort = context.WithCancelCause(context.Background())
	release := context.AfterFunc(b.life, s.ending)
	r := request{method: http.MethodPost, path: b.path(path), body: body, header: map[string]string{"Content-Type": "application/x-ndjson"}}
	go func() {
		defer close(s.done)
		defer release()
		defer s.abort(nil)
		if feed != nil {
			defer feed.Close()
		}
		s.follow(r)
	}()
	return s, nil
}

// body is the command's line, and its input behind that.
func (s *stream) body() (io.Reader, io.Closer, error) {
	c := wire.Cmd{
		ID: s.id, Env: wire.Pairs(s.cmd.Env), Dir: []byte(s.cmd.Dir), Limits: wire.Limits(s.cmd.Limits),
		Stdin: s.cmd.Stdin != nil, Stdout: s.cmd.Stdout != nil, Stderr: s.cmd.Stderr != nil,
	}
	for _, a := range s.cmd.Argv {
		c.Argv = append(c.Argv, []byte(a))
	}
	line, err := json.Marshal(c)
	if err != nil {
		return nil, nil, qlp.Errorf(qlp.Invalid, "encode command: %w", err)
	}
	line = append(line, '\n')
	if s.cmd.Stdin == nil {
		return bytes.NewReader(line), nil, nil
	}
	// A Reader that blocks must hold up this goroutine only, not the request.
	r, w := io.Pipe()
	go func() {
		_, err := io.Copy(w, s.cmd.Stdin)
		if err != nil && !errors.Is(err, io.ErrClosedPipe) {
			err = nil // as with a pipe: the input is over
		}
		_ = w.CloseWithError(err)
	}()
	return io.MultiReader(bytes.NewReader(line), r), r, nil
}

// ending is called when the sandbox ends. An executor that lives tells how the command ended, soon.
func (s *stream) ending() {
	why := s.b.gone()
	if why == nil {
		why = context.Cause(s.b.life)
	}
	if !s.b.isDestroyed() {
		s.abort(why)
		return
	}
	select {
	case <-s.done:
	case <-time.After(endPatience):
		s.abort(why)
	}
}

func (b *box) isDestroyed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.destroyed
}

// follow reads events to the exit, and of a service takes up a lost stream again.
func (s *stream) follow(r request) {
	for try := 0; ; try++ {
		err := s.read(r)
		if err == nil {
			return
		}
		if !s.service || !s.hasStarted() || s.ctx.Err() != nil || try == reattach || !lost(err) {
			s.lose(err)
			return
		}
		select {
		case <-time.After(time.Duration(try+1) * 100 * time.Millisecond):
		case <-s.ctx.Done():
		}
		r = request{method: http.MethodGet, path: s.b.path("/processes/" + s.id)}
	}
}

func lost(err error) bool {
	_, away := errors.AsType[*lostError](err)
	return away || errors.Is(err, wire.ErrStream)
}

func (s *stream) hasStarted() bool {
	select {
	case <-s.started:
		return true
	default:
		return false
	}
}

// read follows one stream; nil means that the exit came.
func (s *stream) read(r request) error {
	ctx, quiet := context.WithCancelCause(s.ctx)
	defer quiet(nil)
	silence := s.b.d.cfg.Silence
	watchdog := time.AfterFunc(silence, func() { quiet(&lostError{s.b.e.name(), fmt.Errorf("it said nothing for %s", silence)}) })
	defer watchdog.Stop()
	if s.service && !s.hasStarted() {
		watchdog.Stop() // the answer comes when the service has started; the caller's own patience counts
	}
	resp, err := s.b.e.send(ctx, r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	dec := wire.NewDecoder(resp.Body, 4*s.limits.Output+4*sandbox.MiB)
	for {
		watchdog.Reset(silence)
		e, err := dec.Next()
		watchdog.Stop() // a slow sink is not the executor's silence
		if err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return err
		}
		switch e.Event {
		case wire.Start:
			s.begin.Do(func() { close(s.started) })
		case wire.Stdout:
			s.cmd.Stdout = pass(s.cmd.Stdout, e.Data)
		case wire.Stderr:
			s.cmd.Stderr = pass(s.cmd.Stderr, e.Data)
		case wire.Exit:
			s.exit(e)
			_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<10)) // so that the connection can be used again
			return nil
		}
	}
}

// pass gives data to a sink, and returns nil for one that went away.
func pass(w io.Writer, data []byte) io.Writer {
	if w == nil {
		return nil
	}
	if _, err := w.Write(data); err != nil {
		return nil
	}
	return w
}

func (s *stream) exit(e wire.Event) {
	if e.Result != nil {
		s.res = sandbox.Result(*e.Result)
	}
	if e.Problem != nil {
		s.err = e.Problem.Err()
	}
}

// lose makes the Result of a command whose end nobody saw.
func (s *stream) lose(err error) {
	if s.b.isDestroyed() {
		s.res = sandbox.Result{Verdict: sandbox.Canceled, Reason: sandbox.ReasonDestroyed, ExitCode: -1, Wall: time.Since(s.begun)}
		return
	}
	if !s.hasStarted() && !lost(err) && s.ctx.Err() == nil {
		s.err = err // refused: it never ran
		return
	}
	s.res = sandbox.Result{Verdict: sandbox.InternalError, Reason: sandbox.ReasonInitLost, ExitCode: -1, Wall: time.Since(s.begun)}
	s.err = qlp.Errorf(qlp.Internal, "executor %s lost the command: %w", s.b.e.name(), err)
}

package remote

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxd/wire"
)

// Exec implements sandbox.Sandbox.
func (b *box) Exec(ctx context.Context, cmd sandbox.Cmd) (sandbox.Result, error) {
	s, err := b.launch(ctx, "/exec", cmd)
	if err != nil {
		return sandbox.Result{}, err
	}
	select {
	case <-s.done:
	case <-ctx.Done():
		s.cancel(context.WithoutCancel(ctx))
	}
	return s.outcome()
}

func (b *box) launch(ctx context.Context, path string, cmd sandbox.Cmd) (*stream, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err := b.gone(); err != nil {
		return nil, err
	}
	return b.open(path, cmd)
}

// outcome waits for the end.
func (s *stream) outcome() (sandbox.Result, error) {
	<-s.done
	return s.res, s.err
}

// cancel has the executor kill the command and waits until it has, so that what the caller runs next runs alone. An executor
// that does not answer is cut off, which kills the command too, but nobody can say when.
func (s *stream) cancel(ctx context.Context) {
	ctx, stop := context.WithTimeout(ctx, killPatience)
	defer stop()
	select {
	case <-s.started:
		_ = s.b.e.call(ctx, request{method: http.MethodPost, path: s.b.path("/processes/" + s.id + "/kill")}, nil)
	case <-s.done:
		return
	case <-time.After(startPatience):
	}
	if s.hasStarted() {
		select {
		case <-s.done:
			return
		case <-ctx.Done():
		}
	}
	s.abort(fmt.Errorf("the executor did not confirm the kill: %w", context.Canceled))
}

// Start implements sandbox.Sandbox.
func (b *box) Start(ctx context.Context, cmd sandbox.Cmd) (sandbox.Process, error) {
	s, err := b.launch(ctx, "/start", cmd)
	if err != nil {
		return nil, err
	}
	select {
	case <-s.started:
	case <-s.done:
		if !s.hasStarted() {
			return nil, s.err
		}
	case <-ctx.Done():
		s.abort(context.Cause(ctx))
		kill, stop := context.WithTimeout(context.WithoutCancel(ctx), startPatience)
		defer stop()
		_ = b.e.call(kill, request{method: http.MethodPost, path: b.path("/processes/" + s.id + "/kill")}, nil)
		return nil, context.Cause(ctx)
	}
	return &process{s}, nil
}

// process is a service on an executor.
type process struct{ s *stream }

// Wait implements sandbox.Process.
func (p *process) Wait(ctx context.Context) (sandbox.Result, error) {
	select {
	case <-p.s.done:
		return p.s.res, p.s.err
	default:
	}
	select {
	case <-p.s.done:
		return p.s.res, p.s.err
	case <-ctx.Done():
		return sandbox.Result{}, context.Cause(ctx)
	}
}

// Signal implements sandbox.Process.
func (p *process) Signal(ctx context.Context, sig syscall.Signal) error {
	select {
	case <-p.s.done:
		return os.ErrProcessDone
	default:
	}
	body, err := encode(wire.Signal{Signal: int(sig)})
	if err != nil {
		return err
	}
	path := p.s.b.path("/processes/" + p.s.id + "/signal")
	return p.s.b.e.call(ctx, request{method: http.MethodPost, path: path, body: body, timeout: requestTimeout}, nil)
}

// Kill implements sandbox.Process.
func (p *process) Kill(ctx context.Context) (sandbox.Result, error) {
	select {
	case <-p.s.done:
		return p.s.res, p.s.err
	default:
	}
	var res wire.Result
	err := p.s.b.e.call(ctx, request{method: http.MethodPost, path: p.s.b.path("/processes/" + p.s.id + "/kill"), timeout: requestTimeout}, &res)
	if err != nil {
		select {
		case <-p.s.done: // it ended, or its sandbox did
			return p.s.res, p.s.err
		case <-time.After(endPatience / 5):
			return sandbox.Result{}, fmt.Errorf("kill service: %w", err)
		}
	}
	// The stream tells the same, and sinks have everything when it ends.
	waiting, stop := context.WithTimeout(ctx, endPatience)
	defer stop()
	if again, err := p.Wait(waiting); err == nil {
		return again, nil
	}
	return sandbox.Result(res), nil
}

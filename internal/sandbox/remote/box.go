package remote

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxd/wire"
)

// box is one sandbox on an executor.
type box struct {
	d      *Driver
	e      *executor
	id     string
	idle   time.Duration
	limits sandbox.Limits

	life   context.Context //nolint:containedctx // it is the sandbox's own life: all that belongs to it ends with it
	end    context.CancelCauseFunc
	egress sync.WaitGroup
	once   sync.Once
	err    error // of Destroy

	mu        sync.Mutex
	touched   time.Time
	destroyed bool
}

var _ sandbox.Sandbox = (*box)(nil)

func newBox(d *Driver, e *executor, made wire.Created, spec sandbox.Spec) *box {
	b := &box{d: d, e: e, id: made.ID, idle: time.Duration(made.IdleSeconds * float64(time.Second)), limits: spec.Limits.WithDefaults(), touched: time.Now()}
	b.life, b.end = context.WithCancelCause(context.Background())
	return b
}

// ID implements sandbox.Sandbox.
func (b *box) ID() string { return b.e.name() + "/" + b.id }

func (b *box) path(rest string) string { return "/v1/sandboxes/" + b.id + rest }

// gone is ErrDestroyed, or why the sandbox is no more.
func (b *box) gone() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.destroyed {
		return sandbox.ErrDestroyed
	}
	if b.life.Err() != nil {
		return qlp.Errorf(qlp.Internal, "%w: %v", sandbox.ErrDestroyed, context.Cause(b.life))
	}
	return nil
}

// die ends what is under way in a sandbox whose executor is lost.
func (b *box) die(why error) { b.end(why) }

// bound makes a context that also ends with the sandbox.
func (b *box) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(b.life, func() { cancel(b.gone()) })
	return ctx, func() { stop(); cancel(nil) }
}

// touch tells the executor now and then that the sandbox is still wanted.
func (b *box) touch(ctx context.Context) {
	b.mu.Lock()
	due := b.idle > 0 && time.Since(b.touched) > b.idle/4
	if due {
		b.touched = time.Now()
	}
	b.mu.Unlock()
	if !due {
		return
	}
	err := b.e.call(ctx, request{method: http.MethodPost, path: b.path("/touch"), timeout: requestTimeout}, nil)
	if errors.Is(err, sandbox.ErrDestroyed) {
		b.die(fmt.Errorf("the executor has ended the sandbox: %w", err))
	}
}

// Put implements sandbox.Sandbox.
func (b *box) Put(ctx context.Context, tree io.Reader) error {
	if err := b.gone(); err != nil {
		return err
	}
	ctx, cancel := b.bound(ctx)
	defer cancel()
	src := &source{r: tree}
	err := b.e.call(ctx, request{
		method: http.MethodPut, path: b.path("/files"), body: src, header: map[string]string{"Content-Type": "application/x-tar"},
	}, nil)
	if own := src.failed(); own != nil {
		return own // the tree could not be read; that the request then failed is no news
	}
	if err != nil {
		return fmt.Errorf("put files into the sandbox: %w", err)
	}
	return nil
}

// source remembers that the caller's reader failed. It is no Closer and has no length: the transport sends it in chunks.
type source struct {
	r   io.Reader
	mu  sync.Mutex
	err error
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrClosedPipe) {
		s.mu.Lock()
		s.err = err
		s.mu.Unlock()
	}
	return n, err
}

func (s *source) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Get implements sandbox.Sandbox.
func (b *box) Get(ctx context.Context, patterns []string, lim sandbox.CopyLimits) (io.ReadCloser, error) {
	if err := b.gone(); err != nil {
		return nil, err
	}
	q := url.Values{"pattern": patterns}
	if lim.Bytes > 0 {
		q.Set("bytes", strconv.FormatInt(lim.Bytes, 10))
	}
	if lim.Files > 0 {
		q.Set("files", strconv.Itoa(lim.Files))
	}
	ctx, cancel := b.bound(ctx)
	resp, err := b.e.send(ctx, request{method: http.MethodGet, path: b.path("/files"), query: q}) //nolint:bodyclose // the archive closes it
	if err != nil {
		cancel()
		return nil, fmt.Errorf("get files from the sandbox: %w", err)
	}
	return &archive{ctx: ctx, resp: resp, cancel: cancel}, nil
}

// archive is a stream of files that must end as it should.
type archive struct {
	ctx    context.Context //nolint:containedctx // a reader has no other way to learn why it failed
	resp   *http.Response
	cancel context.CancelFunc
}

// Read implements io.Reader.
func (a *archive) Read(p []byte) (int, error) {
	n, err := a.resp.Body.Read(p)
	switch {
	case errors.Is(err, io.EOF):
		return n, a.ending()
	case err != nil && a.ctx.Err() != nil:
		return n, context.Cause(a.ctx)
	case err != nil:
		return n, fmt.Errorf("read files of the sandbox: %w", err)
	}
	return n, nil
}

// ending is io.EOF if the executor says that all was sent.
func (a *archive) ending() error {
	if text := a.resp.Trailer.Get(wire.ProblemTrailer); text != "" {
		var p wire.Problem
		raw, err := base64.StdEncoding.DecodeString(text)
		if err == nil {
			err = json.Unmarshal(raw, &p)
		}
		if err != nil {
			return qlp.Errorf(qlp.Internal, "the executor's archive failed, and why cannot be read: %w", err)
		}
		return p.Err()
	}
	if a.resp.Trailer.Get(wire.EndTrailer) != "ok" {
		return qlp.Errorf(qlp.Internal, "the executor's archive was cut off")
	}
	return io.EOF
}

// Close implements io.Closer.
func (a *archive) Close() error {
	a.cancel()
	return a.resp.Body.Close()
}

// Stats implements sandbox.Sandbox.
func (b *box) Stats(ctx context.Context) (sandbox.Usage, error) {
	if err := b.gone(); err != nil {
		return sandbox.Usage{}, err
	}
	var u sandbox.Usage
	ctx, cancel := b.bound(ctx)
	defer cancel()
	err := b.e.call(ctx, request{method: http.MethodGet, path: b.path("/stats"), timeout: requestTimeout}, &u)
	return u, err
}

// Destroy implements sandbox.Sandbox. An executor that cannot be reached any more destroys the sandbox by itself, when
// nobody has used it for a while: that is not this caller's error.
func (b *box) Destroy(ctx context.Context) error {
	b.once.Do(func() {
		b.mu.Lock()
		b.destroyed = true
		b.mu.Unlock()
		err := b.e.call(context.WithoutCancel(ctx), request{method: http.MethodDelete, path: b.path(""), timeout: requestTimeout}, nil)
		_, lost := errors.AsType[*lostError](err)
		switch {
		case lost:
			b.d.log.WarnContext(ctx, "Sandbox left to its executor", "sandbox", b.ID(), "err", err)
		case err != nil && !errors.Is(err, sandbox.ErrDestroyed):
			b.err = fmt.Errorf("destroy sandbox %s: %w", b.ID(), err)
		}
		b.end(sandbox.ErrDestroyed)
		b.egress.Wait()
		b.d.forget(b)
	})
	return b.err
}

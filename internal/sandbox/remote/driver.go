package remote

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxd/wire"
)

// Config is the driver's. Executors and Token are needed.
type Config struct {
	// Executors are the addresses of the sandboxds: https://host:port, or http:// on this machine.
	Executors []string
	// Token is the executors' own.
	Token string
	// TLS says whom to trust; nil means the system's authorities.
	TLS *tls.Config
	// AllowPlain lets the token go in clear over a network. It is for networks that encrypt by themselves.
	AllowPlain bool
	// PerExecutor bounds the sandboxes on one executor; zero means what the executor allows.
	PerExecutor int
	// Patience is how long Create waits while every executor is full: 30 seconds.
	Patience time.Duration
	// Check is how often each executor's health is looked at: 2 seconds. After three failures in a row it is dead.
	Check time.Duration
	// Silence is how long a stream may say nothing, not even that it is alive: 20 seconds.
	Silence time.Duration
}

// Driver makes sandboxes on a pool of executors.
type Driver struct {
	cfg  Config
	log  *slog.Logger
	pool []*executor
	quit context.CancelFunc
	work sync.WaitGroup

	mu     sync.Mutex
	closed bool
	alive  map[*box]bool
}

var _ sandbox.Driver = (*Driver)(nil)

// New makes a Driver. It does not speak to the executors yet: one that is down now may be up when it is needed. ctx bounds
// the making only.
func New(ctx context.Context, log *slog.Logger, cfg Config) (*Driver, error) {
	if len(cfg.Executors) == 0 || cfg.Token == "" {
		return nil, qlp.Errorf(qlp.Invalid, "the remote driver needs an executor's address and its token").
			WithRemedy("start one with `qlp sandboxd --listen 127.0.0.1:8090 --token-file FILE`")
	}
	def(&cfg.Patience, 30*time.Second)
	def(&cfg.Check, 2*time.Second)
	def(&cfg.Silence, 20*time.Second)
	d := &Driver{cfg: cfg, log: log.With("room", "sandbox", "driver", "remote"), alive: map[*box]bool{}}
	for _, address := range cfg.Executors {
		e, err := newExecutor(address, cfg)
		if err != nil {
			return nil, err
		}
		d.pool = append(d.pool, e)
	}
	ctx, d.quit = context.WithCancel(context.WithoutCancel(ctx))
	for _, e := range d.pool {
		d.work.Go(func() { d.look(ctx, e) })
	}
	return d, nil
}

func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Name implements sandbox.Driver.
func (d *Driver) Name() string { return "remote" }

// Capabilities implements sandbox.Driver. It is what every executor that answers can do.
func (d *Driver) Capabilities(ctx context.Context) (sandbox.Capabilities, error) {
	var sum *sandbox.Capabilities
	var errs error
	for _, e := range d.pool {
		caps, err := e.capabilities(ctx)
		if err != nil {
			errs = errors.Join(errs, err)
			continue
		}
		sum = weaker(sum, caps.Capabilities)
	}
	if sum == nil {
		return sandbox.Capabilities{}, qlp.Errorf(qlp.Unavailable, "no sandbox executor answers: %w", errs).
			WithRemedy("%s", remedy(errs))
	}
	return *sum, nil
}

func remedy(err error) string {
	if r := qlp.RemedyOf(err); r != "" {
		return r
	}
	return "start a sandboxd at the configured address, or correct the address"
}

// weaker is what both can do.
func weaker(a *sandbox.Capabilities, b sandbox.Capabilities) *sandbox.Capabilities {
	if a == nil {
		return &b
	}
	if !b.Isolation.AtLeast(a.Isolation) {
		a.Isolation, a.Engine = b.Isolation, b.Engine
	}
	for name, how := range b.Enforcement {
		if how != sandbox.Enforced {
			a.Enforcement[name] = how
		}
	}
	a.Dial = a.Dial && b.Dial
	a.Egress = a.Egress && b.Egress
	return a
}

// Create implements sandbox.Driver. It tries the executors from the least loaded on, and waits while all of them are full.
func (d *Driver) Create(ctx context.Context, spec sandbox.Spec) (sandbox.Sandbox, error) {
	ws, err := translate(spec)
	if err != nil {
		return nil, err
	}
	deadline := time.Now().Add(d.cfg.Patience)
	for {
		b, err := d.tryAll(ctx, spec, ws)
		if err == nil {
			return b, nil
		}
		wait, full := fullFor(err)
		if !full || time.Now().Add(wait).After(deadline) {
			return nil, fmt.Errorf("create sandbox: %w", err)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, fmt.Errorf("create sandbox: %w", context.Cause(ctx))
		}
	}
}

// translate says over the wire what can be said. Paths of this machine cannot.
func translate(spec sandbox.Spec) (wire.Spec, error) {
	if len(spec.Mounts) > 0 && spec.Stack == "" {
		return wire.Spec{}, qlp.Errorf(qlp.Invalid, "the sandbox is to see %s of this machine, which an executor elsewhere does not have: %w",
			spec.Mounts[0].HostPath, sandbox.ErrUnsupported).
			WithRemedy("name the stack instead: the executor has its own toolchains")
	}
	if c := spec.Limits.CPUs; math.IsNaN(c) || math.IsInf(c, 0) {
		return wire.Spec{}, qlp.Errorf(qlp.Invalid, "%v processors", c)
	}
	return wire.Spec{
		Limits: wire.Limits(spec.Limits), Env: wire.Pairs(spec.Env), Stack: spec.Stack, Isolation: spec.Isolation,
		Egress: spec.Egress != nil, Require: spec.Require, Labels: spec.Labels,
	}, nil
}

func (d *Driver) tryAll(ctx context.Context, spec sandbox.Spec, ws wire.Spec) (*box, error) {
	var errs, full error
	key := rand.Text()
	for _, e := range d.byLoad() {
		if !e.take() {
			full = errors.Join(full, &busyError{executor: e.name(), retry: time.Second / 4})
			continue
		}
		b, err := d.createOn(ctx, e, key, spec, ws)
		if err == nil {
			return b, nil
		}
		e.give()
		if _, busy := fullFor(err); busy {
			full = errors.Join(full, err)
			continue
		}
		if ctx.Err() != nil || !another(err) {
			return nil, err // another executor would say the same
		}
		errs = errors.Join(errs, err)
	}
	if full != nil {
		return nil, full
	}
	return nil, qlp.Errorf(qlp.Unavailable, "no sandbox executor could make a sandbox: %w", errs).WithRemedy("%s", remedy(errs))
}

// another says whether it is worth asking another executor: this one is unreachable, broken or not able to.
func another(err error) bool {
	switch qlp.CodeOf(err) {
	case qlp.Unavailable, qlp.Internal, qlp.Unauthorized:
		return true
	}
	return errors.Is(err, sandbox.ErrUnsupported)
}

func (d *Driver) createOn(ctx context.Context, e *executor, key string, spec sandbox.Spec, ws wire.Spec) (*box, error) {
	var made wire.Created
	err := e.create(ctx, key, ws, &made)
	if err != nil {
		return nil, err
	}
	b := newBox(d, e, made, spec)
	d.mu.Lock()
	closed := d.closed
	if !closed {
		d.alive[b] = true
	}
	d.mu.Unlock()
	if closed {
		return nil, errors.Join(qlp.Errorf(qlp.Unavailable, "the sandbox driver is closed"), b.Destroy(context.WithoutCancel(ctx)))
	}
	if spec.Egress != nil {
		b.openEgress(spec.Egress)
	}
	return b, nil
}

func (d *Driver) forget(b *box) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.alive[b] {
		delete(d.alive, b)
		b.e.give()
	}
}

// on lists the sandboxes that live on e.
func (d *Driver) on(e *executor) []*box {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []*box
	for b := range d.alive {
		if e == nil || b.e == e {
			list = append(list, b)
		}
	}
	return list
}

// Close implements sandbox.Driver.
func (d *Driver) Close() error {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	var err error
	for _, b := range d.on(nil) {
		err = errors.Join(err, b.Destroy(context.Background()))
	}
	d.quit()
	d.work.Wait()
	for _, e := range d.pool {
		e.http.CloseIdleConnections()
	}
	return err
}

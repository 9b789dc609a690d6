package remote

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxd/wire"
)

const (
	dialTimeout    = 5 * time.Second
	requestTimeout = 30 * time.Second
	createTimeout  = 2 * time.Minute
	deadAfter      = 3 // failed checks
)

// executor is one sandboxd.
type executor struct {
	base   *url.URL
	token  string
	http   *http.Client
	dialer *net.Dialer
	cfg    Config

	mu       sync.Mutex
	mine     int // sandboxes of this driver
	max      int // as the executor says; 0: not known yet
	failures int
}

func newExecutor(address string, cfg Config) (*executor, error) {
	u, err := url.Parse(strings.TrimRight(address, "/"))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" {
		return nil, qlp.Errorf(qlp.Invalid, "%q is no executor's address", address).WithRemedy("write it as https://host:port")
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) && !cfg.AllowPlain {
		return nil, qlp.Errorf(qlp.Invalid, "the token would go to %s in clear", u.Host).
			WithRemedy("use https, or say that the network between is private")
	}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	dialer := &net.Dialer{Timeout: dialTimeout}
	transport := &http.Transport{
		DialContext: dialer.DialContext, TLSClientConfig: cfg.TLS.Clone(), TLSHandshakeTimeout: dialTimeout, DisableCompression: true,
		MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 256 << 10, Protocols: &protocols,
	}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // the token is for this executor alone
	}}
	return &executor{base: u, token: cfg.Token, http: client, dialer: dialer, cfg: cfg}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (e *executor) name() string { return e.base.Host }

// take counts a sandbox in, if there is room for one more.
func (e *executor) take() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if limit := e.limit(); limit > 0 && e.mine >= limit {
		return false
	}
	e.mine++
	return true
}

func (e *executor) give() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.mine--
}

func (e *executor) limit() int {
	switch {
	case e.cfg.PerExecutor == 0:
		return e.max
	case e.max == 0:
		return e.cfg.PerExecutor
	}
	return min(e.max, e.cfg.PerExecutor)
}

// load orders executors: the dead ones last, then by how full they are.
func (e *executor) load() float64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	l := float64(e.mine)
	if limit := e.limit(); limit > 0 {
		l /= float64(limit)
	}
	return l + 1e6*float64(e.failures)
}

func (d *Driver) byLoad() []*executor {
	type at struct {
		e    *executor
		load float64
	}
	list := make([]at, 0, len(d.pool))
	for _, e := range d.pool {
		list = append(list, at{e, e.load()})
	}
	slices.SortStableFunc(list, func(a, b at) int { return cmp.Compare(a.load, b.load) })
	out := make([]*executor, 0, len(list))
	for _, a := range list {
		out = append(out, a.e)
	}
	return out
}

// look checks one executor's health until ctx ends. One that fails three times is dead, and its sandboxes with it.
func (d *Driver) look(ctx context.Context, e *executor) {
	tick := time.NewTicker(d.cfg.Check)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		checking, cancel := context.WithTimeout(ctx, max(d.cfg.Check, time.Second))
		err := e.healthy(checking)
		cancel()
		if ctx.Err() != nil {
			return
		}
		switch e.checked(err) {
		case deadAfter:
			d.log.ErrorContext(ctx, "Executor lost", "executor", e.name(), "err", err)
			for _, b := range d.on(e) {
				b.die(fmt.Errorf("executor %s is lost: %w", e.name(), err))
			}
		case 0:
			for _, b := range d.on(e) {
				b.touch(ctx)
			}
		}
	}
}

func (e *executor) checked(err error) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err == nil {
		e.failures = 0
	} else {
		e.failures++
	}
	return e.failures
}

func (e *executor) healthy(ctx context.Context) error {
	resp, err := e.send(ctx, request{method: http.MethodGet, path: "/healthz"})
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

func (e *executor) capabilities(ctx context.Context) (wire.Capabilities, error) {
	var c wire.Capabilities
	err := e.call(ctx, request{method: http.MethodGet, path: "/v1/capabilities", timeout: requestTimeout}, &c)
	if err == nil {
		e.mu.Lock()
		e.max = c.Max
		e.mu.Unlock()
	}
	return c, err
}

// create asks for a sandbox. The request may be repeated: the key makes it the same sandbox.
func (e *executor) create(ctx context.Context, key string, spec wire.Spec, made *wire.Created) error {
	body, err := json.Marshal(spec)
	if err != nil {
		return qlp.Errorf(qlp.Invalid, "encode spec: %w", err)
	}
	r := request{
		method: http.MethodPost, path: "/v1/sandboxes", body: bytes.NewReader(body), timeout: createTimeout,
		header: map[string]string{wire.KeyHeader: key, "Content-Type": "application/json"},
	}
	err = e.call(ctx, r, made)
	if _, lost := errors.AsType[*lostError](err); lost && ctx.Err() == nil {
		r.body = bytes.NewReader(body)
		err = e.call(ctx, r, made)
	}
	return err
}

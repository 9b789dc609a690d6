package chaos

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/quantumlayer/qlp/internal/client"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// answerTimeout is how long a caller waits for an answer before it calls another replica: a frozen one never answers.
const answerTimeout = 5 * time.Second

// fleet is the replicas of one database. There is nothing in front of them: a caller takes any that answers.
type fleet struct {
	replicas []*replica
	client   *client.Client
	base     *http.Transport
	retries  int
	mu       sync.Mutex
}

func newFleet(replicas []*replica) *fleet {
	f := &fleet{replicas: replicas, base: &http.Transport{ResponseHeaderTimeout: answerTimeout, DisableKeepAlives: true}}
	f.client = client.New("http://any.invalid", "", f)
	return f
}

// errNobody says that no replica listens at the moment.
var errNobody = errors.New("no replica listens")

// RoundTrip sends a request to any replica that listens.
func (f *fleet) RoundTrip(req *http.Request) (*http.Response, error) {
	for _, i := range rand.Perm(len(f.replicas)) { //nolint:gosec // whom a caller takes is no secret
		at, token, ok := f.replicas[i].address()
		if !ok {
			continue
		}
		to, err := url.Parse(at)
		if err != nil {
			return nil, err
		}
		out := req.Clone(req.Context())
		out.URL.Scheme, out.URL.Host, out.Host = to.Scheme, to.Host, to.Host
		out.Header.Set("Authorization", "Bearer "+token)
		return f.base.RoundTrip(out)
	}
	return nil, errNobody
}

// again calls until there is an answer: whatever says that the server, and not the caller, is at fault is tried again.
func again[T any](ctx context.Context, f *fleet, call func(context.Context) (T, error)) (T, error) {
	for {
		bounded, cancel := context.WithTimeout(ctx, 2*answerTimeout)
		out, err := call(bounded)
		cancel()
		switch code := qlp.CodeOf(err); {
		case err == nil, ctx.Err() != nil, code == qlp.Invalid, code == qlp.NotFound, code == qlp.Conflict, code == qlp.Unauthorized, code == qlp.Forbidden:
			return out, err
		}
		f.mu.Lock()
		f.retries++
		f.mu.Unlock()
		pause(ctx, 20*time.Millisecond)
	}
}

// ready waits until every replica listens.
func (f *fleet) ready(ctx context.Context) error {
	for _, r := range f.replicas {
		for {
			if _, _, ok := r.address(); ok {
				break
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			pause(ctx, 5*time.Millisecond)
		}
	}
	return nil
}

// close ends what still runs, however it got there.
func (f *fleet) close() {
	for _, r := range f.replicas {
		r.thaw()
		r.kill()
	}
	f.base.CloseIdleConnections()
}

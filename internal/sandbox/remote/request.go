package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxd/wire"
)

// maxAnswer bounds what is read of an answer that is no stream; a Result with its outputs is the largest.
const maxAnswer = 256 << 20

// request is one request to an executor.
type request struct {
	method  string
	path    string
	query   url.Values
	header  map[string]string
	body    io.Reader
	timeout time.Duration // zero: ctx alone bounds it
}

// lostError says that the executor could not be spoken to, or stopped speaking.
type lostError struct {
	executor string
	err      error
}

// Error says who is lost and how.
func (e *lostError) Error() string {
	return fmt.Sprintf("executor %s does not answer: %v", e.executor, e.err)
}

// Unwrap makes it an Unavailable with a remedy.
func (e *lostError) Unwrap() []error {
	return []error{qlp.Errorf(qlp.Unavailable, "an executor does not answer").WithRemedy("see whether the sandboxd at %s runs and can be reached", e.executor), e.err}
}

// busyError says that an executor is full.
type busyError struct {
	executor string
	retry    time.Duration
}

// Error says which is full.
func (e *busyError) Error() string {
	return fmt.Sprintf("executor %s has all of its sandboxes in use", e.executor)
}

// Unwrap makes it an Unavailable with a remedy.
func (e *busyError) Unwrap() error {
	return qlp.Errorf(qlp.Unavailable, "an executor is full").WithRemedy("wait for a run to end, or add an executor")
}

// fullFor says whether err is that executors are full, and when to ask again.
func fullFor(err error) (time.Duration, bool) {
	if busy, ok := errors.AsType[*busyError](err); ok {
		return busy.retry, true
	}
	return 0, false
}

func (e *executor) request(ctx context.Context, r request) (*http.Request, error) {
	u := *e.base
	u.Path += r.path
	u.RawQuery = r.query.Encode()
	req, err := http.NewRequestWithContext(ctx, r.method, u.String(), r.body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+e.token)
	for k, v := range r.header {
		req.Header.Set(k, v)
	}
	return req, nil
}

// send returns an answer of success, whose body the caller closes, or the error that the executor described.
func (e *executor) send(ctx context.Context, r request) (*http.Response, error) {
	req, err := e.request(ctx, r)
	if err != nil {
		return nil, err
	}
	resp, err := e.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err
		}
		return nil, &lostError{e.name(), err}
	}
	if err := e.refused(resp); err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

// refused reads the problem out of an answer, if it is one.
func (e *executor) refused(resp *http.Response) error {
	if resp.StatusCode < 300 || resp.StatusCode == http.StatusSwitchingProtocols {
		return nil
	}
	if resp.StatusCode == http.StatusTooManyRequests {
		seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
		if err != nil || seconds < 0 || seconds > 60 {
			seconds = 1
		}
		return &busyError{e.name(), max(time.Duration(seconds)*time.Second, 100*time.Millisecond)}
	}
	var p wire.Problem
	body := io.LimitReader(resp.Body, 1<<20)
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), wire.ProblemType) || json.NewDecoder(body).Decode(&p) != nil {
		return &lostError{e.name(), fmt.Errorf("it answers %s, and not as a sandboxd does", resp.Status)}
	}
	return p.Err()
}

// call decodes the whole answer into out, if that is not nil.
func (e *executor) call(ctx context.Context, r request, out any) error {
	if r.timeout > 0 {
		limited, cancel := context.WithTimeout(ctx, r.timeout)
		defer cancel()
		err := e.answer(limited, r, out)
		if err != nil && limited.Err() != nil && ctx.Err() == nil {
			return &lostError{e.name(), fmt.Errorf("nothing came for %s", r.timeout)}
		}
		return err
	}
	return e.answer(ctx, r, out)
}

func (e *executor) answer(ctx context.Context, r request, out any) error {
	resp, err := e.send(ctx, r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if out == nil {
		_, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16))
		return err
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(out); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return &lostError{e.name(), fmt.Errorf("read answer: %w", err)}
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<10)) // so that the connection can be used again
	return nil
}

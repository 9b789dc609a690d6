package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/quantumlayer/qlp/internal/llm"
)

// Limits of a process's traffic. Zero fields mean the defaults.
type Limits struct {
	Concurrency map[string]int // calls at a time, by provider; 8
	Trip        uint32         // failures in a row after which a model is left alone; 5
	Rest        time.Duration  // for how long; 30 s. One call tries it then
}

// Traffic is what the clients of a process share: places at each provider, and a breaker for each model. Safe for concurrent use.
type Traffic struct {
	limits Limits

	mu       sync.Mutex
	places   map[string]chan struct{}
	breakers map[string]*gobreaker.TwoStepCircuitBreaker[any]
	settled  chan struct{} // closed at the next settlement
}

// NewTraffic returns traffic with nothing under way.
func NewTraffic(l Limits) *Traffic {
	if l.Trip == 0 {
		l.Trip = 5
	}
	if l.Rest == 0 {
		l.Rest = 30 * time.Second
	}
	return &Traffic{
		limits: l, places: map[string]chan struct{}{}, breakers: map[string]*gobreaker.TwoStepCircuitBreaker[any]{}, settled: make(chan struct{}),
	}
}

// enter waits for a place at the provider. The caller calls leave.
func (t *Traffic) enter(ctx context.Context, provider string) (leave func(), err error) {
	t.mu.Lock()
	place := t.places[provider]
	if place == nil {
		n := t.limits.Concurrency[provider]
		if n <= 0 {
			n = 8
		}
		place = make(chan struct{}, n)
		t.places[provider] = place
	}
	t.mu.Unlock()
	select {
	case place <- struct{}{}:
		return func() { <-place }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// breaker returns the model's breaker.
func (t *Traffic) breaker(choice Choice) *gobreaker.TwoStepCircuitBreaker[any] {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.breakers[choice.String()]
	if b == nil {
		b = gobreaker.NewTwoStepCircuitBreaker[any](gobreaker.Settings{
			Name: choice.String(), MaxRequests: 1, Timeout: t.limits.Rest,
			ReadyToTrip:  func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= t.limits.Trip },
			IsSuccessful: healthy,
			IsExcluded:   func(err error) bool { return errors.Is(err, errNotTold) },
		})
		t.breakers[choice.String()] = b
	}
	return b
}

// errNotTold marks calls that tell nothing of a model's health: they were canceled.
var errNotTold = errors.New("canceled")

// healthy says whether an endpoint that ended a call so is well. One that says no, or later, is.
func healthy(err error) bool {
	switch llm.KindOf(err) {
	case llm.Outage, llm.Stalled, llm.Truncated, llm.Malformed:
		return false
	default:
		return true
	}
}

// resting is the error of a model that is left alone for a while.
func (t *Traffic) resting(choice Choice, cause error) error {
	return &llm.Error{
		Kind: llm.Outage, Provider: choice.Provider, Model: choice.Model, Err: cause,
		Message: fmt.Sprintf("%s failed %d times in a row and is left alone for %s", choice.Model, t.limits.Trip, t.limits.Rest),
		Remedy:  "wait, name a fallback for the role, or see what `qlp providers test` says",
	}
}

// rests reports whether an error is one of resting: then no second try is made.
func rests(err error) bool {
	return errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests)
}

// next returns a channel that is closed when a call has been settled.
func (t *Traffic) next() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.settled
}

func (t *Traffic) tell() {
	t.mu.Lock()
	defer t.mu.Unlock()
	close(t.settled)
	t.settled = make(chan struct{})
}

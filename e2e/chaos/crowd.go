package chaos

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Guest is what the caller of one intent asked for, was told, and saw.
type Guest struct {
	Key      string
	Dish     string
	Want     qlp.State
	Canceled bool     // its cancel was accepted
	Told     []string // the ids that the calls with this key answered; all must be the same
	Seen     []Event
	Joins    int // connections after the first
}

// crowd hands intents in, follows each to its end, and cancels some.
type crowd struct {
	cfg    Config
	fleet  *fleet
	bell   *bell
	dishes []dish

	next       atomic.Int64
	submitting atomic.Int64 // calls under way
	over       atomic.Int64
	resumed    atomic.Int64
	enough     chan struct{} // closed when no more is to be handed in beyond cfg.Intents

	mu     sync.Mutex
	guests []Guest
	errs   []error
}

// play hands intents in until there are enough, so many at a time, and returns when all have ended.
func (c *crowd) play(ctx context.Context) {
	var all sync.WaitGroup
	for range c.cfg.Open {
		all.Go(func() {
			for ctx.Err() == nil {
				n := int(c.next.Add(1)) - 1
				if n >= c.cfg.Intents && ended(c.enough) {
					return
				}
				o := take(c.dishes, c.cfg.Seed, n)
				g, err := c.serve(ctx, o)
				c.over.Add(1)
				c.mu.Lock()
				c.guests = append(c.guests, g)
				if err != nil {
					c.errs = append(c.errs, fmt.Errorf("intent %d (%s): %w", o.number, o.dish.name, err))
				}
				c.mu.Unlock()
			}
		})
	}
	all.Wait()
}

// serve takes one intent from its first call to its end.
func (c *crowd) serve(ctx context.Context, o order) (Guest, error) {
	g := Guest{Key: o.key, Dish: o.dish.name, Want: o.dish.want}
	in, err := c.submit(ctx, &g, o)
	if err != nil {
		return g, err
	}
	var beside sync.WaitGroup
	var unsure Guest
	if o.random.IntN(4) == 0 { // a caller who is not sure of the answer asks again, whenever that is
		late := time.Duration(o.random.IntN(1500)) * time.Millisecond
		beside.Go(func() { pause(ctx, late); _, _ = c.submit(ctx, &unsure, o) })
	}
	trigger := 6 + o.random.IntN(35) // the event after which it is canceled, if it is
	s := &seen{}
	err = c.fleet.follow(ctx, in.ID, s, func(e qlp.Event) bool {
		c.bell.ring(e)
		if o.dish.cancel && e.Seq == int64(trigger) {
			beside.Go(func() { g.Canceled = c.cancel(ctx, in.ID) })
		}
		if e.Type == qlp.EventIntentState && moved(e).To == string(qlp.StatePaused) {
			beside.Go(func() { c.resume(ctx, in.ID) })
		}
		return e.Type == qlp.EventRunFinished
	})
	beside.Wait()
	g.Told = append(g.Told, unsure.Told...)
	g.Seen, g.Joins = s.events, max(s.connections-1, 0)
	return g, err
}

// submit hands the intent in, with its key, until there is an answer.
func (c *crowd) submit(ctx context.Context, g *Guest, o order) (qlp.Intent, error) {
	return again(ctx, c.fleet, func(ctx context.Context) (qlp.Intent, error) {
		c.submitting.Add(1)
		defer c.submitting.Add(-1)
		c.bell.ring(qlp.Event{Type: aboutToSubmit})
		in, err := c.fleet.client.Create(ctx, o.dish.intent, o.key)
		if err == nil {
			g.Told = append(g.Told, in.ID)
		}
		return in, err
	})
}

// cancel says whether the intent was canceled by it: an intent that is over refuses, also when it was this caller's own first
// try that ended it and the answer was lost.
func (c *crowd) cancel(ctx context.Context, id string) bool {
	c.bell.ring(qlp.Event{Type: aboutToCancel, IntentID: id})
	in, err := again(ctx, c.fleet, func(ctx context.Context) (qlp.Intent, error) { return c.fleet.client.Cancel(ctx, id) })
	if err != nil {
		in, err = again(ctx, c.fleet, func(ctx context.Context) (qlp.Intent, error) { return c.fleet.client.Get(ctx, id) })
	}
	return err == nil && in.State == qlp.StateCanceled
}

// resume lets a paused intent go on, as a person would when the disk has room again.
func (c *crowd) resume(ctx context.Context, id string) {
	c.resumed.Add(1)
	pause(ctx, 500*time.Millisecond)
	_, _ = again(ctx, c.fleet, func(ctx context.Context) (qlp.Intent, error) {
		return c.fleet.client.Resume(ctx, id, qlp.ModelCaps{})
	})
}

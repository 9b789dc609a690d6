// Package events replays an intent's events and follows them: in order, each once, none left out.
//
// It never writes an event (the store does, in the transaction of the change), never trusts a wake-up (the table is the truth,
// a signal only says when to look), and never lets one follower wait for another.
//
// Arrows: store, qlp.
package events

import (
	"context"
	"fmt"
	"iter"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// batch is how many events are read at once: a whole run of the offline generator, and little memory for each follower.
const batch = 256

// Store is what events are read from.
type Store interface {
	Read(ctx context.Context, fn func(r store.Reader) error) error
	Changed(intentID string) <-chan struct{}
}

// Follow returns the intent's events after since: those that are there, then each as it is committed. It ends only with an
// error: when ctx is done (errors.Is finds the context's error), the intent is unknown, or the store fails. A caller that
// has had enough leaves the loop.
//
// A follower waits on a channel and reads the table when an event of the intent was committed. Two followers share nothing:
// a Fan is for many.
func Follow(ctx context.Context, st Store, intentID string, since int64) iter.Seq2[qlp.Event, error] {
	return follow(ctx, st, intentID, since, false)
}

// FollowToEnd is Follow up to the moment when the intent is over and every event has been told: after run.finished, and at
// once for an intent that was over before.
func FollowToEnd(ctx context.Context, st Store, intentID string, since int64) iter.Seq2[qlp.Event, error] {
	return follow(ctx, st, intentID, since, true)
}

func follow(ctx context.Context, st Store, intentID string, since int64, toEnd bool) iter.Seq2[qlp.Event, error] {
	return func(yield func(qlp.Event, error) bool) {
		for {
			// The channel is asked for before the table is read: what is committed after the reading closes it.
			changed := st.Changed(intentID)
			page, state, err := read(ctx, st, intentID, since)
			if err != nil {
				yield(qlp.Event{}, err)
				return
			}
			for _, ev := range page {
				if !yield(ev, nil) {
					return
				}
				since = ev.Seq
			}
			if len(page) == batch {
				continue
			}
			if toEnd && state.Over() {
				return
			}
			select {
			case <-ctx.Done():
				yield(qlp.Event{}, fmt.Errorf("follow events of %s: %w", intentID, context.Cause(ctx)))
				return
			case <-changed:
			}
		}
	}
}

// read returns the next events and the intent's state, of one moment: an intent that is over in it has told all.
func read(ctx context.Context, st Store, intentID string, since int64) (page []qlp.Event, state qlp.State, err error) {
	err = st.Read(ctx, func(r store.Reader) error {
		if page, err = r.Events(ctx, intentID, since, batch); err != nil {
			return err
		}
		if len(page) == batch {
			return nil
		}
		state, err = r.State(ctx, intentID)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("follow events of %s: %w", intentID, err)
	}
	return page, state, nil
}

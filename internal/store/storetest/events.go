package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

func (s *suite) testEvents(t *testing.T) {
	st := s.open(t)
	a, b := addIntent(t, st), addIntent(t, st)
	write(t, st, func(ctx context.Context, tx store.Tx) error {
		evs, err := tx.Append(ctx,
			qlp.Event{IntentID: a.ID, Type: qlp.EventIntentReceived, Seq: 99},
			qlp.Event{IntentID: b.ID, Type: qlp.EventIntentReceived},
			qlp.Event{IntentID: a.ID, Type: qlp.EventTaskState, RunID: "r", TaskID: "t", Attempt: 3, Data: []byte(`{"b":1, "a":2}`)})
		if err != nil {
			return err
		}
		if evs[0].Seq != 1 || evs[1].Seq != 1 || evs[2].Seq != 2 || evs[0].Time.IsZero() {
			t.Errorf("numbers %d, %d, %d at %s", evs[0].Seq, evs[1].Seq, evs[2].Seq, evs[0].Time)
		}
		stored, err := tx.Events(ctx, a.ID, 0, 10)
		same(t, "the stored events", stored, []qlp.Event{evs[0], evs[2]})
		if string(stored[1].Data) != `{"b":1, "a":2}` {
			t.Errorf("the data came back as %s", stored[1].Data)
		}
		return err
	})
	write(t, st, func(ctx context.Context, tx store.Tx) error {
		for range 3 {
			if _, err := tx.Append(ctx, qlp.Event{IntentID: a.ID, Type: qlp.EventTaskState}); err != nil {
				return err
			}
		}
		none, err := tx.Append(ctx)
		if len(none) != 0 {
			t.Error("no events came back as some")
		}
		return err
	})
	page := read(t, st, func(ctx context.Context, r store.Reader) ([]qlp.Event, error) { return r.Events(ctx, a.ID, 2, 2) })
	if len(page) != 2 || page[0].Seq != 3 || page[1].Seq != 4 {
		t.Errorf("two events after the second: %+v", page)
	}
	if rest := read(t, st, func(ctx context.Context, r store.Reader) ([]qlp.Event, error) { return r.Events(ctx, a.ID, 5, 2) }); len(rest) != 0 {
		t.Errorf("events after the last: %+v", rest)
	}
}

func (s *suite) testEventsConcurrent(t *testing.T) {
	st := s.open(t)
	a, b := addIntent(t, st), addIntent(t, st)
	const writers, rounds = 8, 25
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range rounds {
				err := st.Tx(t.Context(), func(tx store.Tx) error {
					_, err := tx.Append(t.Context(), qlp.Event{IntentID: a.ID, Type: qlp.EventTaskState}, qlp.Event{IntentID: b.ID, Type: qlp.EventTaskState})
					if err == nil && (w+i)%5 == 0 {
						return errors.New("every fifth is taken back")
					}
					return err
				})
				if err != nil && (w+i)%5 != 0 {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, id := range []string{a.ID, b.ID} {
		evs := read(t, st, func(ctx context.Context, r store.Reader) ([]qlp.Event, error) { return r.Events(ctx, id, 0, 1000) })
		if want := writers * rounds * 4 / 5; len(evs) != want {
			t.Errorf("%d events, want %d", len(evs), want)
		}
		for i, ev := range evs {
			if ev.Seq != int64(i+1) {
				t.Fatalf("event %d has number %d", i+1, ev.Seq)
			}
		}
	}
}

func (s *suite) testChanged(t *testing.T) {
	st := s.openWith(t, Options{Poll: time.Hour})
	in := addIntent(t, st)
	one, two := st.Changed(in.ID), st.Changed(in.ID)
	other := addIntent(t, st) // writes, but appends nothing
	write(t, st, func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Append(ctx, qlp.Event{IntentID: other.ID, Type: "x"})
		return err
	})
	_ = st.Tx(t.Context(), func(tx store.Tx) error {
		_, _ = tx.Append(t.Context(), qlp.Event{IntentID: in.ID, Type: "x"})
		return errors.New("taken back")
	})
	select {
	case <-one:
		t.Error("woken without a committed event")
	default:
	}
	write(t, st, func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Append(ctx, qlp.Event{IntentID: in.ID, Type: "x"})
		return err
	})
	for i, ch := range []<-chan struct{}{one, two} {
		select {
		case <-ch:
		case <-time.After(10 * time.Second):
			t.Fatalf("waiter %d was not woken", i)
		}
	}
	select {
	case <-st.Changed(in.ID):
		t.Error("a new waiter was woken by an old commit")
	default:
	}
}

func (s *suite) testChangedPoll(t *testing.T) {
	st := s.openWith(t, Options{Poll: 5 * time.Millisecond})
	for range 3 {
		select {
		case <-st.Changed("anybody"):
		case <-time.After(10 * time.Second):
			t.Fatal("not woken after the poll interval")
		}
	}
}

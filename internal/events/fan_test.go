package events_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/events"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlite"
)

// countingStore counts the readings, and fails them while it is broken.
type countingStore struct {
	*sqlite.Store
	reads  atomic.Int64
	broken atomic.Bool
}

func (s *countingStore) Read(ctx context.Context, fn func(r store.Reader) error) error {
	s.reads.Add(1)
	if s.broken.Load() {
		return qlp.Errorf(qlp.Unavailable, "it is broken")
	}
	return s.Store.Read(ctx, fn)
}

// take follows until the event numbered last, and fails unless all after since come in order and say the same as the table.
func take(ctx context.Context, t *testing.T, f *events.Fan, id string, since, last int64) {
	t.Helper()
	want := since
	for m, err := range f.Follow(ctx, id, since) {
		if err != nil {
			t.Errorf("after %d: %v", want, err)
			return
		}
		var e qlp.Event
		if err := json.Unmarshal(m.Text, &e); err != nil {
			t.Error(err)
			return
		}
		if want++; m.Seq != want || e.Seq != want || e.IntentID != id {
			t.Errorf("event %d of %s (numbered %d), want %d of %s", e.Seq, e.IntentID, m.Seq, want, id)
			return
		}
		if want == last {
			return
		}
	}
}

func TestFanTellsEachEventOnce(t *testing.T) {
	t.Parallel()
	st := open(t, sqlite.Config{Poll: time.Hour}) // only commits wake
	f := events.NewFan(st, nil)
	ids := []string{"a", "b"}
	for _, id := range ids {
		addIntent(t, st, id)
		add(t, st, id, 300) // more than a page, and more than is kept
	}
	const writers, rounds = 3, 40
	const last = 300 + writers*rounds
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() { take(t.Context(), t, f, ids[i%2], int64(i*7), last) })
	}
	for range writers {
		all.Go(func() {
			for i := range rounds {
				for _, id := range ids {
					add(t, st, id, 1)
				}
				if i%8 == 0 { // some come later, from the beginning, from the middle and from the end
					all.Go(func() { take(t.Context(), t, f, "a", 0, last) })
					all.Go(func() { take(t.Context(), t, f, "b", int64(250+i), last) })
				}
			}
		})
	}
	all.Wait()
}

// TestFanReadsOnceForAll: that a thousand follow costs the table what one costs.
func TestFanReadsOnceForAll(t *testing.T) {
	t.Parallel()
	st := &countingStore{Store: open(t, sqlite.Config{Poll: time.Hour})}
	f := events.NewFan(st, nil)
	addIntent(t, st, "i")
	add(t, st, "i", 1)
	const followers, more = 1000, 20
	var all, begun sync.WaitGroup
	begun.Add(followers)
	for range followers {
		all.Go(func() {
			for m, err := range f.Follow(t.Context(), "i", 0) {
				if err != nil {
					t.Error(err)
					return
				}
				if m.Seq == 1 {
					begun.Done()
				}
				if m.Seq == 1+more {
					return
				}
			}
		})
	}
	begun.Wait()
	before := st.reads.Load()
	for range more {
		add(t, st, "i", 1)
	}
	all.Wait()
	// One reading each, and one of a follower that fell far behind now and then.
	if n := st.reads.Load() - before; n > more+followers/10 {
		t.Errorf("%d readings for %d events and %d followers", n, more, followers)
	}
}

// TestFanHoldsUpNobody: who does not take its events sits still, the others go on, and it comes to all of them later.
func TestFanHoldsUpNobody(t *testing.T) {
	t.Parallel()
	st := open(t, sqlite.Config{Poll: time.Hour})
	f := events.NewFan(st, nil)
	addIntent(t, st, "i")
	add(t, st, "i", 1)
	var slow sync.WaitGroup
	sits, goOn := make(chan struct{}), make(chan struct{})
	slow.Go(func() {
		want := int64(0)
		for m, err := range f.Follow(t.Context(), "i", 0) {
			if want++; err != nil || m.Seq != want {
				t.Errorf("event %d, want %d: %v", m.Seq, want, err)
				return
			}
			if want == 1 {
				close(sits)
				<-goOn
			}
			if want == 501 {
				return
			}
		}
	})
	<-sits
	for range 5 {
		add(t, st, "i", 100)
	}
	take(t.Context(), t, f, "i", 0, 501)
	close(goOn)
	slow.Wait()
}

// TestFanKeepsLittle: events of any size come, whatever is kept of them.
func TestFanKeepsLittle(t *testing.T) {
	t.Parallel()
	st := open(t, sqlite.Config{Poll: time.Hour})
	f := events.NewFan(st, nil)
	addIntent(t, st, "i")
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() { take(t.Context(), t, f, "i", 0, 12) })
	}
	large, err := json.Marshal(strings.Repeat("x", 40<<10))
	if err != nil {
		t.Fatal(err)
	}
	for range 12 {
		write(t, st, func(ctx context.Context, tx store.Tx) error {
			_, err := tx.Append(ctx, qlp.Event{IntentID: "i", Type: qlp.EventSpecReady, Data: large})
			return err
		})
	}
	all.Wait()
}

func TestFanOutlivesItsFirstFollower(t *testing.T) {
	t.Parallel()
	st := open(t, sqlite.Config{Poll: time.Hour})
	f := events.NewFan(st, nil)
	addIntent(t, st, "i")
	add(t, st, "i", 1)
	first, leave := context.WithCancel(t.Context())
	one, two := make(chan int64), make(chan int64)
	var all sync.WaitGroup
	follow := func(ctx context.Context, out chan<- int64) {
		all.Go(func() {
			defer close(out)
			for m, err := range f.Follow(ctx, "i", 0) {
				if err != nil {
					if !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
					return
				}
				out <- m.Seq
			}
		})
	}
	follow(first, one)
	<-one
	second, end := context.WithCancel(t.Context())
	follow(second, two)
	<-two
	leave()
	for range one { // until it has left
	}
	add(t, st, "i", 1)
	if seq := <-two; seq != 2 {
		t.Errorf("event %d came to the second, want 2", seq)
	}
	end()
	for range two {
	}
	all.Wait()
	take(t.Context(), t, f, "i", 1, 2) // and after everybody has left, it begins anew
}

func TestFanTellsThatTheStoreFailed(t *testing.T) {
	t.Parallel()
	st := &countingStore{Store: open(t, sqlite.Config{Poll: time.Hour})}
	f := events.NewFan(st, nil)
	addIntent(t, st, "i")
	add(t, st, "i", 1)
	var all, begun sync.WaitGroup
	const followers = 5
	begun.Add(followers)
	for range followers {
		all.Go(func() {
			var end error
			for m, err := range f.Follow(t.Context(), "i", 0) {
				if end = err; m.Seq == 1 {
					begun.Done()
				}
			}
			if qlp.CodeOf(end) != qlp.Unavailable {
				t.Errorf("it ended with %v", end)
			}
		})
	}
	begun.Wait()
	st.broken.Store(true)
	add(t, st, "i", 1)
	all.Wait()
	st.broken.Store(false)
	take(t.Context(), t, f, "i", 0, 2) // whoever comes back finds all
}

func TestFanOfAnUnknownIntent(t *testing.T) {
	t.Parallel()
	st := open(t, sqlite.Config{})
	f := events.NewFan(st, nil)
	for range 2 {
		n := 0
		for _, err := range f.Follow(t.Context(), "nobody", 0) {
			if n++; qlp.CodeOf(err) != qlp.NotFound {
				t.Errorf("got %v", err)
			}
		}
		if n != 1 {
			t.Errorf("%d answers, want one", n)
		}
	}
}

func TestFanOverADeafStore(t *testing.T) {
	t.Parallel()
	st := open(t, sqlite.Config{Poll: time.Hour})
	addIntent(t, st, "i")
	f := events.NewFan(deafStore{st}, nil)
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() { take(t.Context(), t, f, "i", 0, 5) })
	}
	for range 5 {
		add(t, st, "i", 1)
	}
	all.Wait()
}

func TestFanEndsWithTheServer(t *testing.T) {
	t.Parallel()
	st := open(t, sqlite.Config{Poll: time.Hour})
	addIntent(t, st, "i")
	add(t, st, "i", 1)
	leaving := make(chan struct{})
	var got []string
	for m, err := range events.NewFan(st, leaving).Follow(t.Context(), "i", 0) {
		got = append(got, fmt.Sprint(m.Seq, " ", err))
		if err == nil {
			close(leaving)
		}
	}
	if want := fmt.Sprint([]string{"1 <nil>", "0 " + events.ErrLeaving.Error()}); fmt.Sprint(got) != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

package events_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/events"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlite"
)

func open(t *testing.T, cfg sqlite.Config) *sqlite.Store {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "qlp.db"), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

func write(t *testing.T, st store.Store, fn func(ctx context.Context, tx store.Tx) error) {
	t.Helper()
	if err := st.Tx(t.Context(), func(tx store.Tx) error { return fn(t.Context(), tx) }); err != nil {
		t.Error(err)
	}
}

func addIntent(t *testing.T, st store.Store, id string) {
	t.Helper()
	write(t, st, func(ctx context.Context, tx store.Tx) error {
		return tx.InsertIntent(ctx, qlp.Intent{ID: id, Words: "w"}, "", "")
	})
}

func add(t *testing.T, st store.Store, id string, n int) {
	t.Helper()
	write(t, st, func(ctx context.Context, tx store.Tx) error {
		var err error
		for range n {
			if err == nil {
				_, err = tx.Append(ctx, qlp.Event{IntentID: id, Type: qlp.EventTaskState})
			}
		}
		return err
	})
}

// end finishes the intent in the way the orchestrator does: state and event in one transaction.
func end(t *testing.T, st store.Store, id string) {
	t.Helper()
	write(t, st, func(ctx context.Context, tx store.Tx) error {
		if err := tx.MoveIntent(ctx, id, qlp.StateReceived, qlp.StateCanceled, ""); err != nil {
			return err
		}
		_, err := tx.Append(ctx, qlp.Event{IntentID: id, Type: qlp.EventRunFinished})
		return err
	})
}

// inOrder follows to the end and fails unless the numbers are since+1, since+2 and so on.
func inOrder(ctx context.Context, t *testing.T, st events.Store, id string, since int64) (last qlp.Event) {
	t.Helper()
	want := since
	for ev, err := range events.FollowToEnd(ctx, st, id, since) {
		if err != nil {
			t.Errorf("after %d: %v", want, err)
			return last
		}
		if want++; ev.Seq != want || ev.IntentID != id {
			t.Errorf("event %d of %s, want %d of %s", ev.Seq, ev.IntentID, want, id)
			return last
		}
		last = ev
	}
	return last
}

func TestReplayOfWhatIsOver(t *testing.T) {
	t.Parallel()
	st := open(t, sqlite.Config{Poll: time.Hour})
	addIntent(t, st, "i")
	for _, n := range []int{1, 255, 256, 700} { // around the size of a page
		add(t, st, "i", n)
	}
	end(t, st, "i")
	for _, since := range []int64{0, 1, 256, 1212} {
		if last := inOrder(t.Context(), t, st, "i", since); last.Type != qlp.EventRunFinished || last.Seq != 1213 {
			t.Errorf("since %d: the last event is %+v", since, last)
		}
	}
	for ev, err := range events.FollowToEnd(t.Context(), st, "i", 1213) {
		t.Errorf("after the last event: %+v, %v", ev, err)
	}
}

func TestFollowersSeeEachEventOnce(t *testing.T) {
	t.Parallel()
	st := open(t, sqlite.Config{Poll: time.Hour}) // only commits wake
	for _, id := range []string{"a", "b"} {
		addIntent(t, st, id)
		add(t, st, id, 10)
	}
	const writers, rounds, followers = 4, 20, 12
	var writing, following sync.WaitGroup
	for f := range followers {
		id := []string{"a", "b"}[f%2]
		following.Go(func() {
			if last := inOrder(t.Context(), t, st, id, int64(f%10)); last.Seq != 10+writers*rounds*3/2+1 {
				t.Errorf("follower %d of %s ended at %d", f, id, last.Seq)
			}
		})
	}
	for range writers {
		writing.Go(func() {
			for i := range rounds {
				for _, id := range []string{"a", "b"} {
					add(t, st, id, 1+i%2)
					_ = st.Tx(t.Context(), func(tx store.Tx) error { // taken back: nobody may see it
						_, err := tx.Append(t.Context(), qlp.Event{IntentID: id, Type: qlp.EventRunFinished})
						return errors.Join(err, errors.New("no"))
					})
				}
			}
		})
	}
	writing.Wait()
	end(t, st, "a")
	end(t, st, "b")
	following.Wait()
}

func TestWokenByTheCommit(t *testing.T) {
	t.Parallel()
	st := open(t, sqlite.Config{Poll: time.Hour})
	addIntent(t, st, "i")
	add(t, st, "i", 1)
	var slowest time.Duration
	n := 0
	var sent time.Time
	for ev, err := range events.Follow(t.Context(), st, "i", 0) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n > 1 {
			slowest = max(slowest, time.Since(sent))
		}
		if ev.Seq == 20 {
			break
		}
		sent = time.Now()
		go add(t, st, "i", 1)
	}
	if slowest > 2*time.Second {
		t.Errorf("an event took %s", slowest)
	}
}

func TestWokenByThePoll(t *testing.T) {
	t.Parallel()
	st := open(t, sqlite.Config{Poll: 5 * time.Millisecond})
	addIntent(t, st, "i")
	deaf := deafStore{st}
	go func() {
		add(t, st, "i", 1)
		end(t, st, "i")
	}()
	if last := inOrder(t.Context(), t, deaf, "i", 0); last.Seq != 2 {
		t.Errorf("the last event is %+v", last)
	}
}

// deafStore is woken by time alone, as a replica is whose wake-ups are lost.
type deafStore struct{ *sqlite.Store }

func (deafStore) Changed(string) <-chan struct{} {
	ch := make(chan struct{})
	time.AfterFunc(5*time.Millisecond, func() { close(ch) })
	return ch
}

func TestDoneContextEndsIt(t *testing.T) {
	t.Parallel()
	st := open(t, sqlite.Config{Poll: time.Hour})
	addIntent(t, st, "i")
	add(t, st, "i", 2)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var got []string
	for ev, err := range events.Follow(ctx, st, "i", 0) {
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			got = append(got, "end")
			continue
		}
		if got = append(got, fmt.Sprint(ev.Seq)); ev.Seq == 2 {
			cancel()
		}
	}
	if want := "[1 2 end]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestFollowGoesOnAfterTheEnd(t *testing.T) {
	t.Parallel()
	st := open(t, sqlite.Config{Poll: time.Hour})
	addIntent(t, st, "i")
	end(t, st, "i")
	for ev, err := range events.Follow(t.Context(), st, "i", 0) {
		if err != nil {
			t.Fatal(err)
		}
		if ev.Seq == 2 {
			return // the next run's
		}
		go add(t, st, "i", 1)
	}
	t.Error("it ended")
}

func TestUnknownIntent(t *testing.T) {
	t.Parallel()
	st := open(t, sqlite.Config{})
	n := 0
	for _, err := range events.Follow(t.Context(), st, "nobody", 0) {
		if n++; qlp.CodeOf(err) != qlp.NotFound {
			t.Errorf("got %v", err)
		}
	}
	if n != 1 {
		t.Errorf("%d answers, want one", n)
	}
}

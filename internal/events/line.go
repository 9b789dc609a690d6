package events

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// A line keeps no more than this of its intent's latest events: enough for followers who are a little behind, and little for
// ten thousand intents that are followed at once. It always keeps the last.
const (
	keptEvents = 64
	keptBytes  = 16 << 10
)

// line is one intent's events as those see it who follow it together. Its reader begins when the first follower has read all
// that was there, and from then on is the only one that waits for the store.
type line struct {
	store     Store
	intentID  string
	followers int    // guarded by the Fan's mutex
	ended     func() // is called when the reading has failed

	mu      sync.Mutex
	reading bool          // the reader was begun
	read    int64         // what the line has seen of the table: every event up to this number
	kept    []Message     // the latest of them, without a hole; only added to behind and cut in front
	bytes   int           // of kept
	news    chan struct{} // is closed at the next change of the line
	err     error         // why the reading ended

	cancel context.CancelFunc
	reader sync.WaitGroup
}

func newLine(st Store, intentID string) *line {
	return &line{store: st, intentID: intentID, news: make(chan struct{})}
}

// after returns the next events after a number. With news it was all there is, and more will close it; without, there may be
// more already.
func (l *line) after(ctx context.Context, since int64) (page []Message, news <-chan struct{}, err error) {
	page, news, covered, err := l.shared(since)
	if covered || err != nil {
		return page, news, err
	}
	events, state, err := read(ctx, l.store, l.intentID, since)
	if err != nil {
		return nil, nil, err
	}
	page, err = messages(events)
	if err == nil && state != "" { // the whole rest
		l.begin(since, page)
	}
	return page, nil, err
}

// shared returns what is kept after a number, if nothing is missing between.
func (l *line) shared(since int64) (page []Message, news <-chan struct{}, covered bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return nil, nil, false, l.err
	}
	first := l.read - int64(len(l.kept)) // the number before the first that is kept
	if !l.reading || since < first {
		return nil, nil, false, nil
	}
	// A follower that read the table after the reader did is ahead of it: there is nothing for it here until the reader is further.
	n := min(since-first, int64(len(l.kept)))
	return l.kept[n:len(l.kept):len(l.kept)], l.news, true, nil
}

// begin starts the reader behind a page that was the rest of the table, unless there is one.
func (l *line) begin(since int64, page []Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reading {
		return
	}
	l.reading, l.read = true, since
	l.keep(page)
	// The reader outlives the follower that began it: the last one that leaves stops it.
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	last := l.read
	l.reader.Go(func() { l.fail(l.watch(ctx, last)) })
}

// watch reads what comes after a number, until ctx is done or the store fails.
func (l *line) watch(ctx context.Context, last int64) error {
	for {
		// The channel is asked for before the table is read: what is committed after the reading closes it.
		changed := l.store.Changed(l.intentID)
		var events []qlp.Event
		err := l.store.Read(ctx, func(r store.Reader) (err error) {
			events, err = r.Events(ctx, l.intentID, last, batch)
			return err
		})
		if err != nil {
			return fmt.Errorf("follow events of %s: %w", l.intentID, err)
		}
		if len(events) > 0 {
			page, err := messages(events)
			if err != nil {
				return err
			}
			last = events[len(events)-1].Seq
			l.publish(page)
		}
		if len(events) == batch {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

func (l *line) publish(page []Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.keep(page)
	close(l.news)
	l.news = make(chan struct{})
}

// keep adds a page and lets go of what is too much. Followers may hold parts of what was kept: nothing is overwritten.
func (l *line) keep(page []Message) {
	for _, m := range page {
		l.kept, l.bytes, l.read = append(l.kept, m), l.bytes+len(m.Text), m.Seq
	}
	for len(l.kept) > keptEvents || l.bytes > keptBytes && len(l.kept) > 1 {
		l.bytes -= len(l.kept[0].Text)
		l.kept = l.kept[1:]
	}
}

// fail tells the followers that the reading has ended.
func (l *line) fail(err error) {
	l.ended()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
	close(l.news)
}

// stop ends the reader and waits for it.
func (l *line) stop() {
	l.mu.Lock()
	cancel := l.cancel
	l.mu.Unlock()
	if cancel != nil {
		cancel()
		l.reader.Wait()
	}
}

// messages returns the events as they are sent.
func messages(events []qlp.Event) ([]Message, error) {
	page := make([]Message, len(events))
	for i, e := range events {
		text, err := json.Marshal(e)
		if err != nil {
			return nil, fmt.Errorf("write event %d of %s: %w", e.Seq, e.IntentID, err)
		}
		page[i] = Message{e.Seq, text}
	}
	return page, nil
}

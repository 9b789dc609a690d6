package sqlite

import (
	"context"
	"database/sql"
	"sync"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"
)

// driver is River's SQLite driver with a bell in place of its listener.
//
// River's own listener reads an outbox table every 50 ms: that is the latency of every job, the idle cost of every
// server, and a row written for every insert. All jobs of this database are inserted by this process, so that a channel
// inside it tells the same, after the commit and at once.
type driver struct {
	*riversqlite.Driver
	bell  *bell
	fault func(error)
}

// newDriver returns a driver that tells fault, which may be called from anywhere, when jobs cannot be claimed. River itself
// says so in its log only, and goes on trying.
func newDriver(db *sql.DB, fault func(error)) *driver {
	return &driver{Driver: riversqlite.New(db), bell: newBell(), fault: fault}
}

// GetExecutor returns River's own, with an eye on the claiming.
func (d *driver) GetExecutor() riverdriver.Executor { return claims{d.Driver.GetExecutor(), d.fault} }

type claims struct {
	riverdriver.Executor
	fault func(error)
}

// JobGetAvailable claims jobs.
func (c claims) JobGetAvailable(ctx context.Context, p *riverdriver.JobGetAvailableParams) (*riverdriver.JobGetAvailableResult, error) {
	result, err := c.Executor.JobGetAvailable(ctx, p)
	if err != nil && ctx.Err() == nil {
		c.fault(err)
	}
	return result, err
}

// GetListener returns a listener that hears the bell.
func (d *driver) GetListener(p *riverdriver.GetListenenerParams) riverdriver.Listener {
	return &listener{schema: p.Schema, bell: d.bell}
}

// SupportsListener is true: this is what starts River's notifier.
func (d *driver) SupportsListener() bool { return true }

// SupportsListenNotify is false: inserts write no outbox rows.
func (d *driver) SupportsListenNotify() bool { return false }

// bell remembers that it was rung until somebody hears it.
type bell struct{ rung chan struct{} }

func newBell() *bell { return &bell{rung: make(chan struct{}, 1)} }

func (b *bell) ring() {
	select {
	case b.rung <- struct{}{}:
	default: // it was rung and not heard yet; one is enough
	}
}

// listener turns a ring into the notification that River's producers wait for.
type listener struct {
	schema string
	bell   *bell
	mu     sync.Mutex
	topics map[string]bool
}

// These are River's own: the topic of inserts, and the payload that names the queue.
const (
	insertTopic   = "river_insert"
	insertPayload = `{"queue":"default"}`
)

// Connect has nothing to connect to.
func (l *listener) Connect(context.Context) error { return nil }

// Close has nothing to close.
func (l *listener) Close(context.Context) error { return nil }

// Ping is always answered.
func (l *listener) Ping(context.Context) error { return nil }

// Schema returns River's schema.
func (l *listener) Schema() string { return l.schema }

// SetAfterConnectExec is for River's tests.
func (l *listener) SetAfterConnectExec(string) {}

// Listen begins to listen on a topic; only that of inserts is ever told.
func (l *listener) Listen(_ context.Context, topic string) error { return l.set(topic, true) }

// Unlisten ends it.
func (l *listener) Unlisten(_ context.Context, topic string) error { return l.set(topic, false) }

func (l *listener) set(topic string, on bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.topics == nil {
		l.topics = make(map[string]bool)
	}
	l.topics[topic] = on
	return nil
}

// WaitForNotification returns at the next ring.
func (l *listener) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-l.bell.rung:
		return &riverdriver.Notification{Topic: insertTopic, Payload: insertPayload}, nil
	}
}

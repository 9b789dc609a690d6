package postgres

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The channel of wake-ups, and how long a message may be: PostgreSQL takes 8000 bytes.
const (
	channel     = "qlp_events"
	textChannel = "qlp_texts"
	longest     = 7500
	reconnectIn = 500 * time.Millisecond
	tellWithin  = 5 * time.Second
)

// bell tells other processes which intents have new events, and hears what they tell.
//
// It is rung after a commit and not within it: a transaction with a NOTIFY takes a lock that lets commits through one by one.
// So a process that dies in between has told nobody, which the poll of those who wait makes good. Rings that come while a
// message is on its way go into the next one.
type bell struct {
	pool *pgxpool.Pool
	conn *pgxpool.Config
	log  *slog.Logger
	self string // begins this process's own messages, which it need not hear

	mu   sync.Mutex
	rung map[string]bool
	wake chan struct{}

	whispers  chan string // what is to be told the others, and is forgotten where there are too many
	whispered atomic.Pointer[func(string)]

	cancel context.CancelFunc
	done   sync.WaitGroup
}

func newBell(pool *pgxpool.Pool, conn *pgxpool.Config, log *slog.Logger) *bell {
	return &bell{pool: pool, conn: conn, log: log, self: uuid.NewString()[:8], rung: map[string]bool{}, wake: make(chan struct{}, 1), whispers: make(chan string, 256), cancel: func() {}}
}

// ring has other processes told of intents. It does not block.
func (b *bell) ring(ids []string) {
	b.mu.Lock()
	for _, id := range ids {
		b.rung[id] = true
	}
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default: // it is on its way already
	}
}

// start tells and hears until stop. heard is given the intents, none for all of them.
func (b *bell) start(heard func(ids ...string)) {
	ctx, cancel := context.WithCancel(context.Background())
	b.cancel = cancel
	b.done.Go(func() { b.tell(ctx) })
	// The first time is waited for: nothing is missed from here on.
	ready := make(chan struct{})
	b.done.Go(func() { b.hear(ctx, heard, ready) })
	<-ready
}

func (b *bell) stop() {
	b.cancel()
	b.done.Wait()
}

func (b *bell) tell(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.wake:
		case message := <-b.whispers:
			b.notify(ctx, textChannel, b.self+","+message)
			continue
		}
		for _, message := range b.messages() {
			b.notify(ctx, channel, message)
		}
	}
}

func (b *bell) notify(ctx context.Context, channel, message string) {
	telling, cancel := context.WithTimeout(ctx, tellWithin)
	defer cancel()
	if _, err := b.pool.Exec(telling, "SELECT pg_notify($1, $2)", channel, message); err != nil && ctx.Err() == nil {
		b.log.DebugContext(ctx, "Wake-up not told", "room", "store", "err", err)
	}
}

// whisper has the others told something. It does not block.
func (b *bell) whisper(message string) {
	if len(message) > longest {
		return
	}
	select {
	case b.whispers <- message:
	default:
	}
}

// messages takes what was rung, as lists that are short enough.
func (b *bell) messages() (out []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var m strings.Builder
	for id := range b.rung {
		if m.Len()+len(id)+1 > longest {
			out = append(out, m.String())
			m.Reset()
		}
		if m.Len() == 0 {
			m.WriteString(b.self)
		}
		m.WriteString("," + id)
	}
	clear(b.rung)
	if m.Len() > 0 {
		out = append(out, m.String())
	}
	return out
}

// told passes on what another process tells.
func (b *bell) told(n *pgconn.Notification, heard func(ids ...string)) {
	from, message, ok := strings.Cut(n.Payload, ",")
	switch hear := b.whispered.Load(); {
	case !ok || from == b.self:
	case n.Channel == channel:
		heard(strings.Split(message, ",")...)
	case hear != nil:
		(*hear)(message)
	}
}

func (b *bell) hear(ctx context.Context, heard func(ids ...string), ready chan<- struct{}) {
	var first sync.Once
	for ctx.Err() == nil {
		err := b.listen(ctx, heard, func() {
			again := true
			first.Do(func() { close(ready); again = false })
			if again { // something may have been missed
				heard()
			}
		})
		first.Do(func() { close(ready) })
		if ctx.Err() != nil {
			return
		}
		b.log.InfoContext(ctx, "Wake-ups are not heard for a moment", "room", "store", "err", translate(err))
		select {
		case <-ctx.Done():
		case <-time.After(reconnectIn):
		}
	}
}

// listen hears on a connection of its own until that is lost. standing is called once it hears.
func (b *bell) listen(ctx context.Context, heard func(ids ...string), standing func()) error {
	cc := b.conn.ConnConfig.Copy()
	cc.RuntimeParams["application_name"] = "qlp wake-ups"
	if b.conn.BeforeConnect != nil {
		if err := b.conn.BeforeConnect(ctx, cc); err != nil {
			return err
		}
	}
	conn, err := pgx.ConnectConfig(ctx, cc)
	if err != nil {
		return err
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(closing)
	}()
	if _, err := conn.Exec(ctx, "LISTEN "+channel+"; LISTEN "+textChannel); err != nil {
		return err
	}
	standing()
	for {
		// A connection that was cut without a word is found out by asking: a wait alone would never end.
		waiting, cancel := context.WithTimeout(ctx, 15*time.Second)
		n, err := conn.WaitForNotification(waiting)
		cancel()
		switch {
		case err == nil:
			b.told(n, heard)
		case ctx.Err() != nil:
			return ctx.Err()
		case waiting.Err() != nil && !conn.IsClosed():
			asking, cancel := context.WithTimeout(ctx, tellWithin)
			err := conn.Ping(asking)
			cancel()
			if err != nil {
				return err
			}
		default:
			return err
		}
	}
}

package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Kind of a fault.
type Kind string

// The kinds.
const (
	Kill   Kind = "kill"
	Freeze Kind = "freeze"
	Cut    Kind = "cut"
	Fill   Kind = "full disk"
)

// Fault is one that was made.
type Fault struct {
	Kind       Kind
	How        string // the aim of a kill, the way of a cut
	Replica    int
	At, Until  time.Time // Until: when a freeze, a cut or a full disk ended
	Submitting bool      // a call of a caller was under way
	Working    int       // jobs that the replica was at work on, where the queue says so; -1 where it does not
	Missed     bool      // the moment that was aimed at did not come, and it was done anyhow
}

// aim is a moment for a kill: up to spread after an event, or after the fault before.
type aim struct {
	name   string
	wanted func(qlp.Event) bool // nil: any moment
	spread time.Duration
}

func onType(t qlp.EventType) func(qlp.Event) bool {
	return func(e qlp.Event) bool { return e.Type == t }
}

func onMove(t qlp.EventType, to string) func(qlp.Event) bool {
	return func(e qlp.Event) bool { return e.Type == t && moved(e).To == to }
}

// aims are spread over all phases of a run.
func aims() []aim {
	return []aim{
		{"any moment", nil, 1500 * time.Millisecond},
		{"start", nil, 150 * time.Millisecond},
		{"submit", onType(aboutToSubmit), 4 * time.Millisecond},
		{"intent received", onType(qlp.EventIntentReceived), 3 * time.Millisecond},
		{"spec ready", onType(qlp.EventSpecReady), 4 * time.Millisecond},
		{"attempt begun", onMove(qlp.EventTaskState, string(qlp.TaskRunning)), 40 * time.Millisecond},
		{"attempt finished", onType(qlp.EventAttemptFinished), 3 * time.Millisecond},
		{"model call settled", onType(qlp.EventCallSettled), 10 * time.Millisecond},
		{"verification begun", onMove(qlp.EventIntentState, string(qlp.StateVerifying)), 100 * time.Millisecond},
		{"verification", onType(qlp.EventCheckFinished), 400 * time.Millisecond},
		{"repair", onType(qlp.EventRepairPlanned), 20 * time.Millisecond},
		{"pack", lastCheck, 30 * time.Millisecond},
		{"capsule ready", onType(qlp.EventCapsuleReady), 5 * time.Millisecond},
		{"run finished", onType(qlp.EventRunFinished), 5 * time.Millisecond},
		{"cancel", onType(aboutToCancel), 5 * time.Millisecond},
	}
}

// lastCheck is the last one that a verification tells of: the capsule is packed after it.
func lastCheck(e qlp.Event) bool {
	return e.Type == qlp.EventCheckFinished && checkOf(e.Data).Layer == qlp.LayerPolicy
}

// A kill waits so long for one of the moments that are to be met, and then is done anyhow. When no intent has ended for some faults, it
// waits longer: what is always killed early never gets late.
const (
	patience     = 2 * time.Second
	longPatience = 10 * time.Second
	stagnant     = 6 // faults
)

// storm makes the faults, one after the other. Which follows on which is the seed's choice.
type storm struct {
	cfg     Config
	fleet   *fleet
	proxies []*proxy
	disk    *disk
	bell    *bell
	crowd   *crowd
	random  *rand.Rand
	working func(ctx context.Context, replica *replica) int   // nil: nobody can say
	worker  func(ctx context.Context, intent string) *replica // who is at work on the intent; nil: any

	mu     sync.Mutex
	faults []Fault
	beside sync.WaitGroup // freezes and cuts that last

	deck  []aim // moments that are to be met before any is met again, as far as they come
	ended int64 // intents, when that was looked at last
	since int   // faults since then
}

// plan is the order of the kinds.
func (s *storm) plan() []Kind {
	var kinds []Kind
	for _, k := range []struct {
		kind Kind
		n    int
	}{{Kill, s.cfg.Kills}, {Freeze, s.cfg.Freezes}, {Cut, s.cfg.Cuts}, {Fill, s.cfg.Fills}} {
		if k.kind == Fill && s.disk == nil {
			continue
		}
		kinds = append(kinds, slices.Repeat([]Kind{k.kind}, k.n)...)
	}
	s.random.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	return kinds
}

// rage makes every fault, and returns when the last one is over.
func (s *storm) rage(ctx context.Context) error {
	defer s.beside.Wait()
	until := time.Time{}
	if s.cfg.For > 0 {
		until = time.Now().Add(s.cfg.For)
	}
	plan := s.plan()
	told := time.Now()
	for i, kind := range plan {
		if ctx.Err() != nil || !until.IsZero() && time.Now().After(until) {
			return ctx.Err()
		}
		if time.Since(told) > 10*time.Second {
			told = time.Now()
			s.cfg.say("%d of %d faults, %d intents are over", i, len(plan), s.crowd.over.Load())
		}
		var err error
		switch kind {
		case Kill:
			err = s.kill(ctx)
		case Freeze:
			err = s.freeze(ctx)
		case Cut:
			s.cut(ctx)
		case Fill:
			err = s.fill(ctx)
		}
		if err != nil {
			return fmt.Errorf("fault %d, %s: %w", i, kind, err)
		}
	}
	return nil
}

func (s *storm) upTo(d time.Duration) time.Duration {
	return time.Duration(s.random.Int64N(int64(d) + 1))
}

// kill ends a process at a moment that is still to be met.
func (s *storm) kill(ctx context.Context) error {
	f := Fault{Kind: Kill, Working: -1}
	target := s.fleet.replicas[s.random.IntN(len(s.fleet.replicas))]
	draw := s.random.Float64() // drawn here, so that how long a moment takes to come changes no later draw
	if err := s.someoneReady(ctx); err != nil {
		return err
	}
	a, hit, met := s.moment(ctx)
	f.How, f.Missed = a.name, !met
	if a.name == "start" { // of the process that takes the place of one that is killed now
		target.kill()
	}
	pause(ctx, time.Duration(draw*float64(a.spread)))
	if s.worker != nil && hit.IntentID != "" {
		if at := s.worker(ctx, hit.IntentID); at != nil {
			target = at
		}
	}
	if s.working != nil {
		f.Working = s.working(ctx, target)
	}
	f.Replica, f.Submitting, f.At = target.number, s.crowd.submitting.Load() > 0, time.Now().UTC()
	for !target.kill() { // between two processes
		if ctx.Err() != nil {
			return ctx.Err()
		}
		pause(ctx, time.Millisecond)
		f.At = time.Now().UTC()
	}
	f.Until = time.Now().UTC()
	s.note(f)
	return nil
}

// moment waits for the next event that is one of the moments of the deck, takes that out of the deck, and returns both. A moment that needs
// no event is taken when it is at the top. When none comes in time, the next deck is a whole one.
func (s *storm) moment(ctx context.Context) (a aim, hit qlp.Event, met bool) {
	if len(s.deck) == 0 {
		s.deck = aims()
		s.random.Shuffle(len(s.deck), func(i, j int) { s.deck[i], s.deck[j] = s.deck[j], s.deck[i] })
	}
	if top := s.deck[0]; top.wanted == nil {
		s.deck = s.deck[1:]
		return top, hit, true
	}
	which := func(e qlp.Event) int {
		return slices.IndexFunc(s.deck, func(a aim) bool { return a.wanted != nil && a.wanted(e) })
	}
	long := patience
	if now := s.crowd.over.Load(); now != s.ended {
		s.ended, s.since = now, 0
	} else if s.since++; s.since > stagnant {
		long = longPatience
	}
	waiting, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	hit, met = s.bell.wait(waiting, func(e qlp.Event) bool { return which(e) >= 0 })
	if !met { // what is left in the deck is rare: it gets its chance beside the others, or every kill waits for it
		s.deck = nil
		return aim{name: "any moment"}, hit, false
	}
	i := which(hit)
	a = s.deck[i]
	s.deck = slices.Delete(s.deck, i, i+1)
	return a, hit, true
}

// someoneReady waits until a replica listens: what is aimed at happens nowhere else.
func (s *storm) someoneReady(ctx context.Context) error {
	for ctx.Err() == nil {
		for _, r := range s.fleet.replicas {
			if _, _, ok := r.address(); ok {
				return nil
			}
		}
		pause(ctx, 2*time.Millisecond)
	}
	return ctx.Err()
}

// freeze stops a process for longer than a lease. With several replicas the others go on, and so do the faults.
func (s *storm) freeze(ctx context.Context) error {
	if err := s.someoneReady(ctx); err != nil {
		return err
	}
	target := s.fleet.replicas[s.random.IntN(len(s.fleet.replicas))]
	last, wait := s.cfg.Lease+time.Second+s.upTo(s.cfg.Lease), s.upTo(time.Second)
	if len(s.fleet.replicas) == 1 { // nobody can take over from it: it only loses time
		last = 500*time.Millisecond + s.upTo(2*time.Second)
	}
	pause(ctx, wait)
	for !target.freeze() { // between two processes
		if ctx.Err() != nil {
			return ctx.Err()
		}
		pause(ctx, time.Millisecond)
	}
	f := Fault{Kind: Freeze, Replica: target.number, At: time.Now().UTC(), Working: -1}
	thaw := func() {
		pause(ctx, last)
		target.thaw()
		f.Until = time.Now().UTC()
		s.note(f)
	}
	if len(s.fleet.replicas) == 1 {
		thaw()
	} else {
		s.beside.Go(thaw)
	}
	return nil
}

// cut breaks a replica's connection to the database for a while.
func (s *storm) cut(ctx context.Context) {
	ways := []cutting{resetting, stalling, blackholed}
	i, way := s.random.IntN(len(s.proxies)), ways[s.random.IntN(len(ways))]
	last := s.upTo(s.cfg.Lease * 2)
	p := s.proxies[i]
	if p.now() != passing {
		return
	}
	f := Fault{Kind: Cut, How: string(way), Replica: i, At: time.Now().UTC(), Working: -1}
	p.cut(way)
	s.beside.Go(func() {
		pause(ctx, last)
		p.heal()
		f.Until = time.Now().UTC()
		s.note(f)
	})
}

// fill leaves no room on the disk for a while.
func (s *storm) fill(ctx context.Context) error {
	last := time.Second + s.upTo(3*time.Second)
	f := Fault{Kind: Fill, Replica: -1, At: time.Now().UTC(), Working: -1}
	if err := s.disk.fill(); err != nil {
		return err
	}
	pause(ctx, last)
	err := s.disk.free()
	f.Until = time.Now().UTC()
	s.note(f)
	return err
}

func (s *storm) note(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
}

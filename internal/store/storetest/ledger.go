package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

func sampleCall() qlp.Call {
	return qlp.Call{
		ID: newID(), IntentID: "in", RunID: "run", TaskID: "domain", Attempt: 2, Role: "coder", Repair: true, Provider: "p", Model: "m",
		Request: qlp.DigestOf([]byte("what is asked")), State: qlp.CallReserved, Priced: true,
		Reserved: qlp.Budget{Micros: 1000, Tokens: 500, Calls: 1, Seconds: 60}, Started: time.Date(2026, 5, 4, 23, 59, 59, 0, time.UTC),
	}
}

// settled returns how the call ended three seconds later, which is on the next day.
func settled(c qlp.Call) qlp.Call {
	ended := c.Started.Add(3 * time.Second)
	c.State, c.Answer, c.Usage, c.Micros, c.Ended = qlp.CallSettled, qlp.DigestOf([]byte("answer")), qlp.Usage{Input: 100, Cached: 40, Output: 50}, 321, &ended
	return c
}

func reserve(t *testing.T, st store.Store, call qlp.Call, caps store.CallCaps) error {
	t.Helper()
	return st.Tx(t.Context(), func(tx store.Tx) error { return tx.ReserveCall(t.Context(), call, caps) })
}

func spending(t *testing.T, st store.Store, scope string) qlp.Spending {
	t.Helper()
	return read(t, st, func(ctx context.Context, r store.Reader) (qlp.Spending, error) { return r.Spending(ctx, scope) })
}

func (s *suite) testCall(t *testing.T) {
	st := s.open(t)
	call := sampleCall()
	if err := reserve(t, st, call, store.CallCaps{}); err != nil {
		t.Fatal(err)
	}
	list := func(id string) []qlp.Call {
		return read(t, st, func(ctx context.Context, r store.Reader) ([]qlp.Call, error) { return r.Calls(ctx, id) })
	}
	same(t, "the calls", list("run"), []qlp.Call{call})
	scopes := []string{"task:run/domain", "run:run", "day:2026-05-04", "team:2026-05"}
	for _, scope := range scopes {
		same(t, scope, spending(t, st, scope), qlp.Spending{Reserved: call.Reserved})
	}
	end := settled(call)
	for range 2 { // the second time changes nothing
		write(t, st, func(ctx context.Context, tx store.Tx) error { return tx.SettleCall(ctx, end) })
	}
	late := end
	late.State, late.Micros = qlp.CallFailed, 9999
	write(t, st, func(ctx context.Context, tx store.Tx) error { return tx.SettleCall(ctx, late) })
	same(t, "the calls", list("run"), []qlp.Call{end})
	same(t, "the intent's calls", list("in"), []qlp.Call{end})
	same(t, "nobody's calls", list("other"), []qlp.Call{})
	want := qlp.Spending{Micros: 321, Tokens: 150, Calls: 1, MS: 3000}
	for _, scope := range scopes {
		same(t, scope, spending(t, st, scope), want)
	}
	same(t, "the next day", spending(t, st, "day:2026-05-05"), qlp.Spending{})
	split := read(t, st, func(ctx context.Context, r store.Reader) (store.RunSpending, error) { return r.RunSpending(ctx, "run") })
	same(t, "the run's spending", split, store.RunSpending{Repair: want})
	refuse(t, st, qlp.Conflict, func(ctx context.Context, tx store.Tx) error { return tx.ReserveCall(ctx, call, store.CallCaps{}) })
	refuse(t, st, qlp.NotFound, func(ctx context.Context, tx store.Tx) error {
		return tx.SettleCall(ctx, qlp.Call{ID: "none", State: qlp.CallFailed})
	})
	refuse(t, st, qlp.Invalid, func(ctx context.Context, tx store.Tx) error { return tx.SettleCall(ctx, call) })
}

// testCallTold: the end of a call is told to its intent, once.
func (s *suite) testCallTold(t *testing.T) {
	st := s.open(t)
	call := sampleCall()
	call.IntentID = addIntent(t, st).ID
	if err := reserve(t, st, call, store.CallCaps{}); err != nil {
		t.Fatal(err)
	}
	end := settled(call)
	for range 2 {
		write(t, st, func(ctx context.Context, tx store.Tx) error { return tx.SettleCall(ctx, end) })
	}
	events := read(t, st, func(ctx context.Context, r store.Reader) ([]qlp.Event, error) {
		return r.Events(ctx, call.IntentID, 0, 10)
	})
	if len(events) != 1 {
		t.Fatalf("%d events", len(events))
	}
	var told qlp.SettledCall
	if err := json.Unmarshal(events[0].Data, &told); err != nil {
		t.Fatal(err)
	}
	same(t, "what was told", told, qlp.SettledOf(end))
	if e := events[0]; e.Type != qlp.EventCallSettled || e.RunID != call.RunID || e.TaskID != call.TaskID || e.Attempt != call.Attempt {
		t.Errorf("event %+v", e)
	}
}

func (s *suite) testCallAnswered(t *testing.T) {
	st := s.open(t)
	call := sampleCall()
	key := store.AnsweredKey{IntentID: "in", RunID: "run", TaskID: "domain", Attempt: 2, Role: "coder", Request: call.Request}
	found := func(key store.AnsweredKey) (ok bool) {
		_ = read(t, st, func(ctx context.Context, r store.Reader) (c qlp.Call, err error) {
			c, ok, err = r.CallAnswered(ctx, key)
			return c, err
		})
		return ok
	}
	if err := reserve(t, st, call, store.CallCaps{}); err != nil || found(key) {
		t.Fatalf("a call under way is no answer: %v", err)
	}
	write(t, st, func(ctx context.Context, tx store.Tx) error { return tx.SettleCall(ctx, settled(call)) })
	if !found(key) {
		t.Error("the answered call was not found")
	}
	for name, change := range map[string]func(*store.AnsweredKey){
		"intent": func(k *store.AnsweredKey) { k.IntentID = "x" }, "run": func(k *store.AnsweredKey) { k.RunID = "" },
		"task": func(k *store.AnsweredKey) { k.TaskID = "x" }, "attempt": func(k *store.AnsweredKey) { k.Attempt++ },
		"role": func(k *store.AnsweredKey) { k.Role = "tester" }, "request": func(k *store.AnsweredKey) { k.Request = "" },
	} {
		k := key
		if change(&k); found(k) {
			t.Errorf("found for another %s", name)
		}
	}
}

func (s *suite) testCaps(t *testing.T) {
	for name, c := range map[string]struct {
		cap   qlp.Budget
		what  string
		other func(*qlp.Call)
	}{
		"money":  {qlp.Budget{Micros: 1999}, qlp.CapMicros, nil},
		"tokens": {qlp.Budget{Tokens: 999}, qlp.CapTokens, nil},
		"calls":  {qlp.Budget{Calls: 1}, qlp.CapCalls, nil},
		"time":   {qlp.Budget{Seconds: 119}, qlp.CapMS, nil},
		"price":  {qlp.Budget{Micros: 1 << 40}, qlp.CapPrice, func(c *qlp.Call) { c.Priced = false }},
	} {
		for scope, caps := range map[string]store.CallCaps{
			"task:run/domain": {Task: c.cap}, "run:run": {Run: c.cap}, "day:2026-05-04": {Day: c.cap}, "team:2026-05": {Team: c.cap},
		} {
			st := s.open(t)
			if err := reserve(t, st, sampleCall(), caps); err != nil {
				t.Fatalf("%s of %s: the first call: %v", name, scope, err)
			}
			second := sampleCall()
			if c.other != nil {
				c.other(&second)
			}
			err := reserve(t, st, second, caps)
			over, ok := errors.AsType[*qlp.Exceeded](err)
			if qlp.CodeOf(err) != qlp.Exhausted || !ok || over.Scope != scope || over.What != c.what || qlp.RemedyOf(err) == "" {
				t.Fatalf("%s of %s: got %v (%+v)", name, scope, err, over)
			}
			if got := spending(t, st, scope).Reserved.Calls; got != 1 {
				t.Errorf("%s of %s: %d calls are reserved after the refusal", name, scope, got)
			}
		}
	}
}

func (s *suite) testCapsOfFirstCall(t *testing.T) {
	st := s.open(t)
	err := reserve(t, st, sampleCall(), store.CallCaps{Day: qlp.Budget{Tokens: 499}})
	if over, ok := errors.AsType[*qlp.Exceeded](err); !ok || over.Asked != 500 || over.Fits() {
		t.Errorf("got %v", err)
	}
	unpriced := sampleCall()
	unpriced.Priced, unpriced.Reserved.Micros = false, 0
	if err := reserve(t, st, unpriced, store.CallCaps{Day: qlp.Budget{Micros: 1, Tokens: 500}}); err != nil {
		t.Errorf("a token cap stands beside the cap on money: %v", err)
	}
	same(t, "the day", spending(t, st, "day:2026-05-04"), qlp.Spending{Reserved: unpriced.Reserved})
	early := qlp.Call{ID: newID(), IntentID: "in", Role: "interpreter", Reserved: qlp.Budget{Tokens: 1}}
	if err := reserve(t, st, early, store.CallCaps{}); err != nil {
		t.Fatal(err)
	}
	same(t, "the intent", spending(t, st, "run:in"), qlp.Spending{Reserved: qlp.Budget{Tokens: 1, Calls: 1}})
}

// testCapsConcurrent lets many callers want more than there is: exactly what fits is reserved.
func (s *suite) testCapsConcurrent(t *testing.T) {
	st := s.open(t)
	caps := store.CallCaps{Run: qlp.Budget{Tokens: 3600}, Day: qlp.Budget{Micros: 1 << 40}}
	var granted, refused atomic.Int64
	var all sync.WaitGroup
	for i := range 24 {
		all.Go(func() {
			call := sampleCall()
			call.TaskID = fmt.Sprint("task", i%5)
			switch err := reserve(t, st, call, caps); qlp.CodeOf(err) {
			case "":
				granted.Add(1)
				write(t, st, func(ctx context.Context, tx store.Tx) error { return tx.SettleCall(ctx, settled(call)) })
			case qlp.Exhausted:
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	sum := spending(t, st, "run:run")
	if granted.Load()+refused.Load() != 24 || granted.Load() < 7 || sum.Tokens != 150*granted.Load() || sum.Tokens > 3600 || sum.Reserved != (qlp.Budget{}) {
		t.Errorf("%d granted, %d refused, spent %+v", granted.Load(), refused.Load(), sum)
	}
	if day := spending(t, st, "day:2026-05-04"); day.Tokens != sum.Tokens {
		t.Errorf("the day has %+v, the run %+v", day, sum)
	}
}

func (s *suite) testLostCalls(t *testing.T) {
	now := time.Date(2026, 5, 5, 0, 0, 10, 0, time.UTC)
	st := s.openWith(t, Options{Clock: func() time.Time { return now }})
	done, lost := sampleCall(), sampleCall()
	for _, c := range []qlp.Call{done, lost} {
		if err := reserve(t, st, c, store.CallCaps{}); err != nil {
			t.Fatal(err)
		}
	}
	write(t, st, func(ctx context.Context, tx store.Tx) error { return tx.SettleCall(ctx, settled(done)) })
	for _, want := range []bool{true, false} {
		write(t, st, func(ctx context.Context, tx store.Tx) error {
			found, err := tx.LoseCall(ctx)
			if found != want {
				t.Errorf("a call was lost: %t, want %t", found, want)
			}
			return err
		})
	}
	// 11 seconds have passed since the lost call began, of the 60 that it had.
	same(t, "the day", spending(t, st, "day:2026-05-04"), qlp.Spending{Micros: 321 + 1000, Tokens: 150 + 500, Calls: 2, MS: 3000 + 11000})
}

// A run's cap counts what its Spec and plan took, which were made before there was a run.
func (s *suite) testRunPaysForItsSpec(t *testing.T) {
	st := s.open(t)
	spec := sampleCall()
	spec.RunID, spec.TaskID, spec.Role = "", "", "interpreter"
	caps := store.CallCaps{Run: qlp.Budget{Calls: 2}}
	if err := reserve(t, st, spec, caps); err != nil {
		t.Fatal(err)
	}
	write(t, st, func(ctx context.Context, tx store.Tx) error { return tx.SettleCall(ctx, settled(spec)) })
	first, second := sampleCall(), sampleCall()
	second.Attempt++
	if err := reserve(t, st, first, caps); err != nil {
		t.Fatal(err)
	}
	err := reserve(t, st, second, caps)
	over, ok := errors.AsType[*qlp.Exceeded](err)
	if !ok || over.Scope != "run:run" || over.Spent != 1 || over.Reserved != 1 || over.Limit != 2 {
		t.Errorf("the third call of a run with two: %v", err)
	}
	if err := reserve(t, st, second, store.CallCaps{Run: qlp.Budget{Calls: 3}}); err != nil {
		t.Errorf("the cap was raised: %v", err)
	}
}

package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// same compares by what would be printed: two values are the same when nobody outside could tell them apart.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	g, err := json.MarshalIndent(got, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	w, err := json.MarshalIndent(want, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if string(g) != string(w) {
		t.Fatalf("%s differs.\ngot:  %s\nwant: %s", what, g, w)
	}
}

func sampleSpec() qlp.Spec {
	low := qlp.Number("-1.50")
	text := qlp.StringScalar(`quote " and <tag>`)
	return qlp.Spec{
		Title: "Shop", Kind: qlp.KindService, Stack: "go",
		Entities: []qlp.Entity{{Name: "book", Plural: "books", Fields: []qlp.Field{
			{Name: "price", Type: "decimal", Min: &low}, {Name: "note", Type: "text", Default: &text},
		}}},
		Without: map[string][]qlp.Operation{"book": {qlp.OpDelete}},
	}
}

func samplePlan() qlp.Plan {
	return qlp.Plan{Stack: "go", Tasks: []qlp.Task{{ID: "domain", Title: "Domain", Role: qlp.RoleDomain, Owns: []string{"domain/"}}}}
}

func (s *suite) testIntent(t *testing.T) {
	st := s.open(t)
	parent := addIntent(t, st)
	spec, plan := sampleSpec(), samplePlan()
	in := qlp.Intent{
		ID: newID(), Tenant: "somebody", Words: "a shop\nwith books", Revision: 2, Parent: parent.ID, Spec: &spec,
		Settings: qlp.Settings{Stack: "go", Approve: qlp.ApprovePlan, Caps: qlp.Caps{WallSeconds: 60}, GivenSpec: true},
		Created:  time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), Updated: time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC),
	}
	write(t, st, func(ctx context.Context, tx store.Tx) error { return tx.InsertIntent(ctx, in, "", "") })
	in.State = qlp.StateReceived
	get := func() qlp.Intent {
		return read(t, st, func(ctx context.Context, r store.Reader) (qlp.Intent, error) { return r.Intent(ctx, in.ID) })
	}
	same(t, "the intent", get(), in)

	write(t, st, func(ctx context.Context, tx store.Tx) error {
		spec.Title = "Book shop"
		if err := tx.SetSpec(ctx, in.ID, spec); err != nil {
			return err
		}
		if err := tx.SetPlan(ctx, in.ID, plan); err != nil {
			return err
		}
		return tx.SetNeeds(ctx, in.ID, "model")
	})
	got := get()
	if !got.Updated.After(in.Updated) {
		t.Errorf("updated at %s, which is not after %s", got.Updated, in.Updated)
	}
	in.Spec, in.Plan, in.Needs, in.Updated = &spec, &plan, "model", got.Updated
	same(t, "the intent", got, in)

	in.Settings.Caps.Models.Run.Micros = 2_500_000
	until := time.Date(2026, 1, 2, 4, 0, 0, 7000, time.UTC)
	in.Pause = &qlp.Pause{Number: 2, From: qlp.StateRunning, Reason: "the run's cap of 1 call is reached", Since: in.Created, Until: &until}
	write(t, st, func(ctx context.Context, tx store.Tx) error {
		if err := tx.SetSettings(ctx, in.ID, in.Settings); err != nil {
			return err
		}
		return tx.SetPause(ctx, in.ID, *in.Pause)
	})
	got = get()
	in.Updated = got.Updated
	same(t, "the intent", got, in)
	refuse(t, st, qlp.NotFound, func(ctx context.Context, tx store.Tx) error { return tx.SetSettings(ctx, newID(), in.Settings) })
	refuse(t, st, qlp.NotFound, func(ctx context.Context, tx store.Tx) error { return tx.SetPause(ctx, newID(), *in.Pause) })

	refuse(t, st, qlp.Conflict, func(ctx context.Context, tx store.Tx) error { return tx.InsertIntent(ctx, in, "", "") })
	refuse(t, st, qlp.NotFound, func(ctx context.Context, tx store.Tx) error {
		return tx.InsertIntent(ctx, qlp.Intent{ID: newID(), Words: "x", Parent: newID()}, "", "")
	})
	refuse(t, st, qlp.Invalid, func(ctx context.Context, tx store.Tx) error { return tx.InsertIntent(ctx, qlp.Intent{}, "", "") })
}

func (s *suite) testKeys(t *testing.T) {
	st := s.open(t)
	in := qlp.Intent{ID: newID(), Words: "a shop"}
	digest := qlp.DigestOf([]byte("the request"))
	write(t, st, func(ctx context.Context, tx store.Tx) error { return tx.InsertIntent(ctx, in, "key-1", digest) })
	err := st.Read(t.Context(), func(r store.Reader) error {
		id, request, err := r.IntentByKey(t.Context(), "key-1")
		if id != in.ID || request != digest {
			t.Errorf("key-1 is of %s, %s", id, request)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	refuse(t, st, qlp.Conflict, func(ctx context.Context, tx store.Tx) error {
		return tx.InsertIntent(ctx, qlp.Intent{ID: newID(), Words: "another"}, "key-1", digest)
	})
	refuse(t, st, qlp.NotFound, func(ctx context.Context, tx store.Tx) error { _, _, err := tx.IntentByKey(ctx, "key-2"); return err })
	// No key is not a key: any number of intents may have none, and none of them is found by it.
	addIntent(t, st)
	addIntent(t, st)
	refuse(t, st, qlp.NotFound, func(ctx context.Context, tx store.Tx) error { _, _, err := tx.IntentByKey(ctx, ""); return err })
}

func (s *suite) testPages(t *testing.T) {
	st := s.open(t)
	for i := range 25 {
		id := fmt.Sprintf("%02d", (i*7)%25) // the order of ids is not that of time
		at := time.Date(2026, 1, 1, 0, 0, i/3, (i/3)*100_000_000, time.UTC)
		write(t, st, func(ctx context.Context, tx store.Tx) error {
			spec := sampleSpec()
			return tx.InsertIntent(ctx, qlp.Intent{ID: id, Words: "w", Spec: &spec, Created: at}, "", "")
		})
	}
	var got []string
	for after := ""; ; {
		page := read(t, st, func(ctx context.Context, r store.Reader) ([]qlp.Intent, error) {
			return r.Intents(ctx, store.IntentFilter{After: after, Limit: 7})
		})
		for _, in := range page {
			if in.Spec != nil || in.Run != nil {
				t.Error("a page holds specs or runs")
			}
			got = append(got, in.ID)
		}
		if len(page) < 7 {
			break
		}
		after = page[len(page)-1].ID
	}
	if want := newestFirst(25); !slices.Equal(got, want) {
		t.Fatalf("pages:\ngot  %v\nwant %v", got, want)
	}
	write(t, st, func(ctx context.Context, tx store.Tx) error {
		return tx.MoveIntent(ctx, "07", qlp.StateReceived, qlp.StateCanceled, "stopped")
	})
	page := read(t, st, func(ctx context.Context, r store.Reader) ([]qlp.Intent, error) {
		return r.Intents(ctx, store.IntentFilter{State: qlp.StateCanceled, Limit: 200})
	})
	if len(page) != 1 || page[0].ID != "07" || page[0].Reason != "stopped" {
		t.Errorf("canceled intents: %+v", page)
	}
	write(t, st, func(ctx context.Context, tx store.Tx) error {
		return tx.InsertIntent(ctx, qlp.Intent{ID: "of others", Tenant: "others", Words: "w"}, "", "")
	})
	theirs := read(t, st, func(ctx context.Context, r store.Reader) ([]qlp.Intent, error) {
		return r.Intents(ctx, store.IntentFilter{Tenant: "others", Limit: 200})
	})
	if len(theirs) != 1 || theirs[0].ID != "of others" || theirs[0].Tenant != "others" {
		t.Errorf("intents of another tenant: %+v", theirs)
	}
	for _, f := range []store.IntentFilter{{Limit: 0}, {Limit: 201}, {Limit: 5, After: "nobody"}} {
		refuse(t, st, qlp.Invalid, func(ctx context.Context, tx store.Tx) error { _, err := tx.Intents(ctx, f); return err })
	}
}

// newestFirst is the order of testPages' intents: three share a second, and among those the larger id comes first.
func newestFirst(n int) []string {
	var groups [][]string
	for i := range n {
		if i%3 == 0 {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], fmt.Sprintf("%02d", (i*7)%n))
	}
	var out []string
	for _, g := range slices.Backward(groups) {
		slices.SortFunc(g, func(a, b string) int { return strings.Compare(b, a) })
		out = append(out, g...)
	}
	return out
}

func (s *suite) testUnfinished(t *testing.T) {
	st := s.open(t)
	var want []string
	for state, way := range wayTo() {
		in := addIntent(t, st)
		follow(t, st, in.ID, way)
		switch state {
		case qlp.StateReceived, qlp.StateInterpreting, qlp.StatePlanned, qlp.StateRunning, qlp.StateVerifying:
			want = append(want, in.ID)
		}
	}
	got := read(t, st, func(ctx context.Context, r store.Reader) ([]string, error) { return r.Unfinished(ctx) })
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("unfinished: got %v, want %v", got, want)
	}
}

func (s *suite) testTimes(t *testing.T) {
	at := time.Date(2026, 7, 1, 12, 0, 0, 123456789, time.FixedZone("somewhere", 2*3600))
	st := s.openWith(t, Options{Clock: func() time.Time { return at }})
	in := qlp.Intent{ID: newID(), Words: "w"}
	write(t, st, func(ctx context.Context, tx store.Tx) error {
		if err := tx.InsertIntent(ctx, in, "", ""); err != nil {
			return err
		}
		_, err := tx.Append(ctx, qlp.Event{IntentID: in.ID, Type: qlp.EventIntentReceived, Time: at.Add(time.Hour)})
		return err
	})
	want := time.Date(2026, 7, 1, 10, 0, 0, 123456000, time.UTC)
	got := read(t, st, func(ctx context.Context, r store.Reader) (qlp.Intent, error) { return r.Intent(ctx, in.ID) })
	if !reflect.DeepEqual([]time.Time{got.Created, got.Updated}, []time.Time{want, want}) {
		t.Errorf("times are %v and %v, want %v, in UTC and whole microseconds", got.Created, got.Updated, want)
	}
	evs := read(t, st, func(ctx context.Context, r store.Reader) ([]qlp.Event, error) { return r.Events(ctx, in.ID, 0, 10) })
	if len(evs) != 1 || !evs[0].Time.Equal(want) {
		t.Errorf("the event's time is %v, want the store's, %v", evs, want)
	}
}

func (s *suite) testText(t *testing.T) {
	st := s.open(t)
	for name, words := range map[string]string{
		"unicode": "Bücher, 本, 🐘 and a\u0301 combining accent", "quotes": `'; DROP TABLE intents; -- "x" \ $1 ?1 :a`,
		"lines": "a\r\n\tb\n", "json": `{"a":[1,2]}`, "32 KiB": strings.Repeat("é", qlp.MaxIntent/2), "4 MiB": strings.Repeat("0123456789abcdef", 1<<18),
	} {
		in := qlp.Intent{ID: newID(), Words: words}
		data, err := json.Marshal(words)
		if err != nil {
			t.Fatal(err)
		}
		write(t, st, func(ctx context.Context, tx store.Tx) error {
			if err := tx.InsertIntent(ctx, in, "", ""); err != nil {
				return err
			}
			_, err := tx.Append(ctx, qlp.Event{IntentID: in.ID, Type: qlp.EventIntentReceived, Data: data})
			return err
		})
		got := read(t, st, func(ctx context.Context, r store.Reader) (qlp.Intent, error) { return r.Intent(ctx, in.ID) })
		if got.Words != words {
			t.Errorf("%s: the words came back changed", name)
		}
		evs := read(t, st, func(ctx context.Context, r store.Reader) ([]qlp.Event, error) { return r.Events(ctx, in.ID, 0, 10) })
		if len(evs) != 1 || string(evs[0].Data) != string(data) {
			t.Errorf("%s: the event's data came back changed", name)
		}
	}
}

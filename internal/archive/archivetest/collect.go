package archivetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/archive"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

func testCollect(t *testing.T, d Driver) {
	h := open(t, d)
	expired, packed, active := h.build(t, "a", qlp.StateFailed, false), h.build(t, "b", qlp.StateFailed, true), h.build(t, "c", "", false)
	stray, young := h.put(t, "nobody speaks of it"), h.put(t, "nobody speaks of it yet")
	h.age(t, stray)

	// Without a retention, what is referred to stays: of the two runs without a capsule, the blob that would be one is garbage.
	got, err := archive.Collect(t.Context(), h, h.blobs, collection())
	if err != nil || got.Runs != 0 || got.Blobs != 3 || got.Young != 1 || h.there(t, stray) || !h.there(t, young) {
		t.Errorf("got %+v, %v", got, err)
	}
	if v, err := archive.Verify(t.Context(), h, h.blobs); err != nil || len(v.Missing) > 0 {
		t.Errorf("what is missing: %+v, %v", v, err)
	}

	c := collection()
	c.Expired = time.Now().Add(time.Hour) // everything that is over has been so for long
	got, err = archive.Collect(t.Context(), h, h.blobs, c)
	if err != nil || got.Runs != 1 || got.Trees != 2 || got.Blobs != 5 {
		t.Errorf("got %+v, %v", got, err)
	}
	for what, digest := range expired.blobs {
		// The ledger speaks of the answer.
		if there := h.there(t, digest); there != (what == "answer" || what == "common") {
			t.Errorf("%s of the expired run is there: %v", what, there)
		}
	}
	for _, o := range []owned{packed, active} {
		for what, digest := range o.blobs {
			if what != "capsule" && !h.there(t, digest) {
				t.Errorf("%s of a run that is not expired is gone", what)
			}
		}
	}
	if !h.there(t, packed.blobs["capsule"]) {
		t.Error("a capsule is gone")
	}
	if v, err := archive.Verify(t.Context(), h, h.blobs); err != nil || len(v.Missing) > 0 {
		t.Errorf("what is missing: %+v, %v", v, err)
	}
}

func testDry(t *testing.T, d Driver) {
	h := open(t, d)
	h.build(t, "a", qlp.StateFailed, false)
	stray := h.put(t, "nobody speaks of it")
	h.age(t, stray)
	c := collection()
	c.Dry, c.Expired = true, time.Now().Add(time.Hour)
	for range 2 {
		got, err := archive.Collect(t.Context(), h, h.blobs, c)
		if err != nil || got.Runs != 1 || got.Blobs != 2 || !h.there(t, stray) {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	if v, err := archive.Verify(t.Context(), h, h.blobs); err != nil || len(v.Missing) > 0 {
		t.Errorf("what is missing: %+v, %v", v, err)
	}
}

// testBeside collects all the time while runs put blobs and speak of them a moment later, blobs that nobody wanted for a day among
// them. None is lost.
func testBeside(t *testing.T, d Driver) {
	h := open(t, d)
	ctx, cancel := context.WithCancel(t.Context())
	c := collection()
	c.Grace = 5 * time.Second
	var taken int
	done := make(chan error, 1)
	go func() {
		for ctx.Err() == nil {
			got, err := archive.Collect(t.Context(), h, h.blobs, c)
			taken += got.Blobs
			if err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	var group sync.WaitGroup
	for n := range 4 {
		group.Go(func() {
			if err := h.rounds(t, n); err != nil {
				t.Errorf("run %d: %v", n, err)
			}
		})
	}
	group.Wait()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if taken == 0 {
		t.Error("nothing was ever taken away, so nothing was shown")
	}
	v, err := archive.Verify(t.Context(), h, h.blobs)
	if err != nil || len(v.Missing) > 0 || v.Blobs < 4 {
		t.Errorf("in the end: %+v, %v", v, err)
	}
}

// rounds has a run want blobs, drop them and want them again.
func (h *house) rounds(t *testing.T, n int) error {
	ctx := t.Context()
	at := time.Now().UTC()
	in := qlp.Intent{ID: newID(), Words: "w", State: qlp.StateReceived, Revision: 1, Created: at, Updated: at}
	run := qlp.Run{ID: newID(), IntentID: in.ID, Number: 1, StartedAt: at}
	err := h.Tx(ctx, func(tx store.Tx) error { return errors.Join(tx.InsertIntent(ctx, in, "", ""), tx.InsertRun(ctx, run)) })
	for round := 0; err == nil && round < 20; round++ {
		content := []byte(fmt.Sprintf("blob %d of run %d", round%3, n))
		if run.Evidence, err = h.blobs.Put(ctx, content); err != nil {
			return err
		}
		err = h.Tx(ctx, func(tx store.Tx) error { return tx.UpdateRun(ctx, run) })
		if err != nil {
			return err
		}
		if _, err := h.blobs.Get(ctx, run.Evidence); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		if round == 19 { // the last one stays
			break
		}
		digest := run.Evidence
		run.Evidence = ""
		err = h.Tx(ctx, func(tx store.Tx) error { return tx.UpdateRun(ctx, run) })
		// And a day goes by.
		old := time.Now().Add(-24 * time.Hour)
		_ = os.Chtimes(filepath.Join(h.dir, "sha256", digest.Hex()[:2], digest.Hex()[2:]), old, old) // it may be gone just then
	}
	return err
}

func testVerify(t *testing.T, d Driver) {
	h := open(t, d)
	o := h.build(t, "a", qlp.StateFailed, true)
	path := func(d qlp.Digest) string { return filepath.Join(h.dir, "sha256", d.Hex()[:2], d.Hex()[2:]) }
	if err := errors.Join(os.Remove(path(o.blobs["main"])), os.WriteFile(path(o.blobs["answer"]), []byte("changed"), 0o600)); err != nil {
		t.Fatal(err)
	}
	v, err := archive.Verify(t.Context(), h, h.blobs)
	if err != nil || len(v.Missing) != 2 || v.Blobs != len(o.blobs)-2 {
		t.Errorf("got %+v, %v", v, err)
	}
}

package file_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/blob"
	"github.com/quantumlayer/qlp/internal/blob/file"
	"github.com/quantumlayer/qlp/internal/qlp"
)

func listed(t *testing.T, s *file.Store) (out []blob.Info) {
	t.Helper()
	if err := s.List(t.Context(), func(i blob.Info) error { out = append(out, i); return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

// age makes a blob as old as a day.
func age(t *testing.T, dir string, d qlp.Digest) {
	t.Helper()
	old := time.Now().Add(-24 * time.Hour)
	if err := os.Chtimes(filepath.Join(dir, "sha256", d.Hex()[:2], d.Hex()[2:]), old, old); err != nil {
		t.Fatal(err)
	}
}

func TestDiscard(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, file.Config{})
	var digests []qlp.Digest
	for i := range 5 {
		d, err := s.Put(t.Context(), fmt.Appendf(nil, "blob %d", i))
		if err != nil {
			t.Fatal(err)
		}
		age(t, dir, d)
		digests = append(digests, d)
	}
	slices.Sort(digests)
	var got []qlp.Digest
	for _, i := range listed(t, s) {
		if i.Size != 6 || time.Since(i.Put) < 23*time.Hour {
			t.Errorf("listed %+v", i)
		}
		got = append(got, i.Digest)
	}
	if !slices.Equal(got, digests) {
		t.Errorf("listed %v, put %v", got, digests)
	}
	hour := time.Now().Add(-time.Hour)
	if taken, err := s.Discard(t.Context(), digests[0], hour); err != nil || !taken {
		t.Errorf("an old one: %v, %v", taken, err)
	}
	if _, err := s.Get(t.Context(), digests[0]); qlp.CodeOf(err) != qlp.NotFound {
		t.Errorf("after it was discarded: %v", err)
	}
	if taken, err := s.Discard(t.Context(), digests[0], hour); err != nil || taken {
		t.Errorf("twice: %v, %v", taken, err)
	}
	b, err := s.Get(t.Context(), digests[1])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), b); err != nil { // which makes it young
		t.Fatal(err)
	}
	if taken, err := s.Discard(t.Context(), digests[1], hour); err != nil || taken {
		t.Errorf("one that was put again: %v, %v", taken, err)
	}
	if _, err := s.Discard(t.Context(), "../../etc/passwd", hour); qlp.CodeOf(err) != qlp.Invalid {
		t.Errorf("no digest: %v", err)
	}
}

// TestTrashOfAKilledProcess finds a blob where a process that was killed in Discard has left it.
func TestTrashOfAKilledProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, file.Config{})
	d, err := s.Put(t.Context(), []byte("half discarded"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "sha256", d.Hex()[:2], d.Hex()[2:]), filepath.Join(dir, "trash", d.Hex())); err != nil {
		t.Fatal(err)
	}
	if b, err := s.Get(t.Context(), d); err != nil || string(b) != "half discarded" {
		t.Errorf("read %q, %v", b, err)
	}
	if all := listed(t, s); len(all) != 1 || all[0].Digest != d {
		t.Errorf("listed %v", all)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "trash")); err != nil || len(left) != 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}

// TestPutAndDiscardAtOnce puts what is being discarded all the time: what a Put has answered for is there for as long as it is young.
func TestPutAndDiscardAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, file.Config{})
	content := bytes.Repeat([]byte("x"), 10_000)
	d, err := s.Put(t.Context(), content)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "sha256", d.Hex()[:2], d.Hex()[2:])
	var stop atomic.Bool
	var taken atomic.Int64
	var group sync.WaitGroup
	group.Go(func() {
		for !stop.Load() {
			ok, err := s.Discard(t.Context(), d, time.Now().Add(-time.Hour))
			if err != nil {
				t.Error(err)
				return
			}
			if ok {
				taken.Add(1)
			}
		}
	})
	for i := range 3000 {
		old := time.Now().Add(-2 * time.Hour)
		_ = os.Chtimes(path, old, old) // it may be gone just then
		if _, err := s.Put(t.Context(), content); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get(t.Context(), d); err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
	}
	stop.Store(true)
	group.Wait()
	t.Logf("discarded %d times", taken.Load())
	if taken.Load() == 0 {
		t.Error("nothing was ever discarded, so nothing was shown")
	}
}

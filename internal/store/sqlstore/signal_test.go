package sqlstore

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func woken(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

func TestSignalWakesItsKeyAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSignal(time.Second)
		a, again, b := s.wait("a"), s.wait("a"), s.wait("b")
		s.broadcast("a", "nobody's")
		if !woken(a) || !woken(again) || woken(b) {
			t.Errorf("woken: %t, %t and %t", woken(a), woken(again), woken(b))
		}
		if later := s.wait("a"); woken(later) {
			t.Error("an old broadcast woke a new wait")
		}
		s.stop()
		if !woken(b) {
			t.Error("the end woke nobody")
		}
	})
}

// TestSignalBoundsWhatPollsCost: a few are woken within the longest wait, very many take turns, and in the order in which they came.
func TestSignalBoundsWhatPollsCost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSignal(time.Second)
		few := s.wait("few")
		<-time.After(time.Second)
		synctest.Wait()
		if !woken(few) {
			t.Error("the longest wait is over, and nobody was woken")
		}
		const many = 10 * wokenAtOnce
		all := make([]<-chan struct{}, many)
		for i := range all {
			all[i] = s.wait(fmt.Sprint(i))
		}
		for second := 1; second <= many/wokenAtOnce; second++ {
			<-time.After(time.Second)
			synctest.Wait()
			n := 0
			for i, ch := range all {
				if woken(ch) {
					n++
				} else if i < n {
					t.Fatalf("%d waits and came before others that were woken", i)
				}
			}
			if n > 2*second*wokenAtOnce {
				t.Errorf("after %d s, %d were woken", second, n)
			}
		}
		for i, ch := range all {
			if !woken(ch) {
				t.Fatalf("%d was never woken", i)
			}
		}
		s.stop()
	})
}

package api

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// side is the other side of a connection: it answers pings until it is gone.
type side struct {
	gone   atomic.Bool
	pings  atomic.Int64
	closed chan struct{}
}

func (s *side) Ping(ctx context.Context) error {
	s.pings.Add(1)
	if !s.gone.Load() {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closed:
		return errors.New("closed")
	}
}

func (s *side) CloseNow() error { close(s.closed); return nil }

func TestAliveCutsWhoIsGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAlive(20*time.Second, 10*time.Second)
		here, gone := &side{closed: make(chan struct{})}, &side{closed: make(chan struct{})}
		leaveHere, leaveGone := a.enter(here), a.enter(gone)
		<-time.After(5 * time.Second)
		later := &side{closed: make(chan struct{})}
		leaveLater := a.enter(later)
		<-time.After(63 * time.Second)
		if here.pings.Load() != 3 || later.pings.Load() != 3 {
			t.Errorf("%d and %d pings in about a minute, want 3 each", here.pings.Load(), later.pings.Load())
		}
		gone.gone.Store(true)
		<-time.After(31 * time.Second)
		select {
		case <-gone.closed:
		default:
			t.Error("who is gone was not cut")
		}
		leaveGone()
		n := gone.pings.Load()
		<-time.After(time.Minute)
		if gone.pings.Load() != n || here.pings.Load() < 7 {
			t.Errorf("after it left %d more pings; the others had %d", gone.pings.Load()-n, here.pings.Load())
		}
		leaveHere()
		leaveLater()
		<-time.After(time.Minute) // the timer ends by itself: synctest fails when one is left
		if again := a.enter(here); a.timer == nil {
			t.Error("nobody is pinged any more")
		} else {
			again()
		}
		<-time.After(time.Minute)
	})
}

// TestAliveWaitsForAPingUnderWay: nothing uses a connection after its handler has left.
func TestAliveWaitsForAPingUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAlive(time.Second, time.Hour)
		s := &side{closed: make(chan struct{})}
		s.gone.Store(true)
		leave := a.enter(s)
		<-time.After(1500 * time.Millisecond)
		left := make(chan struct{})
		go func() { leave(); close(left) }()
		synctest.Wait()
		select {
		case <-left:
			t.Error("it left while its ping was under way")
		default:
		}
		s.closed <- struct{}{} // the ping fails, and the connection is closed
		<-left
	})
}

package store

import "testing"

func TestAdd(t *testing.T) {
	s := New()
	s.Add(2)
	if got := s.Add(3); got != 5 {
		t.Errorf("got %d, want 5", got)
	}
}

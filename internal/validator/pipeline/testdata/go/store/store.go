// Package store keeps a number.
package store

import "sync"

// Store is safe for concurrent use.
type Store struct {
	mu sync.Mutex
	n  int
}

// New returns a store that holds 0.
func New() *Store { return &Store{} }

// Add adds n and returns the sum.
func (s *Store) Add(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n += n
	return s.n
}

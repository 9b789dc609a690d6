package chaos

import "context"

// working says how many jobs a replica is at work on, as the queue has it; -1 where it cannot be told.
func (s *stage) working(ctx context.Context, r *replica) int { _, _ = ctx, r; return -1 }

// worker is the replica that is at work on an intent; nil where it cannot be told.
func (s *stage) worker(context.Context, string) *replica { return nil }

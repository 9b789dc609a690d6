package store

import (
	"context"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Keeper is a store as its operator sees it, who keeps house for every tenant: what is referred to, what is expired, what one
// tenant owns. Errors as those of Store.
type Keeper interface {
	Store
	// Alone runs fn while no other process does so on this database. It is a conflict when one does.
	Alone(ctx context.Context, fn func(ctx context.Context) error) error
	// Digests calls fn with every digest that a row speaks of, some of them many times, all in one state of the database. kept says
	// that it names a blob which must be there; of the others, some name blobs that would be missed and some name none.
	Digests(ctx context.Context, fn func(d qlp.Digest, kept bool)) error
	// DropTrees deletes the trees that nothing refers to, while others work, and returns how many there were.
	DropTrees(ctx context.Context) (int, error)
	// Expired returns runs without a capsule, by id after an id, whose intent's way ended before a time, and of which there is
	// something to clear. Limit is 1 or more.
	Expired(ctx context.Context, before time.Time, after string, limit int) ([]ExpiredRun, error)
	// Expire clears such a run, and appends the event run.expired: its files, executions and report go; what was asked, decided,
	// found and called stays. cleared is false where the intent has gone on meanwhile.
	Expire(ctx context.Context, run ExpiredRun, before time.Time) (cleared bool, err error)
	// Owned counts what a tenant owns.
	Owned(ctx context.Context, tenant string) (Owned, error)
	// Scopes returns what the tenant's intents, runs and tasks have spent, by scope.
	Scopes(ctx context.Context, tenant string) (map[string]qlp.Spending, error)
	// Embeddings calls fn with each of the tenant's vectors, without words.
	Embeddings(ctx context.Context, tenant string, fn func(qlp.Embedding) error) error
	// Erase removes every row of the tenant's in one transaction, its queue jobs too, and returns the number of intents. What was
	// spent stays in the sums of days and months. It is a conflict while an intent is active, a job runs or a call is under way.
	Erase(ctx context.Context, tenant string) (intents int, err error)
	// Scrub takes what was deleted out of the database's own files, as far as that is the program's to do.
	Scrub(ctx context.Context) error
}

// ExpiredRun names a run that may be cleared.
type ExpiredRun struct{ ID, IntentID string }

// Owned counts a tenant's intents.
type Owned struct {
	Intents int
	Active  int // those that are not over
	Calls   int // model calls under way
}

// ErrKept is what Alone returns while another process keeps house.
func ErrKept() error {
	return qlp.Errorf(qlp.Conflict, "another process is just making a backup, collecting garbage or erasing a tenant here").
		WithRemedy("wait for its end and try again")
}

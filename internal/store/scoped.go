package store

import (
	"context"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Scoped is what one tenant sees of a store: reading alone, and nothing by an id that is another's. What is another's and what
// does not exist are told apart by nobody: both are not_found.
type Scoped struct {
	Of     Store
	Tenant string
}

// Read does as Store.Read, with a reader that sees the tenant's own.
func (s Scoped) Read(ctx context.Context, fn func(r Reader) error) error {
	return s.Of.Read(ctx, func(r Reader) error { return fn(scoped{r, s.Tenant}) })
}

// Changed does as Store.Changed.
func (s Scoped) Changed(intentID string) <-chan struct{} { return s.Of.Changed(intentID) }

// Ping does as Store.Ping.
func (s Scoped) Ping(ctx context.Context) error { return s.Of.Ping(ctx) }

// Owns is not_found unless the intent or run is the tenant's.
func (s Scoped) Owns(ctx context.Context, id string) error {
	return s.Read(ctx, func(r Reader) error {
		_, err := r.Owner(ctx, id)
		return err
	})
}

// scoped refuses whatever has another owner. Trees go by their content's digest, which nobody can guess.
type scoped struct {
	Reader
	tenant string
}

// Owner returns the tenant, if the intent or run is the tenant's.
func (r scoped) Owner(ctx context.Context, id string) (string, error) {
	owner, err := r.Reader.Owner(ctx, id)
	if err == nil && owner != r.tenant {
		err = qlp.Errorf(qlp.NotFound, "there is no intent or run %.80q", id)
	}
	return owner, err
}

// Intent returns the tenant's intent.
func (r scoped) Intent(ctx context.Context, id string) (qlp.Intent, error) {
	in, err := r.Reader.Intent(ctx, id)
	if err == nil && in.Tenant != r.tenant {
		return qlp.Intent{}, qlp.Errorf(qlp.NotFound, "there is no intent %.80q", id)
	}
	return in, err
}

// Intents returns a page of the tenant's intents.
func (r scoped) Intents(ctx context.Context, f IntentFilter) ([]qlp.Intent, error) {
	f.Tenant = r.tenant
	return r.Reader.Intents(ctx, f)
}

// IntentByKey finds the tenant's intent by its idempotency key.
func (r scoped) IntentByKey(ctx context.Context, key string) (string, qlp.Digest, error) {
	id, request, err := r.Reader.IntentByKey(ctx, key)
	if err == nil {
		_, err = r.Owner(ctx, id)
	}
	return id, request, err
}

// State returns where the tenant's intent stands.
func (r scoped) State(ctx context.Context, id string) (qlp.State, error) {
	return owned(ctx, r, id, func() (qlp.State, error) { return r.Reader.State(ctx, id) })
}

// Run returns the tenant's run.
func (r scoped) Run(ctx context.Context, id string) (qlp.Run, error) {
	return owned(ctx, r, id, func() (qlp.Run, error) { return r.Reader.Run(ctx, id) })
}

// Runs returns the runs of the tenant's intent.
func (r scoped) Runs(ctx context.Context, intentID string) ([]qlp.Run, error) {
	return owned(ctx, r, intentID, func() ([]qlp.Run, error) { return r.Reader.Runs(ctx, intentID) })
}

// Attempts returns those of the tenant's run.
func (r scoped) Attempts(ctx context.Context, runID, taskID string) ([]qlp.Attempt, error) {
	return owned(ctx, r, runID, func() ([]qlp.Attempt, error) { return r.Reader.Attempts(ctx, runID, taskID) })
}

// Executions returns those of the tenant's run.
func (r scoped) Executions(ctx context.Context, runID string) ([]qlp.Execution, error) {
	return owned(ctx, r, runID, func() ([]qlp.Execution, error) { return r.Reader.Executions(ctx, runID) })
}

// Events returns those of the tenant's intent.
func (r scoped) Events(ctx context.Context, intentID string, after int64, limit int) ([]qlp.Event, error) {
	return owned(ctx, r, intentID, func() ([]qlp.Event, error) { return r.Reader.Events(ctx, intentID, after, limit) })
}

// Calls returns those of the tenant's intent or run.
func (r scoped) Calls(ctx context.Context, id string) ([]qlp.Call, error) {
	return owned(ctx, r, id, func() ([]qlp.Call, error) { return r.Reader.Calls(ctx, id) })
}

// RunSpending returns what the tenant's run took.
func (r scoped) RunSpending(ctx context.Context, runID string) (RunSpending, error) {
	return owned(ctx, r, runID, func() (RunSpending, error) { return r.Reader.RunSpending(ctx, runID) })
}

func owned[T any](ctx context.Context, r scoped, id string, read func() (T, error)) (T, error) {
	if _, err := r.Owner(ctx, id); err != nil {
		var none T
		return none, err
	}
	return read()
}

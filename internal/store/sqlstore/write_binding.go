package sqlstore

import "context"

// Bind writes what the database belongs together with, unless that was written before, and returns what is written.
func (t *transaction) Bind(ctx context.Context, name, id string) (bound string, err error) {
	if err := t.q.AddBinding(ctx, name, id); err != nil {
		return "", t.store.fault(ctx, "bind "+name, err)
	}
	bound, err = t.q.GetBinding(ctx, name)
	return bound, t.store.fault(ctx, "bind "+name, err)
}

// Rebind writes it in place of what was written before.
func (t *transaction) Rebind(ctx context.Context, name, id string) error {
	return t.store.fault(ctx, "bind "+name, t.q.SetBinding(ctx, name, id))
}

package archive

import (
	"context"
	"fmt"

	"github.com/quantumlayer/qlp/internal/blob"
	"github.com/quantumlayer/qlp/internal/store"
)

// Erased says what was removed with a tenant.
type Erased struct {
	Intents int       `json:"intents"`
	Garbage Collected `json:"garbage"`
}

// EraseTenant removes everything that one tenant owns: its rows, then the blobs that nobody else speaks of. What was spent stays in
// the sums of days and months. An active intent is a conflict; a tenant that owns nothing is not_found.
func EraseTenant(ctx context.Context, k store.Keeper, blobs blob.Keeper, tenant string, c Collection) (out Erased, err error) {
	err = k.Alone(ctx, func(ctx context.Context) error {
		has, err := k.Owned(ctx, tenant)
		if err != nil {
			return err
		}
		if has.Intents == 0 {
			return noTenant(tenant)
		}
		if out.Intents, err = k.Erase(ctx, tenant); err != nil {
			return err
		}
		if err := sweep(ctx, k, blobs, c, &out.Garbage); err != nil {
			return fmt.Errorf("its rows are gone; its blobs go with qlp gc: %w", err)
		}
		return k.Scrub(ctx)
	})
	if err != nil {
		return out, fmt.Errorf("erase tenant %s: %w", tenant, err)
	}
	return out, nil
}

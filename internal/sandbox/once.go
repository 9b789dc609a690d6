package sandbox

import (
	"context"
	"errors"
	"fmt"
)

// RunOnce makes a sandbox, copies the host directory dir (if not empty) into its /work, executes cmd, and destroys the
// sandbox. Nothing is copied back. The Result is valid if err is nil.
func RunOnce(ctx context.Context, d Driver, spec Spec, cmd Cmd, dir string) (res Result, err error) {
	sb, err := d.Create(ctx, spec)
	if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, sb.Destroy(context.WithoutCancel(ctx))) }()
	if dir != "" {
		if err := PutDir(ctx, sb, dir); err != nil {
			return Result{}, fmt.Errorf("copy %s into the sandbox: %w", dir, err)
		}
	}
	return sb.Exec(ctx, cmd)
}

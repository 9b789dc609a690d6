package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"

	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// sharedName is the binding of a database to the folder that holds its blobs.
const sharedName = "shared"

// bindShared refuses a shared folder that is not the one whose blobs the database speaks of: every run would miss its files there.
// The first process binds the two together.
func bindShared(ctx context.Context, st store.Store, cfg config.Config) error {
	id, err := sharedID(cfg.Shared())
	if err != nil {
		return err
	}
	var bound string
	err = st.Tx(ctx, func(tx store.Tx) (err error) { bound, err = tx.Bind(ctx, sharedName, id); return err })
	if err != nil {
		return err
	}
	if bound != id {
		return qlp.Errorf(qlp.Conflict, "the folder %s is not the one that this database keeps its blobs in", cfg.Shared()).
			WithRemedy("set shared (QLP_SHARED) to the folder that the other replicas use, mounted here, with its file %s; where that folder is gone and this one holds its files, run qlp migrate --adopt", deploymentName)
	}
	return nil
}

// deploymentName is the file in the shared folder that holds its id.
const deploymentName = "deployment"

// sharedID reads the folder's id, which whoever comes first makes.
func sharedID(dir string) (string, error) {
	path := filepath.Join(dir, deploymentName)
	for range 2 {
		b, err := os.ReadFile(path) //nolint:gosec // a file of the shared folder
		if err == nil {
			return strings.TrimSpace(string(b)), nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("read the shared folder's id: %w", err)
		}
		if err := putPrivate(path, []byte(uuid.NewString()+"\n"), os.Link); err != nil && !errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("write the shared folder's id: %w", err)
		}
	}
	return "", qlp.Errorf(qlp.Unavailable, "the folder %s does not keep its file %s", dir, deploymentName).WithRemedy("see that it is a folder on a disk that all replicas see")
}

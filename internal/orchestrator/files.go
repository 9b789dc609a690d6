package orchestrator

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// blobsAtOnce bounds how many blobs are written or read at a time.
const blobsAtOnce = 8

// keep stores files and returns their tree.
func (e *Engine) keep(ctx context.Context, files []qlp.File) (qlp.Tree, error) {
	entries := make([]qlp.Entry, len(files))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(blobsAtOnce)
	for i, f := range files {
		group.Go(func() error {
			digest, err := e.Blobs.Put(ctx, f.Content)
			entries[i] = qlp.Entry{Path: f.Path, Digest: digest, Size: int64(len(f.Content)), Executable: f.Executable}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("keep files: %w", err)
	}
	return qlp.NewTree(entries)
}

// load returns the files of a tree, sorted by path.
func (e *Engine) load(ctx context.Context, tree qlp.Tree) ([]qlp.File, error) {
	files := make([]qlp.File, len(tree))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(blobsAtOnce)
	for i, entry := range tree {
		group.Go(func() error {
			b, err := e.Blobs.Get(ctx, entry.Digest)
			files[i] = qlp.File{Path: entry.Path, Content: b, Executable: entry.Executable}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("load files: %w", err)
	}
	slices.SortFunc(files, func(a, b qlp.File) int { return cmp.Compare(a.Path, b.Path) })
	return files, nil
}

// project returns the merged tree of all tasks, and the part of it that is frozen.
func project(in qlp.Intent) (tree, frozen qlp.Tree, err error) {
	for _, t := range in.Run.Tasks {
		if tree, err = tree.Merge(t.Tree); err != nil {
			return nil, nil, fmt.Errorf("merge the files of task %s: %w", t.TaskID, err)
		}
		if task, _ := in.Plan.Task(t.TaskID); task.Frozen {
			frozen = append(frozen, t.Tree...)
		}
	}
	return tree, frozen, nil
}

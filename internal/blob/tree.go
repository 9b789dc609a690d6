package blob

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// parallel is how many files of a tree are on their way at once: disks answer several writers faster than one.
const parallel = 8

// PutTree stores the content of files and returns their tree.
func PutTree(ctx context.Context, s Store, files []qlp.File) (qlp.Tree, error) {
	entries := make([]qlp.Entry, len(files))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for i, f := range files {
		g.Go(func() error {
			digest, err := s.Put(ctx, f.Content)
			if err != nil {
				return fmt.Errorf("put %s: %w", f.Path, err)
			}
			entries[i] = qlp.Entry{Path: f.Path, Digest: digest, Size: int64(len(f.Content)), Executable: f.Executable}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return qlp.NewTree(entries)
}

// GetTree returns the files of a tree, in its order.
func GetTree(ctx context.Context, s Store, tree qlp.Tree) ([]qlp.File, error) {
	files := make([]qlp.File, len(tree))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for i, e := range tree {
		g.Go(func() error {
			content, err := s.Get(ctx, e.Digest)
			if err != nil {
				return fmt.Errorf("get %s: %w", e.Path, err)
			}
			files[i] = qlp.File{Path: e.Path, Content: content, Executable: e.Executable}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return files, nil
}

package archive

import (
	"context"
	"fmt"
	"time"

	"github.com/quantumlayer/qlp/internal/blob"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// Grace is how long a blob that nothing speaks of is left alone: it is put before the transaction that speaks of it.
const Grace = time.Hour

// Collection says what is garbage.
type Collection struct {
	Dry     bool          // say what would go, and take nothing away
	Expired time.Time     // runs without a capsule, of intents that ended before it, are cleared; zero: none is
	Grace   time.Duration // Grace where others may be at work; negative: every blob that nothing speaks of goes
	Clock   store.Clock
}

// Collected says what was taken away, or would be.
type Collected struct {
	Runs  int   `json:"runs"` // that were cleared
	Trees int   `json:"trees"`
	Blobs int   `json:"blobs"`
	Bytes int64 `json:"bytes"` // of those blobs
	Young int   `json:"young"` // blobs that nothing speaks of, left alone for now
	Kept  int   `json:"kept"`  // blobs that are wanted
}

// Collect takes garbage away, while others work: what expired runs alone refer to, and blobs that nothing refers to. One process at
// a time does so.
func Collect(ctx context.Context, k store.Keeper, blobs blob.Keeper, c Collection) (out Collected, err error) {
	err = k.Alone(ctx, func(ctx context.Context) error {
		if !c.Expired.IsZero() {
			if out.Runs, err = expire(ctx, k, c); err != nil {
				return err
			}
		}
		return sweep(ctx, k, blobs, c, &out)
	})
	if err != nil {
		return out, fmt.Errorf("collect garbage: %w", err)
	}
	return out, nil
}

// expire clears runs whose time is over, one after another.
func expire(ctx context.Context, k store.Keeper, c Collection) (n int, err error) {
	for after := ""; ; {
		runs, err := k.Expired(ctx, c.Expired, after, 100)
		if err != nil || len(runs) == 0 {
			return n, err
		}
		for _, run := range runs {
			after = run.ID
			cleared := c.Dry
			if !c.Dry {
				if cleared, err = k.Expire(ctx, run, c.Expired); err != nil {
					return n, fmt.Errorf("clear run %s: %w", run.ID, err)
				}
			}
			if cleared {
				n++
			}
		}
	}
}

// sweep takes blobs away that nothing speaks of. What is young was put for a transaction that is still to come; what is put again
// meanwhile becomes young, and the database is read after that moment was fixed.
func sweep(ctx context.Context, k store.Keeper, blobs blob.Keeper, c Collection, out *Collected) (err error) {
	before := c.Clock().Add(-c.Grace)
	if c.Grace < 0 {
		before = c.Clock().Add(24 * time.Hour) // whatever the clocks say
	}
	if !c.Dry {
		if out.Trees, err = k.DropTrees(ctx); err != nil {
			return err
		}
	}
	wanted, err := spoken(ctx, k)
	if err != nil {
		return err
	}
	return blobs.List(ctx, func(i blob.Info) error {
		switch {
		case wanted.has(i.Digest):
			out.Kept++
			return nil
		case !i.Put.Before(before):
			out.Young++
			return nil
		}
		taken := c.Dry
		if !c.Dry {
			if taken, err = blobs.Discard(ctx, i.Digest, before); err != nil {
				return err
			}
		}
		if taken {
			out.Blobs++
			out.Bytes += i.Size
		}
		return nil
	})
}

// Verified says whether all that a database refers to is there.
type Verified struct {
	Blobs   int          `json:"blobs"` // that are there, and whole
	Bytes   int64        `json:"bytes"`
	Missing []qlp.Digest `json:"missing"` // or damaged
}

// Verify reads every blob that a database speaks of and compares its digest.
func Verify(ctx context.Context, k store.Keeper, blobs blob.Keeper) (out Verified, err error) {
	s, err := spoken(ctx, k)
	if err != nil {
		return out, fmt.Errorf("verify data: %w", err)
	}
	there, absent, err := look(ctx, blobs, s)
	if err != nil {
		return out, fmt.Errorf("verify data: %w", err)
	}
	for _, f := range there {
		out.Blobs++
		out.Bytes += f.size
	}
	out.Missing = absent
	return out, nil
}

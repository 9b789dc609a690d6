package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/quantumlayer/qlp/internal/vector/codes"
)

// group is what one tenant has of one embedder, in memory. Its lists only grow, so that a search reads what it found when it
// began while others are added; a row that leaves drops the whole group, which the next search reads again.
type group struct {
	reading sync.Mutex // held by the one search that reads it

	mu     sync.Mutex
	loaded bool
	behind bool // it is being read, and what is added waits
	late   []row
	upTo   int64 // the highest number that was read
	view
}

// view is a group as a search sees it.
type view struct {
	numbers []int64
	codes   []uint64      // empty where the embedder has no mean yet
	coder   *codes.Coder  // nil then
	small   []*shelf      // by position, in pieces that stay where they are
	bytes   *atomic.Int64 // of the small vectors
}

const shelfSize = 1024

// shelf holds vectors that were read once.
type shelf [shelfSize]atomic.Pointer[codes.Small]

// group returns a group that was read.
func (x *Index) group(ctx context.Context, k key) (view, error) {
	x.mu.Lock()
	g := x.groups[k]
	if g == nil {
		g = &group{view: view{bytes: &atomic.Int64{}}}
		x.groups[k] = g
	}
	x.mu.Unlock()
	if v, ok := g.now(); ok {
		return v, nil
	}
	g.reading.Lock()
	defer g.reading.Unlock()
	if v, ok := g.now(); ok {
		return v, nil
	}
	if err := x.read(ctx, k, g); err != nil {
		return view{}, err
	}
	v, _ := g.now()
	return v, nil
}

func (g *group) now() (view, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.view, g.loaded
}

// read fills a group from the database. What is committed meanwhile waits, and may or may not be among what is read.
func (x *Index) read(ctx context.Context, k key, g *group) error {
	db, err := x.pool()
	if err != nil {
		return err
	}
	g.mu.Lock()
	g.behind, g.late = true, nil
	g.mu.Unlock()
	coder, err := x.coder(ctx, nil, k.embedder)
	if err != nil {
		return err
	}
	v, err := rowsOf(ctx, db, k, coder)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.behind = false
	if err != nil {
		return err
	}
	v.bytes = g.bytes
	g.view, g.loaded, g.upTo = v, true, slices.Max(append(v.numbers, 0))
	have := make(map[int64]bool, len(g.late))
	if len(g.late) > 0 {
		for _, n := range v.numbers {
			have[n] = true
		}
	}
	for _, r := range g.late {
		if !have[r.n] {
			g.append(r.n, r.code)
		}
	}
	g.late = nil
	return nil
}

// rowsOf reads row numbers and codes. Before the mean is frozen there are no codes; what has none then is left out of them all.
func rowsOf(ctx context.Context, db *sql.DB, k key, coder *codes.Coder) (view, error) {
	v := view{coder: coder}
	var count int
	if err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM embeddings WHERE tenant = $1 AND embedder = $2", k.tenant, k.embedder).Scan(&count); err != nil {
		return v, fmt.Errorf("count codes: %w", err)
	}
	v.numbers = make([]int64, 0, count+count/8)
	if coder != nil {
		v.codes = make([]uint64, 0, (count+count/8)*codes.Words)
	}
	rows, err := db.QueryContext(ctx, "SELECT n, code FROM embeddings WHERE tenant = $1 AND embedder = $2", k.tenant, k.embedder)
	if err != nil {
		return v, fmt.Errorf("read codes: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var n int64
		var code sql.RawBytes
		if err := rows.Scan(&n, &code); err != nil {
			return v, fmt.Errorf("read codes: %w", err)
		}
		v.append(n, code)
	}
	return v, rows.Err()
}

// add appends a row that was committed. It returns false if the group must be read anew: its rows have codes and this one has
// none, or the other way round.
func (g *group) add(n int64, code []byte) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.loaded && n <= g.upTo && slices.Contains(g.numbers, n):
		// It was read after its commit, and before the store told of it.
	case g.loaded && (g.coder != nil) != (code != nil):
		return false
	case g.loaded:
		g.append(n, code)
	case g.behind:
		g.late = append(g.late, row{n: n, code: code})
	}
	return true
}

// append adds a row behind what any search sees.
func (v *view) append(n int64, code []byte) {
	if v.coder != nil {
		list, ok := codes.Unpack(v.codes, code)
		if !ok {
			return // put before the mean was frozen, and read after: it is here already
		}
		v.codes = list
	}
	if len(v.numbers)%shelfSize == 0 {
		v.small = append(v.small, &shelf{})
	}
	v.numbers = append(v.numbers, n)
}

// drop forgets a group. The caller holds the lock.
func (x *Index) drop(k key) {
	if g := x.groups[k]; g != nil {
		delete(x.groups, k)
		x.spare.Add(g.bytes.Load())
	}
}

// at returns the small vector of a position, nil if it was not read yet.
func (v *view) at(position int32) *codes.Small {
	return v.small[position/shelfSize][position%shelfSize].Load()
}

// set keeps the vector of a position, small, if there is room.
func (x *Index) set(v *view, position int32, whole []float32) {
	if x.spare.Add(-codes.SmallBytes) < 0 {
		x.spare.Add(codes.SmallBytes)
		return
	}
	v.bytes.Add(codes.SmallBytes)
	v.small[position/shelfSize][position%shelfSize].Store(x.plain.Small(whole))
}

package archive

import (
	"bytes"
	"context"
	"encoding/hex"
	"slices"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// set holds digests in 32 bytes each: a database may speak of millions. The value says whether it names a blob that must be there.
type set map[[32]byte]bool

func key(d qlp.Digest) (k [32]byte) {
	_, _ = hex.Decode(k[:], []byte(d.Hex())) // a digest has 64 hex digits; what is none is the zero key, which no content has
	return k
}

func (s set) add(d qlp.Digest, kept bool) {
	k := key(d)
	s[k] = s[k] || kept
}

func (s set) has(d qlp.Digest) bool {
	_, ok := s[key(d)]
	return ok
}

// sorted returns the digests in their order.
func (s set) sorted() []qlp.Digest {
	keys := make([][32]byte, 0, len(s))
	for k := range s {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	out := make([]qlp.Digest, len(keys))
	for i, k := range keys {
		out[i] = qlp.Digest("sha256:" + hex.EncodeToString(k[:]))
	}
	return out
}

// spoken reads every digest that a database speaks of.
func spoken(ctx context.Context, k store.Keeper) (set, error) {
	s := set{}
	return s, k.Digests(ctx, s.add)
}

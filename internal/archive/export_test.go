package archive

import (
	"bytes"
	"context"
	"io"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Unpack reads a backup without its compression, and returns its entries by their names.
func Unpack(ctx context.Context, b []byte) (Manifest, map[string]qlp.Digest, error) {
	out := map[string]qlp.Digest{}
	m, err := unpack(ctx, bytes.NewReader(b), func(Manifest) error { return nil }, func(it item) error {
		content, err := io.ReadAll(it.content)
		out[it.name] = qlp.DigestOf(content)
		return err
	})
	return m, out, err
}

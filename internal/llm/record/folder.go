package record

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Name is the name of the cassette's file: role, digest, attempt.
func (c Cassette) Name() string {
	return fmt.Sprintf("%s-%s-%d.json", c.Request.Role, c.Digest.Hex()[:16], c.Attempt)
}

// Write puts the cassette into dir, whole or not at all, in place of an earlier one of the same name.
func Write(dir string, c Cassette) error {
	b, err := c.Encode()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make folder of cassettes: %w", err)
	}
	tmp, err := os.CreateTemp(dir, ".tmp-*")
	if err != nil {
		return fmt.Errorf("write cassette: %w", err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = tmp.Write(b)
	if err := errors.Join(err, tmp.Close()); err != nil {
		return fmt.Errorf("write cassette: %w", err)
	}
	return os.Rename(tmp.Name(), filepath.Join(dir, c.Name()))
}

// Read returns the cassettes of a folder by the order of their names. A folder without one is an error: it is the wrong one.
func Read(dir string) ([]Cassette, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(paths) == 0 {
		return nil, qlp.Errorf(qlp.NotFound, "there is no recording in %s", dir).
			WithRemedy("name a folder with cassettes, or make one: set `record` to a folder and run with a provider")
	}
	out := make([]Cassette, len(paths))
	for i, path := range paths {
		b, err := os.ReadFile(path) //nolint:gosec // of the folder that the person named
		if err != nil {
			return nil, fmt.Errorf("read cassette: %w", err)
		}
		if out[i], err = Decode(b); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
	}
	return out, nil
}

package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// writable makes the folder and tries whether a file can be made in it: better now than after the work is done.
func writable(dir string) error {
	remedy := "name a folder that can be written with --out"
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return qlp.Errorf(qlp.Invalid, "the output folder cannot be made: %w", err).WithRemedy("%s", remedy)
	}
	f, err := os.CreateTemp(dir, ".qlp-*")
	if err != nil {
		return qlp.Errorf(qlp.Invalid, "the output folder cannot be written: %w", err).WithRemedy("%s", remedy)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// writeWhole puts a file in place whole or not at all.
func writeWhole(path string, b []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".qlp-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = tmp.Write(b)
	if err := errors.Join(err, tmp.Chmod(0o644), tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func encode(v any) (json.RawMessage, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return b, nil
}

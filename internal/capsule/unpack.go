package capsule

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Unpack writes the capsule's entries below dir, which must not exist or be empty; project alone writes the project's
// files only, without the evidence. Files are made through an os.Root, so that nothing lands outside dir whatever the
// names are and whatever links somebody plants meanwhile.
func (c *Capsule) Unpack(dir string, projectOnly bool) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return qlp.Errorf(qlp.Invalid, "make folder: %w", err).WithRemedy("choose a folder that can be written")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		if err != nil {
			return fmt.Errorf("read folder: %w", err)
		}
		return qlp.Errorf(qlp.Conflict, "the folder %s is not empty", dir).WithRemedy("name a new folder with --to")
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open folder: %w", err)
	}
	defer func() { _ = root.Close() }()
	if projectOnly {
		for _, f := range c.Files {
			if err := writeBelow(root, f.Path, f.Content, f.Executable); err != nil {
				return err
			}
		}
		return nil
	}
	for _, e := range c.entries {
		if err := writeBelow(root, e.path, e.content, e.executable); err != nil {
			return err
		}
	}
	return nil
}

func writeBelow(root *os.Root, name string, content []byte, executable bool) error {
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make folder of %s: %w", name, err)
	}
	mode := fs.FileMode(0o644)
	if executable {
		mode = 0o755
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = f.Write(content)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

package fetcher

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Bounds of what one fetch may leave, which is foreign.
const (
	maxBytes = 2 << 30
	maxFiles = 300_000
)

const (
	manifestName = "manifest.json"
	treeName     = "tree"
)

// manifest is what an entry of the cache holds. It is written last, so an entry that has one is whole.
type manifest struct {
	Manager string      `json:"manager"`
	Locks   []qlp.File  `json:"locks"` // as the commands left them
	Account Account     `json:"account"`
	Files   []cacheFile `json:"files"` // sorted by path
}

type cacheFile struct {
	Path   string     `json:"path"`
	Size   int64      `json:"size"`
	Digest qlp.Digest `json:"digest"`
}

// cache keeps fetched trees below a folder, by the digest of what was asked for. Several processes may share it.
type cache struct{ dir string }

// load returns an entry after reading every file of it again. An entry that is not what was written is removed.
func (c cache) load(key string) (manifest, string, bool, error) {
	at := filepath.Join(c.dir, key)
	b, err := os.ReadFile(filepath.Join(at, manifestName)) //nolint:gosec // our own folder, and a digest
	if errors.Is(err, fs.ErrNotExist) {
		return manifest{}, "", false, nil
	}
	if err != nil {
		return manifest{}, "", false, fmt.Errorf("read package cache: %w", err)
	}
	var m manifest
	if json.Unmarshal(b, &m) == nil && m.intact(filepath.Join(at, treeName)) {
		return m, filepath.Join(at, treeName), true, nil
	}
	if err := os.RemoveAll(at); err != nil {
		return manifest{}, "", false, fmt.Errorf("remove damaged package cache: %w", err)
	}
	return manifest{}, "", false, nil
}

// intact reports whether the tree holds exactly the files of the manifest.
func (m manifest) intact(tree string) bool {
	root, err := os.OpenRoot(tree)
	if err != nil {
		return false
	}
	defer root.Close()
	n := 0
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if !d.Type().IsRegular() || n >= len(m.Files) || m.Files[n].Path != name {
			return errDamaged
		}
		f, err := root.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		h := sha256.New()
		size, err := io.Copy(h, f)
		if err != nil || size != m.Files[n].Size || digestOf(h) != m.Files[n].Digest {
			return errDamaged
		}
		n++
		return nil
	})
	return err == nil && n == len(m.Files)
}

var errDamaged = errors.New("the cache is damaged")

func digestOf(h hash.Hash) qlp.Digest { return qlp.Digest(fmt.Sprintf("sha256:%x", h.Sum(nil))) }

// save takes a tree from inside, whose names begin with "deps/", and publishes it in one step. If another process was
// faster, its entry is used: it was asked for the same.
func (c cache) save(key string, m manifest, from io.Reader) (manifest, string, error) {
	if err := os.MkdirAll(c.dir, 0o750); err != nil {
		return manifest{}, "", fmt.Errorf("make package cache: %w", err)
	}
	work, err := os.MkdirTemp(c.dir, ".new-*")
	if err != nil {
		return manifest{}, "", fmt.Errorf("make package cache: %w", err)
	}
	defer os.RemoveAll(work)
	if m.Files, err = unpack(filepath.Join(work, treeName), from); err != nil {
		return manifest{}, "", err
	}
	b, err := json.Marshal(m)
	if err != nil {
		return manifest{}, "", fmt.Errorf("write package cache: %w", err)
	}
	if err := os.WriteFile(filepath.Join(work, manifestName), b, 0o600); err != nil {
		return manifest{}, "", fmt.Errorf("write package cache: %w", err)
	}
	if err := os.Chmod(work, 0o755); err != nil { //nolint:gosec // the sandbox's user reads it through a mount
		return manifest{}, "", fmt.Errorf("write package cache: %w", err)
	}
	final := filepath.Join(c.dir, key)
	if err := os.Rename(work, final); err != nil {
		other, tree, ok, lerr := c.load(key)
		if lerr == nil && ok {
			return other, tree, nil
		}
		return manifest{}, "", fmt.Errorf("publish package cache: %w", errors.Join(err, lerr))
	}
	return m, filepath.Join(final, treeName), nil
}

// unpack writes the regular files of a foreign tar below dir, and nothing anywhere else. Modes are reduced to whether a file
// may be executed.
func unpack(dir string, from io.Reader) ([]cacheFile, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // the sandbox's user reads it through a mount
		return nil, fmt.Errorf("make folder for packages: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open folder for packages: %w", err)
	}
	defer root.Close()
	var files []cacheFile
	var total int64
	for tr := tar.NewReader(from); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			_, err = io.Copy(io.Discard, from) // the driver tells of a failure behind the archive's end
			slices.SortFunc(files, func(a, b cacheFile) int { return compareWalk(a.Path, b.Path) })
			return files, err
		}
		if err != nil {
			return nil, fmt.Errorf("read packages: %w", err)
		}
		name, ok := strings.CutPrefix(path.Clean(h.Name), "deps/")
		if h.Typeflag == tar.TypeDir || !ok && h.Typeflag == tar.TypeReg {
			continue
		}
		for key := range h.PAXRecords { // a few bytes that unpack to gigabytes of zeros
			ok = ok && !strings.HasPrefix(key, "GNU.sparse")
		}
		if total += h.Size; !ok || h.Typeflag != tar.TypeReg || !fs.ValidPath(name) || total > maxBytes || len(files) == maxFiles {
			return nil, qlp.Errorf(qlp.Invalid, "the packages hold %.200q, or too much (%d bytes, %d files)", h.Name, total, len(files))
		}
		f, err := write(root, name, h.FileInfo().Mode(), tr)
		if err != nil {
			return nil, fmt.Errorf("write package file %.200q: %w", name, err)
		}
		files = append(files, f)
	}
}

func write(root *os.Root, name string, mode fs.FileMode, content io.Reader) (cacheFile, error) {
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return cacheFile{}, err
	}
	perm := fs.FileMode(0o644)
	if mode&0o111 != 0 {
		perm = 0o755
	}
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, perm)
	if err != nil {
		return cacheFile{}, err
	}
	h := sha256.New()
	size, err := io.Copy(io.MultiWriter(f, h), content)
	return cacheFile{Path: name, Size: size, Digest: digestOf(h)}, errors.Join(err, f.Close())
}

// compareWalk orders paths as a walk over sorted folders meets them: name by name, not byte by byte.
func compareWalk(a, b string) int {
	return slices.Compare(strings.Split(a, "/"), strings.Split(b, "/"))
}

package sandbox

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// File is a file of a tree that is put into a sandbox. A zero Mode means 0644.
type File struct {
	Content []byte
	Mode    fs.FileMode
}

// PutFiles puts files, by their slash paths below /work, into sb.
func PutFiles(ctx context.Context, sb Sandbox, files map[string][]byte) error {
	tree := make(map[string]File, len(files))
	for name, content := range files {
		tree[name] = File{Content: content}
	}
	return PutTree(ctx, sb, tree)
}

// PutTree puts files with modes into sb.
func PutTree(ctx context.Context, sb Sandbox, files map[string]File) error {
	b, err := Tar(files)
	if err != nil {
		return err
	}
	return sb.Put(ctx, bytes.NewReader(b))
}

// Tar packs files; the same files give the same bytes.
func Tar(files map[string]File) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f := files[name]
		if f.Mode == 0 {
			f.Mode = 0o644
		}
		h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: int64(f.Mode.Perm()), Size: int64(len(f.Content))}
		if err := w.WriteHeader(h); err != nil {
			return nil, fmt.Errorf("pack %s: %w", name, err)
		}
		if _, err := w.Write(f.Content); err != nil {
			return nil, fmt.Errorf("pack %s: %w", name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("pack tree: %w", err)
	}
	return b.Bytes(), nil
}

// GetFiles returns the regular files of sb that match patterns, by their slash paths below /work. What comes out of a
// sandbox is foreign: names that lead out of the tree are an error.
func GetFiles(ctx context.Context, sb Sandbox, patterns []string, lim CopyLimits) (map[string]File, error) {
	r, err := sb.Get(ctx, patterns, lim)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return Untar(r)
}

// Untar reads a tree of regular files; directories are left out, anything else is an error.
func Untar(r io.Reader) (map[string]File, error) {
	files := map[string]File{}
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			// The driver reports a failure at the very end of the stream, behind the archive's own end.
			_, err = io.Copy(io.Discard, r)
			return files, err
		}
		if err != nil {
			return nil, fmt.Errorf("read tree: %w", err)
		}
		if h.Typeflag == tar.TypeDir {
			continue
		}
		if h.Typeflag != tar.TypeReg || !fs.ValidPath(h.Name) && !validBytes(h.Name) {
			return nil, qlp.Errorf(qlp.Invalid, "read tree: entry %q is not a file inside it", h.Name)
		}
		content, err := io.ReadAll(tr)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", h.Name, err)
		}
		files[h.Name] = File{Content: content, Mode: fs.FileMode(h.Mode).Perm()}
	}
}

// validBytes is fs.ValidPath for names that are not UTF-8.
func validBytes(name string) bool {
	return name != "" && !path.IsAbs(name) && path.Clean(name) == name && name != "." && name != ".." && !strings.HasPrefix(name, "../")
}

// PutDir streams the regular files below the host directory dir into sb. Links are not followed, and neither links nor
// special files are taken; nothing outside dir is ever read.
func PutDir(ctx context.Context, sb Sandbox, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return qlp.Errorf(qlp.Invalid, "open directory %s: %w", dir, err)
	}
	defer root.Close()
	r, w := io.Pipe()
	packed := make(chan error, 1)
	go func() {
		err := packDir(root, w)
		w.CloseWithError(err)
		packed <- err
	}()
	err = sb.Put(ctx, r)
	r.CloseWithError(io.ErrClosedPipe)
	if perr := <-packed; perr != nil && !errors.Is(perr, io.ErrClosedPipe) {
		return perr
	}
	return err
}

func packDir(root *os.Root, w io.Writer) error {
	tw := tar.NewWriter(w)
	err := fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".":
			return nil
		case d.IsDir():
			return tw.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755})
		case !d.Type().IsRegular():
			return nil
		}
		return packFile(root, tw, name)
	})
	if err != nil {
		return fmt.Errorf("pack directory: %w", err)
	}
	return tw.Close()
}

func packFile(root *os.Root, tw *tar.Writer, name string) error {
	f, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() {
		return err
	}
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: int64(st.Mode().Perm()), Size: st.Size()}
	if err := tw.WriteHeader(h); err != nil {
		return err
	}
	_, err = io.Copy(tw, f)
	return err
}

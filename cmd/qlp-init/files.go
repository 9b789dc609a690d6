package main

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/sandbox/native/wire"
)

const maxDepth = 128

// put unpacks a tar stream below /work. os.Root keeps every step below it; a link in the way is removed, not followed.
func put(req wire.Request, fd int) error {
	in, err := dupFile(fd)
	if err != nil {
		return err
	}
	defer in.Close()
	root, err := os.OpenRoot(workDir())
	if err != nil {
		return err
	}
	defer root.Close()
	var total int64
	count := 0
	for tr := tar.NewReader(in); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return invalid("read tar: %v", err)
		}
		name, err := entryName(h.Name)
		if err != nil {
			return err
		}
		count++
		total += max(h.Size, 0)
		if count > req.MaxFiles || total > req.MaxBytes {
			return exhausted("the tree has more than %d entries or %d bytes", req.MaxFiles, req.MaxBytes)
		}
		switch h.Typeflag {
		case tar.TypeDir:
			err = mkdirAll(root, name)
		case tar.TypeReg:
			if err = mkdirAll(root, path.Dir(name)); err == nil {
				err = writeFile(root, name, fs.FileMode(h.Mode)&0o777, tr)
			}
		default:
			return invalid("%s is neither a file nor a directory", h.Name)
		}
		if err != nil {
			return fmt.Errorf("unpack %s: %w", name, err)
		}
	}
}

func entryName(name string) (string, error) {
	clean := path.Clean(name)
	if name == "" || path.IsAbs(name) || clean == ".." || strings.HasPrefix(clean, "../") || strings.ContainsRune(name, 0) {
		return "", invalid("entry %q is outside the tree", name)
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "", invalid("entry %q is outside the tree", name)
		}
	}
	if strings.Count(clean, "/") >= maxDepth {
		return "", invalid("entry %.80q… lies deeper than %d directories", name, maxDepth)
	}
	return clean, nil
}

func mkdirAll(root *os.Root, name string) error {
	if name == "." {
		return nil
	}
	at := ""
	for part := range strings.SplitSeq(name, "/") {
		at = path.Join(at, part)
		if st, err := root.Lstat(at); err == nil && st.IsDir() {
			continue
		} else if err == nil {
			if err := root.Remove(at); err != nil {
				return err
			}
		}
		if err := root.Mkdir(at, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

func writeFile(root *os.Root, name string, mode fs.FileMode, content io.Reader) error {
	if _, err := root.Lstat(name); err == nil {
		// A running program's file cannot be written, only replaced.
		if err := root.RemoveAll(name); err != nil {
			return err
		}
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode|0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, content); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// get packs what matches. Anything but regular files and directories is left out.
func get(req wire.Request, fd int) error {
	out, err := dupFile(fd)
	if err != nil {
		return err
	}
	defer out.Close()
	root, err := os.OpenRoot(workDir())
	if err != nil {
		return err
	}
	defer root.Close()
	p := &packer{req: req, tw: tar.NewWriter(out)}
	if err := p.dir(root, "", 0); err != nil {
		return err
	}
	return p.tw.Close()
}

type packer struct {
	req   wire.Request
	tw    *tar.Writer
	count int
	total int64
}

func (p *packer) dir(dir *os.Root, prefix string, depth int) error {
	if depth > maxDepth {
		return exhausted("the tree is deeper than %d directories", maxDepth)
	}
	f, err := dir.Open(".")
	if err != nil {
		return err
	}
	entries, err := f.ReadDir(-1)
	f.Close()
	if err != nil {
		return err
	}
	sortEntries(entries)
	for _, e := range entries {
		name := path.Join(prefix, e.Name())
		wanted := matchAny(p.req.Patterns, name)
		switch {
		case e.IsDir():
			if wanted {
				if err := p.header(tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755}); err != nil {
					return err
				}
			}
			sub, err := dir.OpenRoot(e.Name())
			if err != nil {
				continue // unreadable, or swapped since
			}
			err = p.dir(sub, name, depth+1)
			sub.Close()
			if err != nil {
				return err
			}
		case e.Type().IsRegular() && wanted:
			if err := p.file(dir, e.Name(), name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *packer) file(dir *os.Root, base, name string) error {
	// What was a regular file may be a link or a FIFO by now: do not follow, do not block, look again.
	f, err := dir.OpenFile(base, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() {
		return nil
	}
	h := tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: int64(st.Mode().Perm()), Size: st.Size()}
	if err := p.header(h); err != nil {
		return err
	}
	n, err := io.Copy(p.tw, io.LimitReader(f, h.Size))
	if err != nil {
		return err
	}
	// A file that shrank is filled up: the header is out already.
	_, err = io.CopyN(p.tw, zeros{}, h.Size-n)
	return err
}

func (p *packer) header(h tar.Header) error {
	p.count++
	p.total += h.Size
	if p.count > p.req.MaxFiles || p.total > p.req.MaxBytes {
		return exhausted("the result has more than %d entries or %d bytes", p.req.MaxFiles, p.req.MaxBytes)
	}
	return p.tw.WriteHeader(&h)
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func dupFile(fd int) (*os.File, error) {
	n, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(n), "pipe"), nil
}

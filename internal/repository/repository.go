// Package repository reads software that exists already from a folder: the files that its makers keep, and nothing that
// tools have put beside them.
//
// It never reads outside the folder, never runs anything, git included (a repository's own settings can name programs), and
// never leaves a file out without saying so.
//
// Arrows: qlp.
package repository

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Bounds of a repository: what a capsule can hold, with room for its evidence.
const (
	MaxFiles = 15_000
	MaxFile  = 32 << 20  // bytes of one file
	MaxBytes = 160 << 20 // bytes of all
	maxDepth = 23
)

// Tree is what was read.
type Tree struct {
	Name    string     // of the folder, on one line
	Files   []qlp.File // sorted by path
	Skipped []string   // what is no part of it: folders of tools, and links to nothing
}

// Paths lists the files' paths.
func (t Tree) Paths() []string {
	paths := make([]string, len(t.Files))
	for i, f := range t.Files {
		paths[i] = f.Path
	}
	return paths
}

// toolFolder says whether a folder belongs to a tool: it can be made again from the rest, or is the history.
func toolFolder(root *os.Root, name string) bool {
	dir, base := path.Split(name)
	beside := func(file string) bool {
		_, err := root.Stat(filepath.FromSlash(path.Join(dir, file)))
		return err == nil
	}
	switch base {
	case ".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", "venv", ".tox", ".nox", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".gradle", ".idea", ".vscode", ".qlp-report":
		return true
	case "target":
		return beside("Cargo.toml") || beside("pom.xml")
	}
	return false
}

// Read reads the folder at dir. What a capsule cannot hold is an invalid error that names it.
func Read(dir string) (Tree, error) {
	at, err := filepath.Abs(dir)
	if err != nil {
		return Tree{}, qlp.Errorf(qlp.Invalid, "find %.200q: %w", dir, err)
	}
	info, err := os.Stat(at)
	if err != nil || !info.IsDir() {
		return Tree{}, qlp.Errorf(qlp.Invalid, "%.200q is no folder", dir).WithRemedy("name the folder of a project that exists")
	}
	root, err := os.OpenRoot(at)
	if err != nil {
		return Tree{}, qlp.Errorf(qlp.Invalid, "open %.200q: %w", dir, err).WithRemedy("name a folder that you may read")
	}
	defer root.Close()
	r := reader{root: root, tree: Tree{Name: nameOf(at)}}
	if err := fs.WalkDir(root.FS(), ".", r.visit); err != nil {
		return Tree{}, fmt.Errorf("read %s: %w", dir, err)
	}
	if len(r.tree.Files) == 0 {
		return Tree{}, qlp.Errorf(qlp.Invalid, "there is no file in %.200q", dir).WithRemedy("name the folder of a project that exists")
	}
	slices.SortFunc(r.tree.Files, func(a, b qlp.File) int { return strings.Compare(a.Path, b.Path) })
	return r.tree, nil
}

func nameOf(at string) string {
	name := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xFFFD {
			return -1
		}
		return r
	}, filepath.Base(at))
	if name == "" || name == "/" || len(name) > 100 {
		return "repository"
	}
	return name
}

type reader struct {
	root  *os.Root
	tree  Tree
	bytes int64
}

func (r *reader) visit(name string, d fs.DirEntry, err error) error {
	switch {
	case err != nil:
		return qlp.Errorf(qlp.Invalid, "%w", err).WithRemedy("make it readable, or take it away")
	case name == ".":
		return nil
	case d.IsDir() && toolFolder(r.root, name):
		r.tree.Skipped = append(r.tree.Skipped, name+"/")
		return fs.SkipDir
	case d.IsDir():
		return nil
	}
	if err := qlp.CleanPath(name); err != nil || strings.Count(name, "/") > maxDepth {
		return qlp.Errorf(qlp.Invalid, "%.200q cannot be kept in a capsule: its name is too long, too deep or not plain", name).WithRemedy("rename it, or take it away")
	}
	if d.Type()&fs.ModeSymlink != 0 {
		return r.link(name)
	}
	if !d.Type().IsRegular() {
		return qlp.Errorf(qlp.Invalid, "%.200q is neither a file nor a folder", name).WithRemedy("take it away")
	}
	return r.file(name, name)
}

// link takes the file that a link within the repository stands for. The root lets no link lead out of it.
func (r *reader) link(name string) error {
	info, err := r.root.Stat(filepath.FromSlash(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.tree.Skipped = append(r.tree.Skipped, name+" (a link to nothing)")
		return nil
	case err != nil:
		return qlp.Errorf(qlp.Invalid, "the link %.200q leads out of the repository, or in a circle", name).WithRemedy("put a copy of what it points to in its place, or take it away")
	case info.IsDir():
		r.tree.Skipped = append(r.tree.Skipped, name+" (a link to a folder)")
		return nil
	case !info.Mode().IsRegular():
		return qlp.Errorf(qlp.Invalid, "the link %.200q stands for neither a file nor a folder", name).WithRemedy("take it away")
	}
	return r.file(name, name)
}

func (r *reader) file(name, from string) error {
	f, err := r.root.Open(filepath.FromSlash(from))
	if err != nil {
		return qlp.Errorf(qlp.Invalid, "%w", err).WithRemedy("make it readable, or take it away")
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return qlp.Errorf(qlp.Invalid, "%.200q changed while it was read", name)
	}
	content, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	r.bytes += int64(len(content))
	switch {
	case len(content) > MaxFile:
		return qlp.Errorf(qlp.Invalid, "%.200q has more than %d MiB", name, MaxFile>>20).WithRemedy("a capsule holds sources: take it away, or verify a folder without it")
	case r.bytes > MaxBytes || len(r.tree.Files) == MaxFiles:
		return qlp.Errorf(qlp.Invalid, "it has more than %d files or %d MiB", MaxFiles, MaxBytes>>20).WithRemedy("name a smaller folder: one module of it")
	}
	r.tree.Files = append(r.tree.Files, qlp.File{Path: name, Content: content, Executable: info.Mode()&0o111 != 0})
	return nil
}

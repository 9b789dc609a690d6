package qlp

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Digest is a SHA-256 in the form "sha256:<64 hex digits>".
type Digest string

// DigestOf returns the digest of b.
func DigestOf(b []byte) Digest {
	sum := sha256.Sum256(b)
	return Digest("sha256:" + hex.EncodeToString(sum[:]))
}

// Hex returns the 64 digits without the prefix, or "" for what is no digest.
func (d Digest) Hex() string {
	digits, ok := strings.CutPrefix(string(d), "sha256:")
	if !ok || len(digits) != 64 || strings.Trim(digits, "0123456789abcdef") != "" {
		return ""
	}
	return digits
}

// File is one file of a project, with its content.
type File struct {
	Path       string `json:"path"`
	Content    []byte `json:"content"`
	Executable bool   `json:"executable,omitempty"`
}

// Entry is one file of a tree, by digest.
type Entry struct {
	Path       string `json:"path"`
	Digest     Digest `json:"digest"`
	Size       int64  `json:"size"`
	Executable bool   `json:"executable,omitempty"`
}

// Tree is an immutable set of files, sorted by path, each path once.
type Tree []Entry

// NewTree sorts entries and refuses a path that is not clean, or is there twice, or is also a folder of another.
func NewTree(entries []Entry) (Tree, error) {
	t := slices.Clone(entries)
	slices.SortFunc(t, func(a, b Entry) int { return cmp.Compare(a.Path, b.Path) })
	names := make(map[string]bool, len(t))
	for _, e := range t {
		if err := CleanPath(e.Path); err != nil {
			return nil, err
		}
		if names[e.Path] {
			return nil, Errorf(Conflict, "%s is in the tree twice", e.Path)
		}
		names[e.Path] = true
	}
	for _, e := range t {
		for i, c := range e.Path {
			if c == '/' && names[e.Path[:i]] {
				return nil, Errorf(Conflict, "%s is both a file and a folder", e.Path[:i])
			}
		}
	}
	return t, nil
}

// Digest returns the digest of the tree: equal trees, and only those, have equal digests.
func (t Tree) Digest() Digest { return DigestJSON(t) }

// Merge returns the tree of all files of t and of the other trees; a path in two of them is a conflict.
func (t Tree) Merge(others ...Tree) (Tree, error) {
	all := slices.Clone(t)
	for _, o := range others {
		all = append(all, o...)
	}
	return NewTree(all)
}

// DigestJSON returns the digest of v's JSON, for values whose JSON is stable: structs, slices, and maps with string keys.
func DigestJSON(v any) Digest {
	b, err := json.Marshal(v)
	if err != nil { // our own types always marshal; a value that does not is a bug
		panic(fmt.Sprintf("digest %T: %v", v, err))
	}
	return DigestOf(b)
}

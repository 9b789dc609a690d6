package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Format is the number of the backup's format.
const Format = 1

// The names within a backup, in their order: the manifest, the database, other files, and the blobs by their digests.
const (
	manifestName   = "manifest.json"
	DatabaseName   = "database/qlp.db"
	DeploymentName = "deployment"
	SigningName    = "keys/signing.key"
	pinnedFolder   = "keys/pinned/"
	blobFolder     = "blobs/"
)

// What is larger than these is no backup of ours.
const (
	mostManifest = 64 << 20
	mostFile     = 1 << 20 // but for the database
	mostBlob     = 8 << 30
)

// Manifest is a backup's first entry, which says what follows.
type Manifest struct {
	Format  int          `json:"format"`
	Version string       `json:"qlp"` // of the program that made it
	Created time.Time    `json:"created_at"`
	Schema  int64        `json:"schema,omitempty"` // versions of the database's schema and of its queue's
	Queue   int64        `json:"queue_schema,omitempty"`
	Keys    bool         `json:"keys"` // the signing key is in it
	Files   []File       `json:"files"`
	Blobs   Blobs        `json:"blobs"`
	Missing []qlp.Digest `json:"missing,omitempty"` // blobs that the database speaks of and that were missing or damaged
}

// File describes an entry.
type File struct {
	Name   string     `json:"name"`
	Size   int64      `json:"size"`
	Digest qlp.Digest `json:"digest"`
}

// Blobs describes all blobs together. List is the SHA-256 of their digests, in their order, a line each.
type Blobs struct {
	Count int64      `json:"count"`
	Bytes int64      `json:"bytes"`
	List  qlp.Digest `json:"list"`
}

// Has reports whether a file is in the backup.
func (m Manifest) Has(name string) bool {
	for _, f := range m.Files {
		if f.Name == name {
			return true
		}
	}
	return false
}

// Bytes is the room that the backup takes when it is restored.
func (m Manifest) Bytes() int64 {
	n := m.Blobs.Bytes
	for _, f := range m.Files {
		n += f.Size
	}
	return n
}

// parse reads a manifest and refuses what no program of ours has written.
func parse(b []byte) (Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return m, damaged("its manifest cannot be read: %v", err)
	}
	if m.Format > Format {
		return m, newer("its format is %d, this program knows %d", m.Format, Format)
	}
	if m.Format < 1 || m.Blobs.Count < 0 || m.Blobs.Bytes < 0 || m.Blobs.List.Hex() == "" {
		return m, damaged("its manifest makes no sense")
	}
	seen := map[string]bool{}
	for _, f := range m.Files {
		if !known(f.Name) || seen[f.Name] {
			return m, damaged("its manifest names the file %.80q", f.Name)
		}
		if f.Size < 0 || f.Name != DatabaseName && f.Size > mostFile || f.Digest.Hex() == "" {
			return m, damaged("its manifest makes no sense of the file %s", f.Name)
		}
		seen[f.Name] = true
	}
	if m.Bytes() < 0 || m.Keys != seen[SigningName] {
		return m, damaged("its manifest makes no sense")
	}
	return m, nil
}

// known reports whether a backup may hold a file of that name besides its blobs.
func known(name string) bool {
	switch name {
	case DatabaseName, DeploymentName, SigningName:
		return true
	}
	id, ok := strings.CutPrefix(name, pinnedFolder)
	id, pub := strings.CutSuffix(id, ".pub")
	return ok && pub && qlp.Digest("sha256:"+id).Hex() != ""
}

// PinnedName is the name of a public key that is accepted, by its id.
func PinnedName(id string) string { return pinnedFolder + id + ".pub" }

// lister computes Blobs while the digests come by.
type lister struct {
	Blobs
	hash hash.Hash
	last string
}

func newLister() *lister { return &lister{hash: sha256.New()} }

// add counts a blob. Each comes once, in their order.
func (l *lister) add(d qlp.Digest, size int64) error {
	if string(d) <= l.last {
		return damaged("the blob %s is not in its place", d)
	}
	l.last = string(d)
	l.Count++
	l.Bytes += size
	_, err := fmt.Fprintln(l.hash, string(d))
	return err
}

func (l *lister) sum() Blobs {
	l.List = digestOf(l.hash)
	return l.Blobs
}

func digestOf(h hash.Hash) qlp.Digest { return qlp.Digest("sha256:" + hex.EncodeToString(h.Sum(nil))) }

func damaged(format string, args ...any) error {
	return qlp.Errorf(qlp.Invalid, "this is no whole backup: "+format, args...).
		WithRemedy("nothing was changed; copy the file again from where it was kept, or take another backup")
}

func newer(format string, args ...any) error {
	return qlp.Errorf(qlp.Unavailable, "the backup was made by a newer version of qlp: "+format, args...).
		WithRemedy("nothing was changed; restore it with that version")
}

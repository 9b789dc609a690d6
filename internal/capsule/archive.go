package capsule

import (
	"archive/zip"
	"bytes"
	"fmt"
	"hash/crc32"
	"io/fs"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// entry is one member of the archive, in order.
type entry struct {
	path       string
	content    []byte
	executable bool
}

func (e entry) mode() fs.FileMode {
	if e.executable {
		return 0o755
	}
	return 0o644
}

// encode writes the canonical archive of entries: stored without compression, in the order given, with fixed times and
// modes. Equal entries give equal bytes with every version of every library, which is why nothing is compressed; and a
// reader can hold a file against its canonical form, so that nothing can hide between the entries.
func encode(entries []entry) ([]byte, error) {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.path, Method: zip.Store}
		h.SetMode(e.mode())
		// Setting Modified instead would add an extra field with the time once more.
		h.ModifiedDate, h.ModifiedTime = dosEpoch() //nolint:staticcheck // see above
		h.CRC32 = crc32.ChecksumIEEE(e.content)
		h.CompressedSize64, h.UncompressedSize64 = uint64(len(e.content)), uint64(len(e.content))
		raw, err := w.CreateRaw(h)
		if err != nil {
			return nil, fmt.Errorf("write entry %s: %w", e.path, err)
		}
		if _, err := raw.Write(e.content); err != nil {
			return nil, fmt.Errorf("write entry %s: %w", e.path, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("finish archive: %w", err)
	}
	return buf.Bytes(), nil
}

// dosEpoch returns the one time that a zip of ours knows, the earliest that the format can hold: 1980-01-01 00:00.
func dosEpoch() (date, clock uint16) { return 1<<5 | 1, 0 }

// decode reads an archive within the limits. Whatever it returns is the only content the bytes can mean: the canonical
// encoding of the entries is compared with the input at the end.
func decode(b []byte) ([]entry, error) {
	if len(b) > MaxFile {
		return nil, refuse("the file has %d bytes; a capsule has at most %d", len(b), MaxFile)
	}
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, unreadable("it is not a capsule: %v", err)
	}
	if len(r.File) > MaxEntries {
		return nil, refuse("it has %d entries; a capsule has at most %d", len(r.File), MaxEntries)
	}
	seen := make(map[string]bool, len(r.File))
	entries := make([]entry, 0, len(r.File))
	for _, f := range r.File {
		if err := checkHeader(f, uint64(len(b))); err != nil {
			return nil, err
		}
		if seen[f.Name] {
			return nil, refuse("entry %s is there twice", f.Name)
		}
		seen[f.Name] = true
		content, err := readEntry(f)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{path: f.Name, content: content, executable: f.Mode()&0o111 != 0})
	}
	canonical, err := encode(entries)
	if err != nil {
		return nil, unreadable("it cannot be read: %v", err)
	}
	if !bytes.Equal(canonical, b) {
		return nil, refuse("it holds bytes that belong to no entry, or an entry in another form than a capsule's")
	}
	return entries, nil
}

func checkHeader(f *zip.File, fileSize uint64) error {
	name := strings.TrimPrefix(f.Name, prefixProject)
	switch {
	case len(name) > MaxName:
		return refuse("an entry's name has %d bytes; at most %d are allowed", len(name), MaxName)
	case strings.Count(f.Name, "/") > MaxDepth:
		return refuse("entry %.80q is nested deeper than %d folders", f.Name, MaxDepth)
	case f.Mode()&fs.ModeSymlink != 0:
		return refuse("entry %.80q is a link; a capsule holds plain files only", f.Name)
	case !f.Mode().IsRegular():
		return refuse("entry %.80q is not a plain file", f.Name)
	case qlp.CleanPath(name) != nil:
		return refuse("entry %.80q is not a plain relative path", f.Name)
	case f.Method != zip.Store || f.CompressedSize64 != f.UncompressedSize64:
		return refuse("entry %s is compressed (%d bytes claim to become %d); a capsule stores its entries as they are", f.Name, f.CompressedSize64, f.UncompressedSize64)
	case f.UncompressedSize64 > MaxEntry || f.UncompressedSize64 > fileSize:
		return refuse("entry %s claims %d bytes, more than is allowed or than the file holds", f.Name, f.UncompressedSize64)
	}
	return nil
}

func readEntry(f *zip.File) ([]byte, error) {
	raw, err := f.OpenRaw()
	if err != nil {
		return nil, unreadable("entry %s cannot be read: %v", f.Name, err)
	}
	content := make([]byte, f.UncompressedSize64)
	if n, err := readFull(raw, content); err != nil || n != len(content) {
		return nil, unreadable("entry %s is cut short", f.Name)
	}
	if crc32.ChecksumIEEE(content) != f.CRC32 {
		return nil, refuse("entry %s was changed: its checksum does not match", f.Name)
	}
	return content, nil
}

// order sorts entries into the archive's fixed order.
func order(entries []entry) {
	slices.SortStableFunc(entries, func(a, b entry) int {
		if d := rank(a.path) - rank(b.path); d != 0 {
			return d
		}
		return strings.Compare(a.path, b.path)
	})
}

func rank(path string) int {
	for i, fixed := range []string{entryHeader, entrySpec, entryPlan, entryStack, prefixProject, entryChecks, prefixEvidence, entrySBOM, entryProvenance, entryKey, entrySignature} {
		if path == fixed || strings.HasSuffix(fixed, "/") && strings.HasPrefix(path, fixed) {
			return i
		}
	}
	return -1
}

package archive

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"maps"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// item is an entry of a backup that is being read. Its content is compared with its digest after it was taken.
type item struct {
	name    string
	digest  qlp.Digest
	size    int64
	blob    bool
	content io.Reader
}

// read reads a whole backup, and hands each entry after the manifest to take, which may leave the content unread. Anything that is not
// exactly as the manifest says is an invalid error.
func read(ctx context.Context, r io.Reader, begin func(Manifest) error, take func(item) error) (Manifest, error) {
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(64<<20))
	if err != nil {
		return Manifest{}, damaged("%v", err)
	}
	defer z.Close()
	return unpack(ctx, z, begin, take)
}

// unpack is read without the compression.
func unpack(ctx context.Context, from io.Reader, begin func(Manifest) error, take func(item) error) (Manifest, error) {
	b := &reading{ctx: ctx, tar: tar.NewReader(from), list: newLister()}
	if err := b.manifest(); err != nil {
		return b.Manifest, err
	}
	if err := begin(b.Manifest); err != nil {
		return b.Manifest, err
	}
	for {
		it, err := b.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = b.one(it, take)
		}
		if err != nil {
			return b.Manifest, err
		}
	}
	if b.files != len(b.Files) || b.list.sum() != b.Blobs {
		return b.Manifest, damaged("it ends too early, or blobs are missing in it")
	}
	// The end of the compressed data has a checksum of all of it.
	if n, err := io.Copy(io.Discard, from); err != nil || n > 0 {
		return b.Manifest, damaged("there is something after its end (%d bytes, %v)", n, err)
	}
	return b.Manifest, nil
}

type reading struct {
	Manifest
	ctx   context.Context //nolint:containedctx // of one call of read
	tar   *tar.Reader
	files int // those that have come
	list  *lister
}

// header returns the next entry, which must be a plain file.
func (b *reading) header() (*tar.Header, error) {
	if err := b.ctx.Err(); err != nil {
		return nil, err
	}
	h, err := b.tar.Next()
	if errors.Is(err, io.EOF) {
		return nil, err
	}
	if err != nil {
		return nil, damaged("%v", err)
	}
	for record := range maps.Keys(h.PAXRecords) {
		if strings.HasPrefix(record, "GNU.sparse") {
			return nil, damaged("%.80q has holes", h.Name)
		}
	}
	if h.Typeflag != tar.TypeReg || h.Linkname != "" || h.Size < 0 {
		return nil, damaged("%.80q is no plain file", h.Name)
	}
	return h, nil
}

func (b *reading) manifest() error {
	h, err := b.header()
	if errors.Is(err, io.EOF) {
		return damaged("it is empty")
	}
	if err != nil {
		return err
	}
	if h.Name != manifestName || h.Size > mostManifest {
		return damaged("it does not begin with a manifest")
	}
	text, err := io.ReadAll(io.LimitReader(b.tar, mostManifest))
	if err != nil {
		return damaged("%v", err)
	}
	b.Manifest, err = parse(text)
	return err
}

// next returns the next entry, which must be the one whose turn it is.
func (b *reading) next() (item, error) {
	h, err := b.header()
	if err != nil {
		return item{}, err
	}
	if b.files < len(b.Files) {
		f := b.Files[b.files]
		if h.Name != f.Name || h.Size != f.Size {
			return item{}, damaged("%.80q is not in its place", h.Name)
		}
		b.files++
		return item{name: f.Name, digest: f.Digest, size: f.Size, content: b.tar}, nil
	}
	hex, ok := strings.CutPrefix(h.Name, blobFolder)
	d := qlp.Digest("sha256:" + hex)
	if !ok || d.Hex() == "" || h.Size > mostBlob {
		return item{}, damaged("%.80q has no place in it", h.Name)
	}
	if err := b.list.add(d, h.Size); err != nil {
		return item{}, err
	}
	if b.list.Count > b.Blobs.Count || b.list.Bytes > b.Blobs.Bytes {
		return item{}, damaged("it holds more blobs than its manifest says")
	}
	return item{name: h.Name, digest: d, size: h.Size, blob: true, content: b.tar}, nil
}

// one hands an entry over and compares its digest.
func (b *reading) one(it item, take func(item) error) error {
	h := sha256.New()
	source := &reader{ctx: b.ctx, from: it.content}
	it.content = io.TeeReader(source, h)
	if err := take(it); err != nil {
		if source.err != nil { // which is why
			return source.err
		}
		return err
	}
	if _, err := io.Copy(io.Discard, it.content); err != nil {
		return err
	}
	if got := digestOf(h); got != it.digest {
		return damaged("%s has the digest %s, not %s", it.name, got, it.digest)
	}
	return nil
}

// reader tells what goes wrong with the backup from what goes wrong with whoever takes it.
type reader struct {
	ctx  context.Context //nolint:containedctx // of one call of read
	from io.Reader
	err  error
}

// Read reads on.
func (r *reader) Read(p []byte) (int, error) {
	if r.err = r.ctx.Err(); r.err != nil {
		return 0, r.err
	}
	n, err := r.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = damaged("%v", err)
		return n, r.err
	}
	return n, err
}

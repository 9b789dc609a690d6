package archive

import (
	"archive/tar"
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/blob"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// ExportFormat is the number of the export's format.
const ExportFormat = 1

// Export says what an export holds. It is its first entry, export.json.
type Export struct {
	Format  int            `json:"format"`
	Version string         `json:"qlp"` // of the program that made it
	Tenant  string         `json:"tenant"`
	Created time.Time      `json:"created_at"`
	Lines   map[string]int `json:"lines"` // of each file of JSON lines
	Blobs   int            `json:"blobs"`
	Bytes   int64          `json:"bytes"` // of the blobs and capsules
	// Capsules names each capsule's file, by its digest: those are not among the blobs.
	Capsules map[qlp.Digest]string `json:"capsules"`
	Missing  []qlp.Digest          `json:"missing,omitempty"` // blobs that should be there and are not
}

// exported lists the files of JSON lines, in their order.
func exported() []string {
	return []string{"intents", "runs", "trees", "attempts", "executions", "events", "calls", "spending", "embeddings"}
}

// ExportTenant writes everything that one tenant owns to a tar that is not there yet: rows as JSON lines, the way that the API shows
// them, and the blobs and capsules that they speak of. One that owns nothing is not_found.
func ExportTenant(ctx context.Context, k store.Keeper, blobs blob.Keeper, tenant, version string, clock store.Clock, path string) (out Export, err error) {
	out = Export{
		Format: ExportFormat, Version: version, Tenant: tenant, Created: clock().UTC().Truncate(time.Second),
		Lines: map[string]int{}, Capsules: map[qlp.Digest]string{},
	}
	err = k.Alone(ctx, func(ctx context.Context) error { return export(ctx, k, blobs, &out, path) })
	if err != nil {
		return out, fmt.Errorf("export tenant %s: %w", tenant, err)
	}
	return out, nil
}

func export(ctx context.Context, k store.Keeper, blobs blob.Keeper, out *Export, path string) error {
	has, err := k.Owned(ctx, out.Tenant)
	if err != nil {
		return err
	}
	if has.Intents == 0 {
		return noTenant(out.Tenant)
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".qlp-*.tmp")
	if err != nil {
		return onDisk("export", path, err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	l, err := newLines(dir)
	if err != nil {
		return onDisk("export", path, err)
	}
	err = l.rows(ctx, k, out)
	if err = errors.Join(err, l.close()); err != nil {
		return onDisk("export", path, err)
	}
	there, absent, err := look(ctx, blobs, l.spoken)
	if err != nil {
		return err
	}
	out.Lines, out.Missing = l.count, absent
	for _, f := range there {
		out.Bytes += f.size
		if _, capsule := out.Capsules[f.digest]; !capsule {
			out.Blobs++
		}
	}
	return whole(path, func(file io.Writer) error {
		w := tar.NewWriter(file)
		err := out.entries(ctx, w, dir, blobs, there)
		if err == nil {
			err = w.Close()
		}
		return onDisk("export", path, err)
	})
}

func noTenant(name string) error {
	return qlp.Errorf(qlp.NotFound, "the tenant %.64q owns nothing here", name).WithRemedy("see that the name is right, and that the settings name its database")
}

// entries writes the tar.
func (e *Export) entries(ctx context.Context, w *tar.Writer, dir string, blobs blob.Keeper, there []found) error {
	if err := text(w, "export.json", e.Created, e); err != nil {
		return err
	}
	for _, name := range exported() {
		if err := e.lines(w, dir, name); err != nil {
			return err
		}
	}
	for _, f := range there {
		name, capsule := e.Capsules[f.digest]
		if !capsule {
			name = blobFolder + f.digest.Hex()
		}
		if err := pour(ctx, w, blobs, f, name, e.Created); err != nil {
			return err
		}
	}
	return nil
}

func (e *Export) lines(w *tar.Writer, dir, name string) error {
	f, err := os.Open(filepath.Join(dir, name)) //nolint:gosec // in a folder that was just made
	if err != nil {
		return fmt.Errorf("export %s: %w", name, err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("export %s: %w", name, err)
	}
	return entry(w, name+".jsonl", info.Size(), e.Created, f)
}

// lines are files of JSON lines that are being written, and the digests that they speak of.
type lines struct {
	files  map[string]*os.File
	out    map[string]*bufio.Writer
	count  map[string]int
	spoken set
}

func newLines(dir string) (*lines, error) {
	l := &lines{files: map[string]*os.File{}, out: map[string]*bufio.Writer{}, count: map[string]int{}, spoken: set{}}
	for _, name := range exported() {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // in a folder that was just made
		if err != nil {
			return nil, errors.Join(err, l.close())
		}
		l.files[name], l.out[name], l.count[name] = f, bufio.NewWriter(f), 0
	}
	return l, nil
}

func (l *lines) close() (err error) {
	for name, f := range l.files {
		err = errors.Join(err, l.out[name].Flush(), f.Close())
	}
	return err
}

// add writes a line. Digests in it may name blobs.
func (l *lines) add(name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("export %s: %w", name, err)
	}
	for d := range qlp.Digests(string(b)) {
		l.spoken.add(d, false)
	}
	l.count[name]++
	_, err = l.out[name].Write(append(b, '\n'))
	return err
}

// need says that blobs must be there.
func (l *lines) need(digests ...qlp.Digest) {
	for _, d := range digests {
		if d != "" {
			l.spoken.add(d, true)
		}
	}
}

func (l *lines) needTree(t qlp.Tree) {
	for _, e := range t {
		l.need(e.Digest)
	}
}

// rows reads everything that is the tenant's, most of it in one state of the database.
func (l *lines) rows(ctx context.Context, k store.Keeper, e *Export) error {
	err := k.Read(ctx, func(r store.Reader) error {
		for after := ""; ; {
			page, err := r.Intents(ctx, store.IntentFilter{Tenant: e.Tenant, After: after, Limit: 100})
			if err != nil || len(page) == 0 {
				return err
			}
			for _, in := range page {
				after = in.ID
				if err := l.intent(ctx, r, in.ID, e); err != nil {
					return err
				}
			}
		}
	})
	if err != nil {
		return err
	}
	scopes, err := k.Scopes(ctx, e.Tenant)
	if err != nil {
		return err
	}
	for scope, spent := range scopes {
		line := struct {
			Scope string `json:"scope"`
			qlp.Spending
		}{scope, spent}
		if err := l.add("spending", line); err != nil {
			return err
		}
	}
	return k.Embeddings(ctx, e.Tenant, func(v qlp.Embedding) error {
		return l.add("embeddings", struct {
			Intent   string    `json:"intent_id"`
			Embedder string    `json:"embedder"`
			Vector   []float32 `json:"vector"`
		}{v.IntentID, v.Embedder, v.Vector})
	})
}

func (l *lines) intent(ctx context.Context, r store.Reader, id string, e *Export) error {
	in, err := r.Intent(ctx, id)
	if err != nil {
		return err
	}
	latest := in.Run
	in.Run = nil // its runs are lines of their own
	if err := l.add("intents", in); err != nil {
		return err
	}
	if latest != nil {
		runs, err := r.Runs(ctx, id)
		if err != nil {
			return err
		}
		for _, run := range runs {
			if err := l.run(ctx, r, run, e); err != nil {
				return err
			}
		}
	}
	for after := int64(0); ; {
		events, err := r.Events(ctx, id, after, 500)
		if err != nil {
			return err
		}
		if len(events) == 0 {
			break
		}
		for _, ev := range events {
			after = ev.Seq
			if err := l.add("events", ev); err != nil {
				return err
			}
		}
	}
	calls, err := r.Calls(ctx, id)
	if err != nil {
		return err
	}
	for _, c := range calls {
		l.need(c.Answer)
		if err := l.add("calls", c); err != nil {
			return err
		}
	}
	return nil
}

func (l *lines) run(ctx context.Context, r store.Reader, run qlp.Run, e *Export) error {
	if err := l.add("runs", run); err != nil {
		return err
	}
	l.need(run.Evidence)
	if c := run.Capsule; c != nil {
		l.need(c.Digest)
		e.Capsules[c.Digest] = "capsules/" + fileName(run.ID) + "-" + fileName(c.Name)
	}
	for _, t := range run.Tasks {
		l.needTree(t.Tree)
	}
	if run.Tree != "" {
		tree, err := r.Tree(ctx, run.Tree)
		if err == nil {
			l.needTree(tree)
			err = l.add("trees", struct {
				Digest  qlp.Digest `json:"digest"`
				Entries qlp.Tree   `json:"entries"`
			}{run.Tree, tree})
		}
		if err != nil {
			return err
		}
	}
	attempts, err := r.Attempts(ctx, run.ID, "")
	if err != nil {
		return err
	}
	for _, a := range attempts {
		l.needTree(a.Tree)
		if err := l.add("attempts", a); err != nil {
			return err
		}
	}
	executions, err := r.Executions(ctx, run.ID)
	if err != nil {
		return err
	}
	for _, x := range executions {
		l.need(x.Stdout, x.Stderr)
		err := l.add("executions", struct {
			Run string `json:"run_id"`
			qlp.Execution
		}{run.ID, x})
		if err != nil {
			return err
		}
	}
	return nil
}

// fileName makes a name of one part: what a row says is not trusted with where a file comes to lie.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || r < ' ' {
			return '_'
		}
		return r
	}, strings.TrimLeft(name, "."))
}

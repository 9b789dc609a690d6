package store

import (
	"bufio"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
)

// format is the version of the files.
const format = 1

// snapshotHead is the first line of a snapshot, and snapshotEnd the last: without it the snapshot is not whole.
type snapshotHead struct {
	Format int   `json:"snapshot"`
	Seq    int64 `json:"n"` // the last record that is in it
}

type snapshotEnd struct {
	Lines int `json:"lines"` // between head and end
}

// compactor makes snapshots until full is closed.
func (d *disk) compactor() {
	defer close(d.stopped)
	for range d.full {
		if err := d.compact(); err != nil {
			d.log.Warn("snapshot not written", "err", err)
		}
	}
}

// compact writes a snapshot and removes the files that it replaces. Writers wait only while the list of rows is copied.
func (d *disk) compact() error {
	d.mu.Lock()
	number := d.number // before the rows are read: the journals before this one are in what follows
	d.mu.Unlock()
	d.db.mu.RLock()
	d.mu.Lock()
	seq, newest := d.seq, d.newest
	d.mu.Unlock()
	var parts []iter.Seq2[change, error]
	for _, name := range d.db.order {
		if p, ok := d.db.parts[name].(part); ok {
			parts = append(parts, p.frozen())
		}
	}
	d.db.mu.RUnlock()
	if newest != nil {
		if err := d.wait(newest); err != nil {
			return err
		}
	}
	size, err := d.writeSnapshot(number, seq, parts)
	if err != nil {
		return err
	}
	d.log.Info("snapshot written", "file", snapshotName(number), "bytes", size)
	return d.removeBefore(number)
}

// writeSnapshot writes another file and renames it, so that a snapshot is there as a whole or not at all.
func (d *disk) writeSnapshot(number int, seq int64, parts []iter.Seq2[change, error]) (int64, error) {
	draft := snapshotName(number) + draftEnding
	f, err := d.root.OpenFile(draft, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	size, err := writeRows(f, seq, parts)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return 0, errors.Join(err, d.root.Remove(draft))
	}
	if err := os.Rename(filepath.Join(d.dir, draft), filepath.Join(d.dir, snapshotName(number))); err != nil {
		return 0, err
	}
	return size, syncFolder(d.root)
}

func writeRows(f *os.File, seq int64, parts []iter.Seq2[change, error]) (int64, error) {
	w := bufio.NewWriterSize(f, 1<<16)
	var size int64
	put := func(v any) error {
		line, err := encode(v)
		if err != nil {
			return err
		}
		n, err := w.Write(line)
		size += int64(n)
		return err
	}
	if err := put(snapshotHead{Format: format, Seq: seq}); err != nil {
		return 0, err
	}
	lines := 0
	for _, part := range parts {
		for c, err := range part {
			if err = errors.Join(err, put(c)); err != nil {
				return 0, err
			}
			lines++
		}
	}
	if err := put(snapshotEnd{Lines: lines}); err != nil {
		return 0, err
	}
	return size, w.Flush()
}

// removeBefore removes what a snapshot has replaced.
func (d *disk) removeBefore(number int) error {
	journals, snapshots, err := d.numbers()
	for n := range journals {
		if n < number {
			err = errors.Join(err, d.root.Remove(journalName(n)))
		}
	}
	for n := range snapshots {
		if n < number {
			err = errors.Join(err, d.root.Remove(snapshotName(n)))
		}
	}
	if err != nil {
		return fmt.Errorf("remove old files: %w", err)
	}
	return nil
}

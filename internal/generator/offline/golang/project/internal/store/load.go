package store

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
)

// load reads the newest snapshot and the journals from its number on, and opens the last of them for writing.
func (d *disk) load() error {
	journals, snapshots, err := d.numbers()
	if err != nil {
		return fmt.Errorf("look at the folder of the rows: %w", err)
	}
	d.number = 1
	if newest := slices.Sorted(maps.Keys(snapshots)); len(newest) > 0 {
		d.number = newest[len(newest)-1]
		if err := d.loadSnapshot(snapshotName(d.number)); err != nil {
			return err
		}
	}
	last := d.number
	for n := range journals {
		last = max(last, n)
	}
	if len(journals) == 0 && len(snapshots) == 0 {
		f, err := d.createJournal(1)
		d.file = f
		return err
	}
	first := d.number
	for ; d.number <= last; d.number++ {
		if !journals[d.number] {
			return d.damaged(journalName(d.number), "the file is missing")
		}
		if err := d.loadJournal(journalName(d.number), d.number == last); err != nil {
			return err
		}
	}
	d.number = last
	if last > first {
		d.askForSnapshot()
	}
	return d.removeBefore(first)
}

// loadJournal replays a file. A torn record at the end of the last journal is cut off: it was never answered.
func (d *disk) loadJournal(name string, isLast bool) error {
	f, err := d.root.OpenFile(name, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return fmt.Errorf("open %s: %w", name, err)
	}
	good, err := d.replayJournal(f, name, isLast)
	if err != nil || !isLast {
		return errors.Join(err, f.Close())
	}
	d.file, d.size = f, good
	return nil
}

func (d *disk) replayJournal(f *os.File, name string, isLast bool) (good int64, err error) {
	text, err := io.ReadAll(f)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", name, err)
	}
	rest := text
	for line := 1; len(rest) > 0; line++ {
		one, more, whole := bytes.Cut(rest, []byte("\n"))
		var r record
		bad := errors.New("it has no end")
		if whole {
			bad = decode(one, &r)
		}
		if bad != nil {
			if !isLast || !isTorn(rest) {
				return 0, d.damaged(name, "line %d: %v", line, bad)
			}
			d.log.Warn("torn record cut off", "file", name, "bytes", len(rest))
			return good, errors.Join(f.Truncate(good), f.Sync())
		}
		if err := d.replayRecord(r); err != nil {
			return 0, d.damaged(name, "line %d: %v", line, err)
		}
		good += int64(len(one)) + 1
		rest = more
	}
	return good, nil
}

// isTorn reports whether the end of a journal is what an interrupted write leaves: a line without its end, perhaps with
// blocks behind it that were never written. Anything else was whole once.
func isTorn(rest []byte) bool { return !bytes.Contains(bytes.TrimRight(rest, "\x00"), []byte("\n")) }

func (d *disk) replayRecord(r record) error {
	if r.Seq <= d.seq { // it is in the snapshot
		return nil
	}
	if r.Seq != d.seq+1 {
		return fmt.Errorf("record %d comes after record %d", r.Seq, d.seq)
	}
	d.seq = r.Seq
	for _, c := range r.Changes {
		if err := d.db.replay(c); err != nil {
			return err
		}
	}
	return nil
}

func (d *disk) loadSnapshot(name string) error {
	f, err := d.root.Open(name)
	if err != nil {
		return fmt.Errorf("open %s: %w", name, err)
	}
	info, err := f.Stat()
	if err == nil {
		d.limit = max(d.limit, info.Size())
		err = d.readSnapshot(bufio.NewReaderSize(f, 1<<16), name)
	}
	return errors.Join(err, f.Close())
}

func (d *disk) readSnapshot(r *bufio.Reader, name string) error {
	var head snapshotHead
	if err := readLine(r, &head); err != nil {
		return d.damaged(name, "line 1: %v", err)
	}
	if head.Format != format {
		return d.damaged(name, "it has the format %d, and this service reads %d", head.Format, format)
	}
	d.seq = head.Seq
	for lines := 0; ; lines++ {
		var c struct {
			change
			snapshotEnd
		}
		if err := readLine(r, &c); err != nil {
			return d.damaged(name, "line %d: %v", lines+2, err)
		}
		if c.Part == "" {
			return d.endSnapshot(r, name, c.Lines, lines)
		}
		if err := d.db.replay(c.change); err != nil {
			return d.damaged(name, "line %d: %v", lines+2, err)
		}
	}
}

func (d *disk) endSnapshot(r *bufio.Reader, name string, want, lines int) error {
	if _, err := r.ReadByte(); want != lines || !errors.Is(err, io.EOF) {
		return d.damaged(name, "it has not the %d lines that it ends with", want)
	}
	return nil
}

func readLine(r *bufio.Reader, v any) error {
	line, err := r.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("the file ends too early: %w", err)
	}
	return decode(line[:len(line)-1], v)
}

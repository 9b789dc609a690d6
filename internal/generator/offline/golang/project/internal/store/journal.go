package store

import (
	"errors"
	"fmt"
)

// append takes a transaction into the queue for the disk. The caller holds the database's lock, so that the order of the
// journal is the order of the changes.
func (d *disk) append(tx *transaction) (*entry, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken != nil {
		return nil, d.broken
	}
	line, err := encode(record{Seq: d.seq + 1, Changes: tx.changes})
	if err != nil {
		return nil, fmt.Errorf("write a record: %w", err)
	}
	d.seq++
	e := &entry{line: line, seq: d.seq, undo: tx.rollback}
	d.waiting = append(d.waiting, e)
	d.newest = e
	return e, nil
}

// last returns the newest entry that is not on disk yet, nil if there is none.
func (d *disk) last() *entry {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.newest
}

// wait returns when the entry is on disk, or is undone. The first who waits writes for all; those who come meanwhile are
// written together by the next.
func (d *disk) wait(e *entry) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for !e.done {
		if d.flushing {
			d.wake.Wait()
			continue
		}
		d.flushing = true
		d.flush()
		d.flushing = false
		d.wake.Broadcast()
	}
	return e.err
}

// flush writes what is waiting. It is called with the lock held and gives it up while the disk works.
func (d *disk) flush() {
	batch := d.waiting
	d.waiting = nil
	d.mu.Unlock()
	d.rotate()
	err := d.write(batch)
	if err != nil {
		d.fail(batch, err)
	}
	d.mu.Lock()
	if err != nil {
		return
	}
	for _, e := range batch {
		e.done = true
	}
	if len(batch) > 0 && d.newest == batch[len(batch)-1] {
		d.newest = nil
	}
}

func (d *disk) write(batch []*entry) error {
	var text []byte
	for _, e := range batch {
		text = append(text, e.line...)
	}
	if _, err := d.file.Write(text); err != nil {
		return err
	}
	if err := d.file.Sync(); err != nil {
		return err
	}
	d.size += int64(len(text))
	return nil
}

// fail takes back every change that is not on disk: those of the batch, and those that came after and may rest on them.
// Then the journal is cut to what was written before, so that the service goes on when the disk has room again. If that
// does not work either, nothing more is accepted.
func (d *disk) fail(batch []*entry, cause error) {
	d.log.Error("journal not written", "err", cause)
	d.db.mu.Lock()
	defer d.db.mu.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	lost := append(batch[:len(batch):len(batch)], d.waiting...)
	for i := len(lost) - 1; i >= 0; i-- {
		lost[i].undo()
		lost[i].done = true
		lost[i].err = fmt.Errorf("write the journal: %w", cause)
	}
	d.waiting, d.newest = nil, nil
	if len(lost) > 0 {
		d.seq = lost[0].seq - 1
	}
	if err := errors.Join(d.file.Truncate(d.size), d.file.Sync()); err != nil && d.broken == nil {
		d.broken = fmt.Errorf("the journal cannot be mended: %w", err)
	}
}

// rotate begins another journal when this one is large, and asks for a snapshot. A journal that cannot be made is tried
// again with the next write.
func (d *disk) rotate() {
	if d.size < d.limit {
		return
	}
	next, err := d.createJournal(d.number + 1)
	if err != nil {
		d.log.Warn("journal not rotated", "err", err)
		return
	}
	if err := d.file.Close(); err != nil {
		d.log.Warn("journal not closed", "err", err)
	}
	d.mu.Lock()
	d.number++
	d.mu.Unlock()
	d.file, d.size = next, 0
	d.askForSnapshot()
}

func (d *disk) askForSnapshot() {
	select {
	case d.full <- struct{}{}:
	default: // asked already
	}
}

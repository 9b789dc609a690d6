package store

import (
	"encoding/json"
	"sync"

	"github.com/quantumlayer/qlp/internal/generator/offline/golang/project/internal/field"
)

// database is what all tables share: one lock, one journal, and the references between them.
type database struct {
	mu         sync.RWMutex   // guards the rows of every part
	parts      map[string]any // the tables, and the links between them
	order      []string       // of the parts
	references []reference
	disk       journal // nil: rows live in memory only
}

// journal makes transactions last. The database calls it with its lock held, except for wait.
type journal interface {
	append(*transaction) (*entry, error) // in the order of the changes
	last() *entry                        // the newest that is not on disk yet, or nil
	wait(*entry) error                   // until it is on disk, or undone
	close() error
}

// entry is one transaction on its way to the disk.
type entry struct {
	line []byte
	seq  int64
	undo func()
	done bool
	err  error
}

// change is one row, or one link, that was put or taken away.
type change struct {
	Part string          `json:"in"`             // the table or the links
	ID   int64           `json:"id,omitempty"`   // of the row, or of the left one
	To   int64           `json:"to,omitempty"`   // of the right one
	Row  json.RawMessage `json:"row,omitempty"`  // absent: taken away
	Next int64           `json:"next,omitempty"` // in a snapshot: the next id of the table
}

func newDatabase() *database { return &database{parts: map[string]any{}} }

func (db *database) add(name string, p any) {
	db.parts[name] = p
	db.order = append(db.order, name)
}

// transaction is one change in the making. It lives while the lock is held.
type transaction struct {
	db      *database
	changes []change
	undo    []func()
}

func (tx *transaction) record(c change, undo func()) {
	tx.changes = append(tx.changes, c)
	tx.undo = append(tx.undo, undo)
}

func (tx *transaction) rollback() {
	for i := len(tx.undo) - 1; i >= 0; i-- {
		tx.undo[i]()
	}
}

// write runs do as one transaction, and returns when it is on disk. An error of do, or of the disk, leaves everything as
// it was.
func (db *database) write(do func(*transaction) error) error {
	e, err := db.apply(do)
	if syncErr := db.synced(e); err == nil {
		err = syncErr
	}
	return err
}

// apply changes the rows in memory and hands the change to the journal. The entry that it returns is also there after an
// error: what was refused was refused because of rows that may still be on their way to the disk.
func (db *database) apply(do func(*transaction) error) (*entry, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	tx := &transaction{db: db}
	kept := false
	defer func() { // also after a panic
		if !kept {
			tx.rollback()
		}
	}()
	if err := do(tx); err != nil {
		return db.last(), err
	}
	if db.disk == nil || len(tx.changes) == 0 {
		kept = true
		return db.last(), nil
	}
	e, err := db.disk.append(tx)
	if err != nil {
		return db.last(), err
	}
	kept = true
	return e, nil
}

// read runs do with the rows as they are, and returns when all of them are on disk.
func (db *database) read(do func() error) error {
	e, err := func() (*entry, error) {
		db.mu.RLock()
		defer db.mu.RUnlock()
		return db.last(), do()
	}()
	if syncErr := db.synced(e); err == nil {
		err = syncErr
	}
	return err
}

// last returns the newest entry that may not be on disk yet.
func (db *database) last() *entry {
	if db.disk == nil {
		return nil
	}
	return db.disk.last()
}

// close makes what was changed last, and lets the disk go.
func (db *database) close() error {
	if db.disk == nil {
		return nil
	}
	return db.disk.close()
}

func (db *database) synced(e *entry) error {
	if e == nil {
		return nil
	}
	return db.disk.wait(e)
}

// exists answers a form's question. The caller holds the lock.
func (db *database) exists(entity string, id int64) bool {
	t, ok := db.parts[entity].(*rows)
	return ok && t.has(id)
}

func conflict(key, rule, message string) *Conflict {
	return &Conflict{Violations: []field.Violation{{Field: key, Rule: rule, Message: message}}}
}

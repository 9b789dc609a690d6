package sqlite

import (
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// translator turns what SQLite and the file system say into domain errors. It is the only place that knows their codes.
type translator struct{ path string }

func (t translator) translate(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*qlp.Error](err); ok {
		return err
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return t.vendor(e, err)
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return t.full(err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return t.readOnly(err)
	default:
		return err
	}
}

func (t translator) vendor(e *sqlite.Error, err error) error {
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
		return &qlp.Error{Code: qlp.Conflict, Message: "it is there already", Err: err}
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return &qlp.Error{Code: qlp.NotFound, Message: "it belongs to something that is not there", Err: err}
	}
	switch e.Code() & 0xff { // the primary code; the rest says where
	case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_RANGE:
		return &qlp.Error{Code: qlp.Invalid, Message: "the database refuses the value", Err: err}
	case sqlite3.SQLITE_FULL:
		return t.full(err)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return t.readOnly(err)
	case sqlite3.SQLITE_CANTOPEN:
		return qlp.Errorf(qlp.Unavailable, "the database %s cannot be opened: %w", t.path, err).
			WithRemedy("see that %s is a folder that this user may write, and that %s is a file", filepath.Dir(t.path), t.path)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return qlp.Errorf(qlp.Unavailable, "the database %s is locked by another program: %w", t.path, err).
			WithRemedy("close whatever has it open (lsof %s shows it) and try again", t.path)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return damaged(t.path, err)
	case sqlite3.SQLITE_IOERR:
		return qlp.Errorf(qlp.Unavailable, "the disk of the database %s does not answer: %w", t.path, err).
			WithRemedy("see that the disk is mounted, healthy and not full, and start again: nothing that was committed is lost")
	default:
		return err
	}
}

func (t translator) full(err error) error {
	return qlp.Errorf(qlp.Exhausted, "the disk that holds %s is full: %w", filepath.Dir(t.path), err).
		WithRemedy("free some space there and try again, or move the data folder to a larger disk: nothing that was committed is lost")
}

func (t translator) readOnly(err error) error {
	return qlp.Errorf(qlp.Forbidden, "the data folder %s may not be written: %w", filepath.Dir(t.path), err).
		WithRemedy("give this user the right to write the folder and the files in it, or choose another data folder")
}

// damaged is the error for a file that is no database, or not a whole one.
func damaged(path string, err error) error {
	return qlp.Errorf(qlp.Unavailable, "the database %s is damaged: %w", path, err).
		WithRemedy("restore %[1]s from a backup; or, to begin anew, move it away together with %[1]s-wal and %[1]s-shm", path)
}

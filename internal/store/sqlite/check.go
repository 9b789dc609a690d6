package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"os"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// wholeCheckLimit is the size up to which the whole file is read when the store opens: about 0.1 s. In a larger one,
// a damaged page is found when it is used.
const wholeCheckLimit = 16 << 20

// probe refuses what is plainly no database, before SQLite may touch it, and sees that the file can be written: SQLite
// would open it for reading and fail at the first write.
func probe(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		// SQLite would make it readable for everyone; its log files take the rights of this one.
		return os.WriteFile(path, nil, 0o600)
	}
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return qlp.Errorf(qlp.Unavailable, "%s is not a regular file", path).WithRemedy("choose another data folder, or move it away")
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0) //nolint:gosec // the path is the operator's choice
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	header := make([]byte, 16)
	n, err := io.ReadFull(f, header)
	if n == 0 && errors.Is(err, io.EOF) {
		return nil // made and not yet written: the process ended in between
	}
	if want := []byte("SQLite format 3\x00"); !bytes.Equal(header, want) {
		return damaged(path, errors.New("the file is not a database"))
	}
	return nil
}

// check reads the file, up to a size, and refuses a damaged one.
func check(ctx context.Context, db *sql.DB, path string) error {
	if err := db.PingContext(ctx); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() > wholeCheckLimit {
		return nil
	}
	var answer string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&answer); err != nil {
		return err
	}
	if answer != "ok" {
		return damaged(path, errors.New(answer))
	}
	return nil
}

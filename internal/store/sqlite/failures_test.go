package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	_ "modernc.org/sqlite" // the plain driver, to make what another version would leave behind

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlite"
)

// explained fails unless err has the code, tells of every word, and says what to do.
func explained(t *testing.T, err error, code qlp.Code, words ...string) {
	t.Helper()
	if got := qlp.CodeOf(err); got != code {
		t.Fatalf("code %q, want %q: %v", got, code, err)
	}
	if qlp.RemedyOf(err) == "" {
		t.Errorf("no remedy: %v", err)
	}
	text := err.Error() + "\n" + qlp.RemedyOf(err)
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q is not told in: %s", w, text)
		}
	}
}

// asNobody runs fn with the file rights of an unprivileged user. Those rights belong to a thread, which ends with fn.
func asNobody(t *testing.T, fn func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if os.Getuid() == 0 {
			runtime.LockOSThread() // not unlocked: the thread ends with this goroutine
			if _, _, errno := syscall.RawSyscall(syscall.SYS_SETFSUID, 65534, 0, 0); errno != 0 {
				t.Errorf("give up the rights of root: %v", errno)
				return
			}
		}
		fn()
	}()
	<-done
}

// searchable lets any user go through the folders above a test's own.
func searchable(t *testing.T, dir string) {
	t.Helper()
	for d := dir; len(d) > len(os.TempDir()); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func seeded(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "qlp.db")
	st, err := sqlite.Open(t.Context(), path, sqlite.Config{})
	if err != nil {
		t.Fatal(err)
	}
	err = st.Tx(t.Context(), func(tx store.Tx) error {
		for i := range 50 {
			in := qlp.Intent{ID: strconv.Itoa(i), Words: strings.Repeat("word ", 2000)}
			if err := tx.InsertIntent(t.Context(), in, "", ""); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func openError(t *testing.T, path string) error {
	t.Helper()
	st, err := sqlite.Open(t.Context(), path, sqlite.Config{})
	if err == nil {
		_ = st.Close()
		t.Fatal("it was opened")
	}
	return err
}

func TestFolderThatMayNotBeWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	searchable(t, dir)
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o755) })
	for _, path := range []string{filepath.Join(dir, "qlp.db"), filepath.Join(dir, "deeper", "qlp.db")} {
		asNobody(t, func() { explained(t, openError(t, path), qlp.Forbidden, filepath.Dir(path)) })
	}
}

func TestFileThatMayNotBeWritten(t *testing.T) {
	t.Parallel()
	path := seeded(t)
	searchable(t, filepath.Dir(path))
	if err := os.Chmod(path, 0o444); err != nil {
		t.Fatal(err)
	}
	// The folder and its lock are the user's own; only the database is not.
	for _, p := range []string{filepath.Dir(path), filepath.Join(filepath.Dir(path), sqlite.LockName)} {
		if err := os.Chmod(p, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	asNobody(t, func() { explained(t, openError(t, path), qlp.Forbidden, filepath.Dir(path)) })
}

func TestFolderOnReadOnlyFileSystem(t *testing.T) {
	t.Parallel()
	dir := mounted(t, "ro,size=1m")
	explained(t, openError(t, filepath.Join(dir, "qlp.db")), qlp.Forbidden, dir)
}

// mounted returns a tmpfs of its own.
func mounted(t *testing.T, options string) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can mount a file system to fill or to lock")
	}
	dir := t.TempDir()
	flags := uintptr(0)
	if rest, ok := strings.CutPrefix(options, "ro,"); ok {
		options, flags = rest, syscall.MS_RDONLY
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", flags, options); err != nil {
		t.Skipf("this machine does not let root mount a tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := mounted(t, "size=4m")
	st := open(t, filepath.Join(dir, "qlp.db"), sqlite.Config{})
	insert := func(i int) error {
		return st.Tx(t.Context(), func(tx store.Tx) error {
			if err := tx.InsertIntent(t.Context(), qlp.Intent{ID: strconv.Itoa(i), Words: strings.Repeat("x", 256<<10)}, "", ""); err != nil {
				return err
			}
			return tx.Enqueue(t.Context(), store.Job{Kind: store.JobPlan, IntentID: strconv.Itoa(i)})
		})
	}
	var written int
	var err error
	for ; err == nil && written < 100; written++ {
		err = insert(written)
	}
	written-- // the one that failed
	explained(t, err, qlp.Exhausted, dir)

	// What was committed can be read, and writing works again when there is room. The log is as large as the disk lets it;
	// it is of no use to the test to guess its size, so the room is given by growing the disk.
	count := func() (n int) {
		err := st.Read(t.Context(), func(r store.Reader) error {
			list, err := r.Intents(t.Context(), store.IntentFilter{Limit: 200})
			n = len(list)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(); n != written {
		t.Errorf("%d intents can be read, %d were committed", n, written)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=64m"); err != nil {
		t.Fatal(err)
	}
	if err := insert(1000); err != nil {
		t.Fatalf("with room again: %v", err)
	}
	if jobs, err := st.Queue.Waiting(t.Context()); err != nil || len(jobs) != written+1 || count() != written+1 {
		t.Errorf("%d intents, %d jobs, %v; want %d of each", count(), len(jobs), err, written+1)
	}
}

func TestFullDiskAtOpen(t *testing.T) {
	t.Parallel()
	dir := mounted(t, "size=64k")
	explained(t, openError(t, filepath.Join(dir, "qlp.db")), qlp.Exhausted, dir)
}

func TestFileThatIsNoDatabase(t *testing.T) {
	t.Parallel()
	for name, content := range map[string][]byte{
		"text": []byte("these are my notes, not a database\n"), "short": []byte("SQLite"), "zeros": make([]byte, 8192),
	} {
		path := filepath.Join(t.TempDir(), "qlp.db")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		explained(t, openError(t, path), qlp.Unavailable, path, "damaged", "backup", "move it away")
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s: the file was changed", name)
		}
	}
}

func TestFolderInPlaceOfTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "qlp.db")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	explained(t, openError(t, path), qlp.Unavailable, path)
}

func TestDamagedDatabase(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile(seeded(t))
	if err != nil {
		t.Fatal(err)
	}
	damage := map[string]func([]byte) []byte{
		"cut off": func(b []byte) []byte { return b[:len(b)/2] },
		"page overwritten": func(b []byte) []byte {
			for at := 4096; at+4096 <= len(b); at += 3 * 4096 {
				copy(b[at:], bytes.Repeat([]byte{0xA5}, 4096))
			}
			return b
		},
		"schema overwritten": func(b []byte) []byte { copy(b[100:], bytes.Repeat([]byte{0xA5}, 3000)); return b },
	}
	for name, change := range damage {
		path := filepath.Join(t.TempDir(), "qlp.db")
		if err := os.WriteFile(path, change(bytes.Clone(whole)), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Log(name)
		explained(t, openError(t, path), qlp.Unavailable, path, "damaged", "backup")
	}
}

func TestEmptyFileIsANewDatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "qlp.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := open(t, path, sqlite.Config{}).Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestNewerDatabase(t *testing.T) {
	t.Parallel()
	for table, statement := range map[string]string{
		"goose_db_version": "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9000, 1)",
		"river_migration":  "INSERT INTO river_migration (line, version) VALUES ('main', 9000)",
	} {
		path := seeded(t)
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		var before int
		if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&before); err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
		explained(t, openError(t, path), qlp.Unavailable, path, "9000", "this program knows", "newer version")
		var after int
		if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&after); err != nil || after != before+1 {
			t.Errorf("%s has %d rows, had %d and one more: %v", table, after, before, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpenAgainKeepsEverything(t *testing.T) {
	t.Parallel()
	path := seeded(t)
	for range 2 {
		st, err := sqlite.Open(t.Context(), path, sqlite.Config{})
		if err != nil {
			t.Fatal(err)
		}
		err = st.Read(t.Context(), func(r store.Reader) error { _, err := r.Intent(t.Context(), "49"); return err })
		if err != nil {
			t.Error(err)
		}
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOnlyTheOwnerMayRead(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	addOne(t, open(t, filepath.Join(dir, "qlp.db"), sqlite.Config{}))
	for _, name := range []string{"", "qlp.db", "qlp.db-wal", "qlp.db-shm", sqlite.LockName} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%q has the rights %s", name, info.Mode())
		}
	}
}

func addOne(t *testing.T, st store.Store) {
	t.Helper()
	err := st.Tx(t.Context(), func(tx store.Tx) error {
		return tx.InsertIntent(t.Context(), qlp.Intent{ID: "one", Words: "w"}, "", "")
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPathWithOddCharacters(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a b?c#d%20é'\"")
	path := filepath.Join(dir, "my data.db")
	st := open(t, path, sqlite.Config{})
	if err := st.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the database is not where it was asked for: %v", err)
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	t.Parallel()
	if path := os.Getenv("QLP_TEST_LOCKED"); path != "" {
		_, err := sqlite.Open(context.Background(), path, sqlite.Config{})
		explained(t, err, qlp.Conflict, filepath.Dir(path), "process "+os.Getenv("QLP_TEST_HOLDER"), "kill "+os.Getenv("QLP_TEST_HOLDER"))
		return
	}
	path := filepath.Join(t.TempDir(), "qlp.db")
	st := open(t, path, sqlite.Config{})
	// Within this process too: the lock is the opened file's.
	explained(t, openError(t, path), qlp.Conflict, filepath.Dir(path), strconv.Itoa(os.Getpid()))
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSecondProcessIsRefused$")
	child.Env = append(os.Environ(), "QLP_TEST_LOCKED="+path, "QLP_TEST_HOLDER="+strconv.Itoa(os.Getpid()))
	if out, err := child.CombinedOutput(); err != nil {
		t.Errorf("the child: %v\n%s", err, out)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, path, sqlite.Config{}) // the lock was given back
}

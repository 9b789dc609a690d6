package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// wants holds that a command ended with a code and said what a person needs to know.
func wants(t *testing.T, o outcome, code int, says ...string) {
	t.Helper()
	if o.code != code {
		t.Errorf("exit code %d, want %d\n%s%s", o.code, code, o.stdout, o.stderr)
	}
	for _, s := range says {
		if !strings.Contains(o.stdout+o.stderr, s) {
			t.Errorf("nothing is said about %q\n%s%s", s, o.stdout, o.stderr)
		}
	}
}

func TestWordsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	for name, tc := range map[string]struct {
		words string
		code  int
		says  string
	}{
		"blank":            {" \n\t ", 2, "the intent is empty"},
		"too long":         {strings.Repeat("a book has a title. ", 3000), 2, "at most 32768"},
		"not UTF-8":        {"a Go API for b\xffoks with title", 2, "not valid UTF-8"},
		"control":          {"a Go API for books\x1b[31m with title", 2, "control characters"},
		"another language": {"Erstelle eine REST-API in Go für Bücher mit Titel und Verfasser", 3, ""},
		"not software":     {"what is the weather tomorrow?", 3, ""},
		"another kind":     {"write an iOS app in Swift for tracking runs", 3, ""},
		"contradiction":    {"a Go API for books with title and title that must be unique but can repeat", 3, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wants(t, qlpRun(t, data, "interpret", tc.words), tc.code, tc.says)
		})
	}
	// One argument of 128 KiB or more is refused by the kernel itself; a file holds a megabyte.
	big := filepath.Join(t.TempDir(), "big.yaml")
	if err := os.WriteFile(big, []byte("title: "+strings.Repeat("x", 5<<20)), 0o600); err != nil {
		t.Fatal(err)
	}
	wants(t, qlpRun(t, data, "run", "--spec", big), 2, "more than")
}

func TestDatabaseTrouble(t *testing.T) {
	t.Parallel()
	corrupt := t.TempDir()
	if err := os.WriteFile(filepath.Join(corrupt, "qlp.db"), []byte(strings.Repeat("this is no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	wants(t, qlpRun(t, corrupt, "intents", "list"), 6, "qlp.db")

	newer := t.TempDir()
	wants(t, qlpRun(t, newer, "intents", "list"), 0)
	later := exec.CommandContext(t.Context(), "python3", "-c",
		"import sqlite3,sys; d=sqlite3.connect(sys.argv[1]); d.execute('INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)'); d.commit()",
		filepath.Join(newer, "qlp.db"))
	if out, err := later.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	wants(t, qlpRun(t, newer, "intents", "list"), 6, "9999")
}

func TestFolderInUse(t *testing.T) {
	t.Parallel()
	s := startServer(t, t.TempDir())
	// A second server cannot have the folder; another command finds the first one instead.
	wants(t, qlpRun(t, s.data, "serve", "--listen", "127.0.0.1:0"), 6, "in use")
	wants(t, qlpRun(t, s.data, "intents", "list"), 0)
}

func TestReadOnlyFolder(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	dir := filepath.Join(base, "fixed")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 { // modes do not stop root; a read-only mount does
		if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_RDONLY, "size=64k"); err != nil {
			t.Skipf("mounting a file system is not allowed here: %v", err)
		}
		t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	} else if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	wants(t, qlpRun(t, dir, "intents", "list"), 6, dir)
	wants(t, qlpRun(t, t.TempDir(), "run", "--out", dir, clinicPython), 2, "--out")
	wants(t, qlpRun(t, dir, "doctor"), 1, "--data")
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("a small file system can only be mounted by root")
	}
	dir := filepath.Join(t.TempDir(), "small")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=700k"); err != nil {
		t.Skipf("mounting a file system is not allowed here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	wants(t, qlpRun(t, dir, "run", "--out", t.TempDir(), clinicPython), 6, "is full", "free some space")
	// With room again, the folder is as good as ever.
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=64m"); err != nil {
		t.Fatal(err)
	}
	wants(t, qlpRun(t, dir, "intents", "list"), 0)
}

func TestMissingToolchain(t *testing.T) {
	t.Parallel()
	bwrap, err := exec.LookPath("bwrap")
	if err != nil {
		t.Skip("bubblewrap is not installed")
	}
	only := t.TempDir()
	if err := os.Symlink(bwrap, filepath.Join(only, "bwrap")); err != nil {
		t.Fatal(err)
	}
	run := func(path string, args ...string) outcome {
		cmd := command(t, t.TempDir(), args...)
		cmd.Env = append(cmd.Env, "PATH="+path)
		var stdout, stderr strings.Builder
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		err := cmd.Run()
		code := cmd.ProcessState.ExitCode()
		if err != nil && code < 0 {
			t.Fatal(err)
		}
		return outcome{code: code, stdout: stdout.String(), stderr: stderr.String()}
	}
	wants(t, run(only, "run", "--out", t.TempDir(), libraryGo), 4, "the stack go needs go", "install Go")
	wants(t, run(t.TempDir(), "run", "--out", t.TempDir(), libraryGo), 6, "bubblewrap")
	wants(t, run(only, "doctor"), 1, "install Go")
}

package sqlite

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// hold has a child of this process hold the folder's lock for a while, as a process does that was about to become another program when its
// parent, pid, was killed.
func hold(t *testing.T, pid int, seconds string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	release, err := lock(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, LockName)
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, fmt.Appendf(nil, "%d\nqlp serve\n", pid), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil { // of the open file, which the child has, too
		t.Fatal(err)
	}
	holder := exec.Command("sleep", seconds)
	holder.ExtraFiles = []*os.File{f}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = holder.Process.Kill(), holder.Wait() })
	return dir
}

// TestLockOfTheDead: what a killed process left behind is waited for; one that lives is not.
func TestLockOfTheDead(t *testing.T) {
	t.Parallel()
	dead := exec.Command("true")
	if err := dead.Run(); err != nil {
		t.Fatal(err)
	}
	dir := hold(t, dead.Process.Pid, "0.3")
	release, err := lock(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
	dir = hold(t, os.Getppid(), "60")
	begun := time.Now()
	if _, err := lock(t.Context(), dir); qlp.CodeOf(err) != qlp.Conflict {
		t.Errorf("a folder in use: %v", err)
	}
	if took := time.Since(begun); took > outlive/2 {
		t.Errorf("it took %s to find out that its process lives", took)
	}
}

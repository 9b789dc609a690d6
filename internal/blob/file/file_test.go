package file_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/blob"
	"github.com/quantumlayer/qlp/internal/blob/blobtest"
	"github.com/quantumlayer/qlp/internal/blob/file"
	"github.com/quantumlayer/qlp/internal/qlp"
)

func open(t *testing.T, dir string, cfg file.Config) *file.Store {
	t.Helper()
	s, err := file.Open(dir, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func pathOf(dir string, d qlp.Digest) string {
	return filepath.Join(dir, "sha256", d.Hex()[:2], d.Hex()[2:])
}

func TestFileKeepsTheContract(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]file.Config{"default": {}, "durable": {Durable: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			blobtest.Run(t, blobtest.Driver{
				Open: func(t *testing.T, dir string) blob.Store { return open(t, dir, cfg) },
				Damage: func(t *testing.T, dir string, d qlp.Digest, content []byte) {
					if err := os.WriteFile(pathOf(dir, d), content, 0o600); err != nil {
						t.Fatal(err)
					}
				},
			})
		})
	}
}

func TestLeftOversAreCleared(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open(t, dir, file.Config{})
	old, young := filepath.Join(dir, "tmp", "blob-old"), filepath.Join(dir, "tmp", "blob-young")
	for _, p := range []string{old, young} {
		if err := os.WriteFile(p, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(old, time.Now(), time.Now().Add(-2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	open(t, dir, file.Config{})
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Errorf("the old one: %v", err)
	}
	if _, err := os.Stat(young); err != nil {
		t.Errorf("the young one, which another process may be writing: %v", err)
	}
}

func TestFolderThatIsAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "blobs")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := file.Open(path, file.Config{})
	if qlp.CodeOf(err) != qlp.Unavailable || qlp.RemedyOf(err) == "" {
		t.Errorf("got %v", err)
	}
}

// TestPutSurvivesKill kills a child in the middle of its writing: what it had told of is there, and nothing is half.
func TestPutSurvivesKill(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv("QLP_TEST_BLOBS"); dir != "" {
		s := open(t, dir, file.Config{})
		for i := 0; ; i++ {
			d, err := s.Put(t.Context(), fmt.Appendf(make([]byte, 64<<10), "%d", i))
			if err != nil {
				t.Fatal(err)
			}
			_, _ = fmt.Fprintln(os.Stdout, "put", d) // to the parent
		}
	}
	dir := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPutSurvivesKill$", "-test.v")
	child.Env = append(os.Environ(), "QLP_TEST_BLOBS="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var told []qlp.Digest
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var d qlp.Digest
		if n, _ := fmt.Sscanf(lines.Text(), "put %s", &d); n == 1 {
			if told = append(told, d); len(told) == 100 {
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	_ = child.Wait()
	if len(told) < 100 {
		t.Fatalf("the child wrote %d blobs", len(told))
	}
	s := open(t, dir, file.Config{})
	for _, d := range told {
		if _, err := s.Get(t.Context(), d); err != nil {
			t.Error(err)
		}
	}
	err = filepath.WalkDir(filepath.Join(dir, "sha256"), func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		_, err = s.Get(t.Context(), qlp.Digest("sha256:"+filepath.Base(filepath.Dir(path))+e.Name()))
		return err
	})
	if err != nil {
		t.Errorf("a blob is half: %v", err)
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can mount a file system to fill")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("this machine does not let root mount a tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	s := open(t, dir, file.Config{})
	digest, err := s.Put(t.Context(), []byte("fits"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Put(t.Context(), make([]byte, 1<<20))
	if qlp.CodeOf(err) != qlp.Exhausted || qlp.RemedyOf(err) == "" {
		t.Errorf("got %v", err)
	}
	if _, err := s.Get(t.Context(), digest); err != nil {
		t.Errorf("what was there: %v", err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "tmp")); err != nil || len(left) != 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
	if _, err := s.Put(t.Context(), make([]byte, 4096)); err != nil {
		t.Errorf("what fits after that: %v", err)
	}
}

func TestFolderThatMayNotBeWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for d := dir; len(d) > len(os.TempDir()); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o555); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for d := dir; len(d) > len(os.TempDir()); d = filepath.Dir(d) {
			_ = os.Chmod(d, 0o700)
		}
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		if os.Getuid() == 0 { // the rights of root belong to a thread, which ends with this goroutine
			runtime.LockOSThread()
			if _, _, errno := syscall.RawSyscall(syscall.SYS_SETFSUID, 65534, 0, 0); errno != 0 {
				t.Errorf("give up the rights of root: %v", errno)
				return
			}
		}
		_, err := file.Open(filepath.Join(dir, "blobs"), file.Config{})
		if qlp.CodeOf(err) != qlp.Forbidden || qlp.RemedyOf(err) == "" {
			t.Errorf("got %v", err)
		}
	}()
	<-done
}

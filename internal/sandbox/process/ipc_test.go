package process

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/sandbox"
)

func TestOwnedBy(t *testing.T) {
	t.Parallel()
	const table = "       key      semid perms      nsems   uid   gid  cuid  cgid\n         0          7   600          1 20001 20001 20001 20001\n        99          8   600          1     0     0     0     0\n"
	if got := ownedBy(table, 20001); !slices.Equal(got, []int{7}) {
		t.Errorf("%v", got)
	}
	for _, bad := range []string{"", "\n", "uid\n20001\n", "shmid uid\nx 20001\n", "shmid uid\n1\n"} {
		if got := ownedBy(bad, 20001); len(got) > 0 {
			t.Errorf("%q: %v", bad, got)
		}
	}
}

// TestNothingOfSystemV leaves objects behind that no process holds.
func TestNothingOfSystemV(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("without a user of its own a sandbox's objects cannot be told from the user's others")
	}
	d := setup(t)
	sb, err := d.Create(t.Context(), sandbox.Spec{})
	if err != nil {
		t.Fatal(err)
	}
	res, err := sb.Exec(t.Context(), sandbox.Cmd{Argv: []string{"/usr/bin/python3", "-I", "-c", `
import ctypes
c = ctypes.CDLL(None)
print([f > -1 for f in (c.shmget(0, 1 << 20, 0o1600), c.semget(0, 1, 0o1600), c.msgget(0, 0o1600))])`}})
	if err != nil || !strings.Contains(string(res.Stdout), "[True, True, True]") {
		t.Fatalf("%s %q %q %v", res.Verdict, res.Stdout, res.Stderr, err)
	}
	uid := sb.(*box).uid.UID
	count := func() (n int) {
		for _, kind := range []string{"shm", "sem", "msg"} {
			text, err := os.ReadFile("/proc/sysvipc/" + kind)
			if err != nil {
				t.Fatal(err)
			}
			n += len(ownedBy(string(text), uid))
		}
		return n
	}
	if n := count(); n != 3 {
		t.Fatalf("%d objects are there, want 3", n)
	}
	if err := sb.Destroy(t.Context()); err != nil {
		t.Error(err)
	}
	if n := count(); n != 0 {
		t.Errorf("%d objects are left", n)
	}
}

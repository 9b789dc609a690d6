package native

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxtest"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxtest/gotest"
)

// TestConformanceWithSpares runs the suite in sandboxes that were made before they were asked for.
func TestConformanceWithSpares(t *testing.T) {
	if testing.Short() {
		t.Skip("short: the same suite as TestConformance, in sandboxes made ahead")
	}
	d := setup(t, Config{Spare: 2})
	gotest.Run(t, sandboxtest.Options{Driver: d, Weak: weak(d)})
}

// create makes a sandbox and says whether it had been waiting.
func create(t *testing.T, d *Driver, spec sandbox.Spec) (*box, bool) {
	t.Helper()
	before := d.sequence.Load()
	sb, err := d.Create(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	b := sb.(*box)
	return b, number(t, b) <= before
}

func number(t *testing.T, b *box) int64 {
	t.Helper()
	var n int64
	for _, c := range b.id {
		n = n*10 + int64(c-'0')
	}
	return n
}

// waitSpares waits until n are ready.
func waitSpares(t *testing.T, d *Driver, n int) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); d.Spares() != n; <-time.After(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d sandboxes are ready, want %d", d.Spares(), n)
		}
	}
}

func output(t *testing.T, b *box, script string) string {
	t.Helper()
	res, err := b.Exec(t.Context(), sandbox.Cmd{Argv: []string{"sh", "-c", script}})
	if err != nil || res.Verdict != sandbox.OK {
		t.Fatalf("%s %q %v", res.Verdict, res.Stderr, err)
	}
	return string(res.Stdout)
}

// TestSpares follows what is kept ready: who gets it, that nobody gets it twice, and that nothing of one owner is in it.
func TestSpares(t *testing.T) {
	d := setup(t, Config{Spare: 2})
	spec := func(mark string) sandbox.Spec { return sandbox.Spec{Env: map[string]string{"MARK": mark}} }
	first, ready := create(t, d, spec("one"))
	if ready {
		t.Error("the first sandbox cannot have been waiting")
	}
	output(t, first, `echo "$MARK" >/work/left`)
	waitSpares(t, d, 1)
	second, ready := create(t, d, spec("two"))
	if !ready || second.uid != nil && second.uid.UID == first.uid.UID {
		t.Errorf("waiting %v, user ids %v and %v", ready, first.uid, second.uid)
	}
	if got := output(t, second, `echo "$MARK"; ls -A /work`); got != "two\n" {
		t.Errorf("it holds %q", got)
	}
	waitSpares(t, d, 1)
	third, ready := create(t, d, spec("three"))
	if !ready || third == second {
		t.Error("one sandbox was handed out twice")
	}
	small, ready := create(t, d, sandbox.Spec{Limits: sandbox.Limits{Memory: 64 * sandbox.MiB}})
	if ready {
		t.Error("other limits were asked for")
	}
	waitSpares(t, d, 2)
	if _, ready := create(t, d, sandbox.Spec{Limits: sandbox.Limits{Memory: 32 * sandbox.MiB}}); ready {
		t.Error("other limits were asked for")
	}
	for last := func() int64 { // the oldest kind makes room
		d.spares.mu.Lock()
		defer d.spares.mu.Unlock()
		return d.spares.ready[len(d.spares.ready)-1].box.limits.Memory
	}; last() != 32*sandbox.MiB; <-time.After(time.Millisecond) {
		if t.Context().Err() != nil {
			t.Fatal("the newest kind is not made")
		}
	}
	waitSpares(t, d, 2)
	if _, ready := create(t, d, spec("four")); ready {
		t.Error("the oldest kind is still there")
	}
	if got := small.limits.Memory; got != 64*sandbox.MiB {
		t.Errorf("memory limit %d", got)
	}
}

// TestSpareIsDead asks for a sandbox whose spare somebody has killed.
func TestSpareIsDead(t *testing.T) {
	d := setup(t, Config{Spare: 1})
	create(t, d, sandbox.Spec{})
	waitSpares(t, d, 1)
	waiting := d.spares.ready[0].box
	if err := waiting.process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-waiting.gone
	b, ready := create(t, d, sandbox.Spec{})
	if ready || b == waiting {
		t.Error("a dead sandbox was handed out")
	}
	if got := output(t, b, "echo alive"); got != "alive\n" {
		t.Errorf("%q", got)
	}
}

// TestSpareSeesAnOldFolder replaces a folder that a waiting sandbox looks at.
func TestSpareSeesAnOldFolder(t *testing.T) {
	d := setup(t, Config{Spare: 1})
	dir := t.TempDir()
	open(t, dir)
	cache := filepath.Join(dir, "cache")
	write := func(text string) {
		if err := os.Mkdir(cache, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(cache, "f"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("old")
	spec := sandbox.Spec{Mounts: []sandbox.Mount{{HostPath: cache, Path: "/cache"}}}
	create(t, d, spec)
	waitSpares(t, d, 1)
	if err := os.Rename(cache, cache+".old"); err != nil {
		t.Fatal(err)
	}
	write("new")
	b, ready := create(t, d, spec)
	if got := output(t, b, "cat /cache/f"); ready || strings.TrimSpace(got) != "new" {
		t.Errorf("waiting %v, it sees %q", ready, got)
	}
}

// TestSparesEnd closes a driver while one is being made, and while one waits.
func TestSparesEnd(t *testing.T) {
	for _, wait := range []bool{false, true} {
		d := setup(t, Config{Spare: 1})
		b, _ := create(t, d, sandbox.Spec{})
		if wait {
			waitSpares(t, d, 1)
		}
		if err := b.Destroy(t.Context()); err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if n := d.Spares(); n != 0 || len(d.alive) != 0 {
			t.Errorf("%d spares, %d sandboxes are left", n, len(d.alive))
		}
	}
}

// TestTwoDrivers uses two drivers of one process side by side, whose cgroups bear the process's name.
func TestTwoDrivers(t *testing.T) {
	a, b := setup(t, Config{}), setup(t, Config{})
	for range 3 {
		x, _ := create(t, a, sandbox.Spec{})
		y, _ := create(t, b, sandbox.Spec{})
		if a.cgroups.has(ctlMemory) && x.ID() == y.ID() {
			t.Errorf("both are called %s", x.ID())
		}
		if output(t, x, "echo x")+output(t, y, "echo y") != "x\ny\n" {
			t.Error("one does not run")
		}
	}
}

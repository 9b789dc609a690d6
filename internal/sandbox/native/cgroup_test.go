package native

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/initbox"
	"github.com/quantumlayer/qlp/internal/sandbox/owner"
)

func TestDiscoverReadsMountsAndPaths(t *testing.T) {
	mounts := cgroupMounts(`25 1 0:22 / /sys rw - sysfs sysfs rw
30 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid - cgroup cgroup rw,cpu,cpuacct
31 25 0:27 /docker/abc /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory
32 25 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate
rubbish
`)
	if len(mounts) != 3 || mounts[0].v2 || !mounts[2].v2 || mounts[1].root != "/docker/abc" {
		t.Fatalf("%+v", mounts)
	}
	paths := ownPaths("4:memory:/docker/abc/x\n2:cpu,cpuacct:/y\n0::/z\nrubbish\n")
	for key, want := range map[string]string{"memory": "/docker/abc/x", "cpu": "/y", "cpuacct": "/y", "": "/z"} {
		if paths[key] != want {
			t.Errorf("%q: %q", key, paths[key])
		}
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	m := cgroupMount{root: "/docker/abc", at: dir}
	for path, want := range map[string]string{"/docker/abc/x": dir + "/x", "/docker/abc": dir, "/docker/abcd": dir, "/elsewhere": dir} {
		if got := m.inside(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

// TestV2WritesWhatTheKernelWants runs the version 2 code on plain files, because the machine at hand may have no version
// 2 controllers. TestV2Kernel then does with the kernel what it can.
func TestV2WritesWhatTheKernelWants(t *testing.T) {
	base := t.TempDir()
	h := &hierarchy{base: map[string]string{}, v2: map[string]bool{}, owner: "1-2-3"}
	for _, ctl := range []string{ctlMemory, ctlPids, ctlCPU, ctlCPUAcct} {
		h.base[ctl], h.v2[ctl] = base, true
	}
	dir := filepath.Join(base, "g")
	g := &group{h: h, dirs: map[string]string{}}
	for ctl := range h.base {
		g.dirs[ctl] = dir
	}
	if err := g.mkdir(); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"memory.max": "1048576", "memory.swap.max": "0", "memory.oom.group": "1", "pids.max": "7", "cpu.max": "150000 100000"}
	for name := range files {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.limit(sandbox.Limits{Memory: 1 << 20, Pids: 7, CPUs: 1.5}, true, false); err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		if got := readText(dir, name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for name, text := range map[string]string{
		"cpu.stat": "usage_usec 2500\nuser_usec 1\n", "memory.current": "10\n", "memory.peak": "20\n",
		"memory.events": "low 0\noom 3\noom_kill 2\n", "pids.current": "4\n", "pids.peak": "5\n", "pids.events": "max 1\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := initbox.Account{CPU: 2500 * time.Microsecond, Memory: 10, Peak: 20, Pids: 4, PidsPeak: 5, PidsHit: true, OOMKills: 2}
	if got := g.Account(); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if err := os.Remove(filepath.Join(dir, "pids.max")); err != nil {
		t.Fatal(err)
	}
	if err := g.limit(sandbox.Limits{Memory: 1, Pids: 1}, false, false); err == nil {
		t.Error("a limit that cannot be set must be an error")
	}
}

// TestV2Kernel moves, kills and removes with a real version 2 hierarchy, with or without controllers.
func TestV2Kernel(t *testing.T) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	at := ""
	for _, m := range cgroupMounts(string(text)) {
		if m.v2 {
			at = m.at
		}
	}
	if at == "" || os.Geteuid() != 0 {
		t.Skip("no cgroup version 2 that this user may write to")
	}
	dir := filepath.Join(at, "qlp-test-"+filepath.Base(t.TempDir())+owner.Name(os.Getpid()))
	leaf := filepath.Join(dir, "init")
	h := &hierarchy{v2: map[string]bool{ctlMemory: true}}
	g := &group{h: h, dirs: map[string]string{ctlMemory: dir}, leaf: leaf}
	if err := os.MkdirAll(leaf, 0o755); err != nil {
		t.Skipf("cgroup version 2 is read-only here: %v", err)
	}
	defer g.Remove()
	cmd := exec.Command("sh", "-c", "trap '' TERM; sleep 300 & sleep 300; wait")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := g.Join(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	if len(members(leaf)) == 0 {
		t.Error("the process is not in the leaf")
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	if err := g.Kill(5 * time.Second); err != nil {
		t.Error(err)
	}
	if err := <-done; err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("%v", err)
	}
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // a child forked before the move
	g.Remove()
	if exists(dir) {
		t.Error("the directory is left")
	}
}

// TestJoinFromOutside takes the way of version 2 and of older kernels, where the driver moves the waiting child.
func TestJoinFromOutside(t *testing.T) {
	d := setup(t, Config{})
	if !d.cgroups.has(ctlMemory) {
		t.Skip("no cgroups here")
	}
	d.selfEntry = false
	for script, want := range map[string]sandbox.Verdict{"true": sandbox.OK, "head -c 200000000 /dev/zero | tail -c 190000000": sandbox.OOM, "nope": sandbox.Nonzero} {
		res, err := sandbox.RunOnce(t.Context(), d, sandbox.Spec{Limits: sandbox.Limits{Memory: 32 * sandbox.MiB}}, sandbox.Cmd{Argv: []string{"sh", "-c", script}}, "")
		if err != nil || res.Verdict != want {
			t.Errorf("%s: %s %v", script, res.Verdict, err)
		}
		if res.PidsPeak == 0 && res.PeakMemory == 0 {
			t.Errorf("%s: nothing was counted", script)
		}
	}
}

package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/initbox"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxtest"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxtest/gotest"
)

// The init is built once for all tests of this package, into a directory that every user may enter, and handed to the copies
// of this test that run as another user.
const envInit = "QLP_TEST_INIT"

func TestMain(m *testing.M) { os.Exit(testAll(m)) }

func testAll(m *testing.M) int {
	if os.Getenv(envInit) == "" {
		dir, err := os.MkdirTemp("", "qlp-process-test-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		path, err := sandboxtest.BuildInit(context.Background(), dir)
		if err == nil {
			err = os.Chmod(dir, 0o755)
		}
		if err == nil {
			err = os.Setenv(envInit, path)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return m.Run()
}

func setup(t *testing.T) *Driver {
	t.Helper()
	d, err := New(t.Context(), slog.New(slog.DiscardHandler), Config{InitPath: os.Getenv(envInit)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return d
}

func TestConformance(t *testing.T) {
	d := setup(t)
	weak := map[string]bool{}
	for name, how := range d.enforcement() {
		weak[name] = how != sandbox.Enforced
	}
	gotest.Run(t, sandboxtest.Options{Driver: d, Weak: weak, Skip: Gaps(d.root), SharedProcesses: true})
}

func TestNoPrivileges(t *testing.T) {
	d := setup(t)
	res := run(t, d, sandbox.Spec{}, `cp /bin/sh /work/s; chmod 4755 /work/s; [ "$(/work/s -c 'id -u')" = "$(id -u)" ] && [ "$(id -u)" != 0 ] && echo own
[ "$(id -G)" = "$(id -g)" ] && echo alone
grep -E 'NoNewPrivs:.1|Cap(Inh|Prm|Eff|Amb):.0000000000000000|Seccomp:.2' /proc/self/status | wc -l
for f in /etc/shadow /root/.profile /proc/$PPID/environ /var/log/dpkg.log; do cat $f >/dev/null 2>&1 && echo read $f; done; (echo x >/dev/shm/x-qlp) 2>/dev/null && echo wrote; true`)
	want := "own\nalone\n6\n"
	if os.Geteuid() != 0 {
		want = "own\n6\n" // the groups stay those of the user
		res.Stdout = []byte(strings.Replace(string(res.Stdout), "alone\n", "", 1))
	}
	if res.Verdict != sandbox.OK || string(res.Stdout) != want {
		t.Errorf("%s %q %q, want %q", res.Verdict, res.Stdout, res.Stderr, want)
	}
	if res.Isolation != sandbox.LevelProcess || res.Enforcement["network"] != sandbox.Unheld {
		t.Errorf("it claims %s, network %s", res.Isolation, res.Enforcement["network"])
	}
}

func run(t *testing.T, d *Driver, spec sandbox.Spec, script string) sandbox.Result {
	t.Helper()
	res, err := sandbox.RunOnce(t.Context(), d, spec, sandbox.Cmd{Argv: []string{"sh", "-c", script}}, "")
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// TestNeighbour looks that one sandbox cannot touch another's files or processes.
func TestNeighbour(t *testing.T) {
	d := setup(t)
	sb, err := d.Create(t.Context(), sandbox.Spec{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sb.Destroy(context.Background()) }()
	p, err := sb.Start(t.Context(), sandbox.Cmd{Argv: []string{"sh", "-c", "echo secret >file; exec sleep 60"}})
	if err != nil {
		t.Fatal(err)
	}
	at := sb.(*box).place.path
	res := run(t, d, sandbox.Spec{Env: map[string]string{"AT": at}}, `cat $AT/work/file && echo read; ls $AT/work && echo listed; echo x >$AT/work/new && echo wrote
for p in /proc/[0-9]*; do [ "$(tr '\0' ' ' <$p/cmdline)" = "sleep 60 " ] && kill -9 ${p#/proc/} && echo killed; done 2>/dev/null; true`)
	if len(res.Stdout) > 0 {
		t.Errorf("%q", res.Stdout)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if res, err := p.Wait(ctx); err == nil {
		t.Errorf("the neighbour ended: %s %s", res.Verdict, res.Signal)
	}
}

func TestRefusals(t *testing.T) {
	d := setup(t)
	for name, c := range map[string]struct {
		spec sandbox.Spec
		want qlp.Code
	}{
		"a stronger wall":          {sandbox.Spec{Isolation: sandbox.LevelNamespaces}, qlp.Unavailable},
		"an unknown wall":          {sandbox.Spec{Isolation: "castle"}, qlp.Invalid},
		"all limits enforced":      {sandbox.Spec{Require: true}, qlp.Unavailable},
		"a view of all sandboxes":  {sandbox.Spec{Mounts: []sandbox.Mount{{HostPath: filepath.Dir(d.places.dir), Path: "/view"}}}, qlp.Invalid},
		"a view over own places":   {sandbox.Spec{Mounts: []sandbox.Mount{{HostPath: "/usr", Path: "/work/usr"}}}, qlp.Invalid},
		"a view of what is absent": {sandbox.Spec{Mounts: []sandbox.Mount{{HostPath: "/absent"}}}, qlp.Invalid},
	} {
		if _, err := d.Create(t.Context(), c.spec); qlp.CodeOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		} else if c.want == qlp.Unavailable && qlp.RemedyOf(err) == "" {
			t.Errorf("%s: no remedy", name)
		}
	}
	if err := tolerable(false, 0); qlp.RemedyOf(err) == "" {
		t.Errorf("an ordinary user without Landlock: %v", err)
	}
	if tolerable(true, 0) != nil || tolerable(false, 1) != nil {
		t.Error("it refuses what is tolerable")
	}
}

// TestMountElsewhere runs a program from a view that is called differently inside.
func TestMountElsewhere(t *testing.T) {
	d := setup(t)
	dir := t.TempDir()
	if err := errors.Join(os.Chmod(dir, 0o755), os.Chmod(filepath.Dir(dir), 0o755), os.WriteFile(filepath.Join(dir, "f"), []byte("from outside"), 0o644)); err != nil {
		t.Fatal(err)
	}
	spec := sandbox.Spec{Mounts: []sandbox.Mount{{HostPath: dir, Path: "/view"}}, Env: map[string]string{"VIEWS": "/usr:/view:/view/x"}}
	res := run(t, d, spec, `cat /view/f && echo " $VIEWS"; (echo x >/view/f) 2>/dev/null && echo wrote`)
	if want := "from outside /usr:" + dir + ":" + dir + "/x\n"; string(res.Stdout) != want {
		t.Errorf("%q %q, want %q", res.Stdout, res.Stderr, want)
	}
	if res := run(t, d, sandbox.Spec{Env: map[string]string{"AT": dir}}, `cat $AT/f`); d.landlock > 0 && res.Verdict != sandbox.Nonzero {
		t.Errorf("without the mount: %s %q", res.Verdict, res.Stdout)
	}
}

// TestReap leaves a directory behind as a killed process would.
func TestReap(t *testing.T) {
	d := setup(t)
	left, err := d.places.take(-1)
	if err != nil {
		t.Fatal(err)
	}
	if setup(t); !exists(left.path) {
		t.Error("a living sandbox's directory was removed")
	}
	left.lock.Close()
	if setup(t); exists(left.path) {
		t.Error("a dead one's was not")
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestNames(t *testing.T) {
	n := newNames("/d", "/init", []sandbox.Mount{{HostPath: "/opt/go", Path: "/tools/go"}, {HostPath: "/usr", Path: "/usr"}})
	for word, want := range map[string]string{
		"/work": "/d/work", "/work/a": "/d/work/a", "/workshop": "/workshop", "/my/work": "/my/work", "-I=/work:/tmp/x": "-I=/d/work:/d/tmp/x",
		"cp /tmp/a '/work/b'": "cp /d/tmp/a '/d/work/b'", "/var/tmp/x": "/d/tmp/x", "/tools/go/bin:/usr/bin": "/opt/go/bin:/usr/bin",
		"/.qlp/init gocache": "/init gocache", "/home/sandbox": "/d/tmp/home", "": "", "http://tmp/": "http://tmp/", "./work": "./work",
	} {
		if got := n.in(word); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

// TestConformanceAsOrdinaryUser runs the suite in a copy of this test without any privilege.
func TestConformanceAsOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("TestConformance is run by an ordinary user already")
	}
	if initbox.LandlockVersion() == 0 {
		t.Skip("an ordinary user is refused where the kernel has no Landlock")
	}
	dir := t.TempDir()
	self, tmp := filepath.Join(dir, "process.test"), filepath.Join(dir, "tmp")
	program, err := os.ReadFile(os.Args[0])
	err = errors.Join(err, os.Chmod(dir, 0o755), os.Chmod(filepath.Dir(dir), 0o755), os.WriteFile(self, program, 0o755), os.Mkdir(tmp, 0o777), os.Chmod(tmp, 0o777))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=.", "-test.v")
	cmd.Dir = tmp
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + tmp, "HOME=" + tmp, envInit + "=" + os.Getenv(envInit)}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 64124, Gid: 64124}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if n := strings.Count(string(out), "--- PASS"); n < 60 {
		t.Errorf("only %d cases passed", n)
	}
}

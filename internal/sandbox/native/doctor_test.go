package native

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
)

func TestDoctorFindsThisMachineWell(t *testing.T) {
	findings := Doctor(t.Context(), slog.New(slog.DiscardHandler), Config{InitPath: os.Getenv(envInit)})
	if len(findings) != len(canaries())+3 {
		t.Errorf("%d findings", len(findings))
	}
	for _, f := range findings {
		t.Logf("%+v", f)
		if !f.OK && f.Check != "all limits are enforced" {
			t.Errorf("%+v", f)
		}
		if !f.OK && f.Fix == "" {
			t.Errorf("%s has no fix", f.Check)
		}
	}
}

func TestDoctorSaysWhatToDo(t *testing.T) {
	script := func(text string, mode os.FileMode) string {
		path := filepath.Join(t.TempDir(), "bwrap")
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		open(t, filepath.Dir(path))
		return path
	}
	for name, c := range map[string]struct {
		bwrap string
		fix   string
	}{
		"missing":   {"/nowhere/bwrap", "apt-get install bubblewrap"},
		"setuid":    {script("echo bubblewrap 0.9.0", 0o755|os.ModeSetuid), "chmod u-s"},
		"old":       {script("echo bubblewrap 0.4.1", 0o755), "0.8 or newer"},
		"no userns": {script(`[ "$1" = --version ] && echo bubblewrap 0.9.0 && exit; echo "bwrap: No permissions to create new namespace" >&2; exit 1`, 0o755), "user.max_user_namespaces"},
		"apparmor":  {script(`[ "$1" = --version ] && echo bubblewrap 0.9.0 && exit; echo "bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted" >&2; exit 1`, 0o755), "apparmor"},
	} {
		findings := Doctor(t.Context(), slog.New(slog.DiscardHandler), Config{InitPath: os.Getenv(envInit), BwrapPath: c.bwrap})
		last := findings[len(findings)-1]
		if last.OK || !strings.Contains(last.Fix, c.fix) {
			t.Errorf("%s: %+v", name, last)
		}
	}
}

func TestRequireRefusesBestEffort(t *testing.T) {
	d := setup(t, Config{NoCgroups: true})
	_, err := d.Create(t.Context(), sandbox.Spec{Require: true})
	if qlp.CodeOf(err) != qlp.Unavailable || qlp.RemedyOf(err) == "" {
		t.Errorf("%v, remedy %q", err, qlp.RemedyOf(err))
	}
}

func TestMountsAreChecked(t *testing.T) {
	d := setup(t, Config{})
	for _, path := range []string{"/", "/work", "/work/x", "/tmp/x", "/etc", "/etc/x", "/proc", "/dev/x", "/run/x", "relative", "/a/../b", "/.qlp/init"} {
		if _, err := d.Create(t.Context(), sandbox.Spec{Mounts: []sandbox.Mount{{HostPath: "/usr", Path: path}}}); qlp.CodeOf(err) != qlp.Invalid {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := d.Create(t.Context(), sandbox.Spec{Mounts: []sandbox.Mount{{HostPath: "/nowhere", Path: "/x"}}}); qlp.CodeOf(err) != qlp.Invalid {
		t.Errorf("missing: %v", err)
	}
}

// TestMountsAreReadOnly also covers a host directory that the sandbox's user cannot reach by itself.
func TestMountsAreReadOnly(t *testing.T) {
	d := setup(t, Config{})
	host := filepath.Join(t.TempDir(), "tools")
	if err := os.Mkdir(host, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(host, "tool"), []byte("#!/bin/sh\necho tool"), 0o755); err != nil {
		t.Fatal(err)
	}
	spec := sandbox.Spec{Mounts: []sandbox.Mount{{HostPath: host, Path: "/opt/tools"}, {HostPath: filepath.Join(host, "tool"), Path: "/opt/one"}}}
	res, err := sandbox.RunOnce(t.Context(), d, spec, sandbox.Cmd{Argv: []string{"sh", "-c", "/opt/tools/tool; /opt/one; rm -f /opt/tools/tool; echo x >/opt/tools/y; echo x >/opt/one; chmod 0 /opt/one; echo end"}}, "")
	if err != nil || string(res.Stdout) != "tool\ntool\nend\n" {
		t.Errorf("%q %q %v", res.Stdout, res.Stderr, err)
	}
	if b, err := os.ReadFile(filepath.Join(host, "tool")); err != nil || !strings.Contains(string(b), "echo tool") {
		t.Errorf("%q %v", b, err)
	}
}

func TestPythonToolchainRuns(t *testing.T) {
	d := setup(t, Config{})
	tc := toolchain(t, "python")
	spec := sandbox.Spec{Env: map[string]string{"PATH": tc.Path}}
	for _, m := range tc.Mounts {
		spec.Mounts = append(spec.Mounts, sandbox.Mount(m))
	}
	res, err := sandbox.RunOnce(t.Context(), d, spec, sandbox.Cmd{Argv: []string{"python3", "-c", "import json, sqlite3, sys; print(sys.prefix)"}}, "")
	if err != nil || res.Verdict != sandbox.OK {
		t.Errorf("%s %s %s %v", res.Verdict, res.Stdout, res.Stderr, err)
	}
}

func TestIsolationIsAFloor(t *testing.T) {
	d := setup(t, Config{})
	for level, want := range map[sandbox.Level]qlp.Code{
		"": "", sandbox.LevelProcess: "", sandbox.LevelNamespaces: "", sandbox.LevelGVisor: qlp.Unavailable, sandbox.LevelVM: qlp.Unavailable, "thick": qlp.Invalid,
	} {
		sb, err := d.Create(t.Context(), sandbox.Spec{Isolation: level})
		if qlp.CodeOf(err) != want || err != nil && qlp.RemedyOf(err) == "" {
			t.Errorf("%q: %v", level, err)
		}
		if err == nil {
			if err := sb.Destroy(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
}

package native

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
)

const (
	initPath   = "/.qlp/init"
	insideUID  = "1000"
	controlFD  = 3
	filterFD   = 4
	defaultDir = "/work"
)

// forbidden are the places a Mount may not lie in or above; the sandbox itself owns them.
func forbidden() []string {
	return []string{"/work", "/tmp", "/proc", "/dev", "/sys", "/etc", "/run", "/.qlp", "/home/sandbox", "/var"}
}

// checkMounts fills in empty paths and refuses what would weaken the sandbox.
func checkMounts(mounts []sandbox.Mount) ([]sandbox.Mount, error) {
	out := make([]sandbox.Mount, 0, len(mounts))
	for _, m := range mounts {
		if m.Path == "" {
			m.Path = m.HostPath
		}
		if !filepath.IsAbs(m.HostPath) || !path.IsAbs(m.Path) || path.Clean(m.Path) != m.Path || m.Path == "/" {
			return nil, qlp.Errorf(qlp.Invalid, "mount %s at %s: both paths must be absolute and clean", m.HostPath, m.Path)
		}
		for _, f := range forbidden() {
			if m.Path == f || strings.HasPrefix(m.Path, f+"/") || strings.HasPrefix(f, m.Path+"/") {
				return nil, qlp.Errorf(qlp.Invalid, "mount %s at %s: %s belongs to the sandbox", m.HostPath, m.Path, f)
			}
		}
		if _, err := os.Stat(m.HostPath); err != nil {
			return nil, qlp.Errorf(qlp.Invalid, "mount %s: %w", m.HostPath, err)
		}
		out = append(out, m)
	}
	return out, nil
}

// systemArgs are the arguments that are the same for every sandbox of this host: its programs and libraries, read-only,
// and the /etc that the state directory holds. Nothing else of the host is there. Each mount costs a tenth of a
// millisecond, which is why /etc is one.
func systemArgs(s *state) []string {
	var a []string
	a = append(a, "--ro-bind", "/usr", "/usr")
	for _, name := range []string{"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"} {
		st, err := os.Lstat(name)
		switch {
		case err != nil:
		case st.Mode()&os.ModeSymlink != 0:
			if target, err := os.Readlink(name); err == nil {
				a = append(a, "--symlink", target, name)
			}
		case st.IsDir():
			a = append(a, "--ro-bind", name, name)
		}
	}
	return append(a, "--ro-bind", s.path("etc"), "/etc")
}

// plan is one sandbox's view of the host, before it is turned into arguments.
type plan struct {
	system []string
	init   string          // where the init is found, as bubblewrap's user sees it
	mounts []sandbox.Mount // likewise
	stage  string          // the sized place as root; "" for an ordinary user
	limits sandbox.Limits
	cpus   int // processors to keep to; 0 where a cgroup does it
}

// args orders the arguments so that every destination lies on the fresh, still empty root and never below anything that
// a program could have written to (CVE-2026-87766); the root and /dev become read-only last.
func (p plan) args() []string {
	a := []string{
		"--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--unshare-net",
		"--disable-userns", "--uid", insideUID, "--gid", insideUID, "--hostname", "sandbox",
		"--die-with-parent", "--new-session", "--as-pid-1", "--cap-drop", "ALL", "--clearenv",
	}
	a = append(a, p.system...)
	a = append(a, "--ro-bind", p.init, initPath)
	for _, m := range p.mounts {
		a = append(a, "--ro-bind", m.HostPath, m.Path)
	}
	a = append(a, "--proc", "/proc")
	for _, name := range []string{"/proc/keys", "/proc/key-users"} {
		if _, err := os.Stat(name); err == nil {
			a = append(a, "--ro-bind", "/dev/null", name)
		}
	}
	a = append(a, "--dev", "/dev")
	if p.stage != "" {
		a = append(a, "--bind", p.stage+"/work", "/work", "--bind", p.stage+"/tmp", "/tmp", "--bind", p.stage+"/shm", "/dev/shm")
	} else {
		size := strconv.FormatInt(p.limits.Disk, 10)
		a = append(a, "--size", size, "--tmpfs", "/work", "--size", size, "--tmpfs", "/tmp",
			"--size", strconv.FormatInt(min(p.limits.Disk, 64*sandbox.MiB), 10), "--tmpfs", "/dev/shm")
	}
	a = append(a, "--dir", "/home", "--symlink", "/tmp/home", "/home/sandbox", "--dir", "/var", "--symlink", "/tmp", "/var/tmp",
		"--chdir", defaultDir, "--remount-ro", "/dev", "--remount-ro", "/", "--seccomp", fmt.Sprint(filterFD), "--",
		initPath, "serve")
	if p.cpus > 0 {
		a = append(a, strconv.Itoa(p.cpus))
	}
	return a
}

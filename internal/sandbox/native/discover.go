package native

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/sandbox/owner"
)

// discover finds out which controllers this process may use, by making its base directory in each hierarchy. What it may
// not use is left out: the driver then says best_effort, or refuses. procRoot is /proc but for tests.
func discover(procRoot string, root bool) (*hierarchy, error) {
	mounts, err := os.ReadFile(procRoot + "/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("read mounts: %w", err)
	}
	own, err := os.ReadFile(procRoot + "/self/cgroup")
	if err != nil {
		return nil, fmt.Errorf("read own cgroup: %w", err)
	}
	h := &hierarchy{base: map[string]string{}, v2: map[string]bool{}, owner: owner.Name(os.Getpid())}
	paths := ownPaths(string(own))
	for _, m := range cgroupMounts(string(mounts)) {
		if m.v2 {
			h.useV2(m, paths[""], root)
			continue
		}
		for _, ctl := range []string{ctlMemory, ctlPids, ctlCPU, ctlCPUAcct} {
			if !slices.Contains(m.options, ctl) || h.base[ctl] != "" {
				continue
			}
			base := filepath.Join(m.inside(paths[ctl]), "qlp")
			if err := os.MkdirAll(base, 0o755); err == nil && unix.Access(base, unix.W_OK) == nil {
				h.base[ctl] = base
			}
		}
	}
	return h, nil
}

type cgroupMount struct {
	root    string // the part of the hierarchy that is mounted
	at      string
	v2      bool
	options []string
}

// inside turns a path of /proc/self/cgroup into a directory.
func (m cgroupMount) inside(path string) string {
	rest, ok := strings.CutPrefix(path, m.root)
	if !ok || m.root != "/" && rest != "" && rest[0] != '/' {
		rest = ""
	}
	dir := filepath.Join(m.at, rest)
	if !exists(dir) {
		return m.at
	}
	return dir
}

// cgroupMounts reads the lines of mountinfo: id parent dev root at options… - type source superoptions.
func cgroupMounts(mountinfo string) []cgroupMount {
	var out []cgroupMount
	for line := range strings.Lines(mountinfo) {
		left, right, ok := strings.Cut(strings.TrimSpace(line), " - ")
		l, r := strings.Fields(left), strings.Fields(right)
		if !ok || len(l) < 5 || len(r) < 3 || r[0] != "cgroup" && r[0] != "cgroup2" {
			continue
		}
		out = append(out, cgroupMount{root: l[3], at: l[4], v2: r[0] == "cgroup2", options: strings.Split(r[2], ",")})
	}
	return out
}

// ownPaths reads the lines of /proc/self/cgroup: id:controllers:path. Version 2 has no controllers, hence the key "".
func ownPaths(text string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(text) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(f) != 3 {
			continue
		}
		for ctl := range strings.SplitSeq(f[1], ",") {
			out[ctl] = f[2]
		}
	}
	return out
}

// useV2 makes the base directory on version 2: as root below the top of what is visible, otherwise below the process's
// own group, which must have been delegated to the user.
func (h *hierarchy) useV2(m cgroupMount, own string, root bool) {
	top := m.at
	if !root {
		top = m.inside(own)
	}
	available := strings.Fields(readText(top, "cgroup.controllers"))
	if unix.Access(top, unix.W_OK) != nil {
		return
	}
	base := filepath.Join(top, "qlp")
	if err := os.MkdirAll(base, 0o755); err != nil {
		return
	}
	for _, ctl := range []string{ctlMemory, ctlPids, ctlCPU} {
		if !slices.Contains(available, ctl) {
			continue
		}
		if enableOne(top, ctl) == nil && enableOne(base, ctl) == nil {
			h.base[ctl], h.v2[ctl] = base, true
		}
	}
	if h.v2[ctlCPU] {
		h.base[ctlCPUAcct], h.v2[ctlCPUAcct] = base, true
	}
	h.unified = base
}

// enableOne hands a controller down to child groups. A group with members may not (EBUSY) unless it is the true root:
// then its members, which in a container or a delegated scope are QLP and what started it, move into a child first.
func enableOne(dir, ctl string) error {
	control := filepath.Join(dir, "cgroup.subtree_control")
	if slices.Contains(strings.Fields(readText(dir, "cgroup.subtree_control")), ctl) {
		return nil
	}
	err := writeFile(control, "+"+ctl)
	if !errors.Is(err, unix.EBUSY) {
		return err
	}
	host := filepath.Join(dir, "qlp-host")
	if err := os.MkdirAll(host, 0o755); err != nil {
		return err
	}
	for _, pid := range members(dir) {
		if err := writeFile(filepath.Join(host, "cgroup.procs"), strconv.Itoa(pid)); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("move own processes aside: %w", err)
		}
	}
	return writeFile(control, "+"+ctl)
}

// enable hands down every controller that dir itself has.
func enable(dir string) error {
	for _, ctl := range strings.Fields(readText(dir, "cgroup.controllers")) {
		if ctl != ctlMemory && ctl != ctlPids && ctl != ctlCPU {
			continue
		}
		if err := enableOne(dir, ctl); err != nil {
			return err
		}
	}
	return nil
}

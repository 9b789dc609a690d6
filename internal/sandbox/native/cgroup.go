package native

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/sandbox"
)

// slack is what the sandbox as a whole may have beyond one command: the init, its threads and buffers.
const (
	slackMemory = 128 * sandbox.MiB
	slackPids   = 64
)

// controllers that are wanted. On version 2, cpuacct comes with every group.
const (
	ctlMemory  = "memory"
	ctlPids    = "pids"
	ctlCPU     = "cpu"
	ctlCPUAcct = "cpuacct"
)

// hierarchy is where this process may make groups, for each controller that it may use: one directory on version 2,
// several on version 1, and a mix on hosts that have both mounted.
type hierarchy struct {
	base    map[string]string // controller → directory of QLP's own
	v2      map[string]bool   // controller → held by version 2
	unified string            // version 2's directory of QLP's own, or ""
	owner   string            // prefix of the names of this process's groups
}

func (h *hierarchy) has(controller string) bool { return h != nil && h.base[controller] != "" }

// group is one sandbox's, or one command's, set of directories.
type group struct {
	h    *hierarchy
	dirs map[string]string // controller → directory
	leaf string            // where on version 2 the init lives; members may not sit beside child groups
}

// create makes the group of a whole sandbox.
func (h *hierarchy) create(name string, l sandbox.Limits) (*group, error) {
	g := &group{h: h, dirs: map[string]string{}}
	for ctl, base := range h.base {
		g.dirs[ctl] = filepath.Join(base, h.owner+"-"+name)
	}
	if err := g.mkdir(); err != nil {
		return nil, err
	}
	total := l
	total.Memory += l.Disk + slackMemory
	total.Pids += slackPids
	if err := g.limit(total, true, true); err != nil {
		g.Remove()
		return nil, err
	}
	if dir := g.v2dir(); dir != "" {
		g.leaf = filepath.Join(dir, "init")
		err := enable(dir)
		if err == nil {
			err = os.Mkdir(g.leaf, 0o755)
		}
		if err != nil {
			g.Remove()
			return nil, fmt.Errorf("make cgroup of init: %w", err)
		}
	}
	return g, nil
}

// child makes the group of one command.
func (g *group) child(name string, l sandbox.Limits, cpu bool) (*group, error) {
	c := &group{h: g.h, dirs: map[string]string{}}
	for ctl, dir := range g.dirs {
		if ctl == ctlCPU && !cpu && !g.h.v2[ctl] {
			continue // a directory saved: the sandbox's own quota holds
		}
		c.dirs[ctl] = filepath.Join(dir, name)
	}
	if err := c.mkdir(); err != nil {
		return nil, err
	}
	if err := c.limit(l, cpu, false); err != nil {
		c.Remove()
		return nil, err
	}
	return c, nil
}

func (g *group) v2dir() string {
	for ctl, dir := range g.dirs {
		if g.h.v2[ctl] {
			return dir
		}
	}
	return ""
}

// distinct are the directories once each: one on version 2, and controllers may share a mount on version 1.
func (g *group) distinct() []string {
	seen := map[string]bool{}
	var out []string
	for _, dir := range g.dirs {
		if !seen[dir] {
			seen[dir] = true
			out = append(out, dir)
		}
	}
	return out
}

// mkdir makes all directories or none. One that exists is somebody else's.
func (g *group) mkdir() error {
	var made []string
	for _, dir := range g.distinct() {
		if err := os.Mkdir(dir, 0o755); err != nil {
			for _, m := range made {
				_ = removeTree(m, time.Second)
			}
			return fmt.Errorf("make cgroup: %w", err)
		}
		made = append(made, dir)
	}
	return nil
}

func (g *group) limit(l sandbox.Limits, cpu, whole bool) error {
	quota := max(int64(l.CPUs*100_000), 1000)
	var err error
	set := func(ctl, name, value string) {
		if dir := g.dirs[ctl]; dir != "" && err == nil {
			if werr := writeFile(filepath.Join(dir, name), value); werr != nil {
				err = fmt.Errorf("set %s: %w", name, werr)
			}
		}
	}
	memory := strconv.FormatInt(l.Memory, 10)
	if g.h.v2[ctlMemory] {
		set(ctlMemory, "memory.max", memory)
		if dir := g.dirs[ctlMemory]; exists(dir + "/memory.swap.max") {
			set(ctlMemory, "memory.swap.max", "0")
		}
		if !whole {
			// All of a command or nothing; a whole sandbox would lose its init.
			set(ctlMemory, "memory.oom.group", "1")
		}
	} else {
		set(ctlMemory, "memory.limit_in_bytes", memory)
		if dir := g.dirs[ctlMemory]; dir != "" && exists(dir+"/memory.memsw.limit_in_bytes") {
			set(ctlMemory, "memory.memsw.limit_in_bytes", memory)
		}
	}
	set(ctlPids, "pids.max", strconv.Itoa(l.Pids))
	if cpu && g.h.v2[ctlCPU] {
		set(ctlCPU, "cpu.max", fmt.Sprintf("%d 100000", quota))
	} else if cpu {
		set(ctlCPU, "cpu.cfs_period_us", "100000")
		set(ctlCPU, "cpu.cfs_quota_us", strconv.FormatInt(quota, 10))
	}
	return err
}

// Join moves a process, by its number on the host, into the group.
func (g *group) Join(pid int) error {
	for _, dir := range g.distinct() {
		if g.leaf != "" && strings.HasPrefix(g.leaf, dir+"/") {
			dir = g.leaf
		}
		if err := writeFile(filepath.Join(dir, "cgroup.procs"), strconv.Itoa(pid)); err != nil {
			return fmt.Errorf("move process into cgroup: %w", err)
		}
	}
	return nil
}

// KillNow signals every member there is.
func (g *group) KillNow() {
	for _, dir := range g.distinct() {
		killTree(dir)
	}
}

// Kill ends every member, and returns when the group is empty.
func (g *group) Kill(timeout time.Duration) error {
	deadline := time.Now().Add(timeout)
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		alive := false
		for _, dir := range g.distinct() {
			alive = killTree(dir) || alive
		}
		if !alive {
			return nil
		}
		if time.Now().After(deadline) {
			return errors.New("processes of the sandbox survive SIGKILL")
		}
		<-time.After(wait)
	}
}

// killTree says whether anything was alive. A group that is gone has nobody to kill.
func killTree(dir string) bool {
	alive := false
	if pids := members(dir); len(pids) > 0 {
		alive = true
		if writeFile(filepath.Join(dir, "cgroup.kill"), "1") != nil {
			for _, pid := range pids {
				_ = unix.Kill(pid, unix.SIGKILL)
			}
		}
	}
	for _, d := range below(dir) {
		alive = killTree(d) || alive
	}
	return alive
}

// Remove deletes the directories, which must be empty of processes; zombies may delay it for a moment.
func (g *group) Remove() {
	for _, dir := range g.distinct() {
		_ = removeTree(dir, 2*time.Second)
	}
}

func removeTree(dir string, timeout time.Duration) error {
	for _, d := range below(dir) {
		_ = removeTree(d, 2*time.Second)
	}
	deadline := time.Now().Add(timeout)
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		err := unix.Rmdir(dir)
		if err == nil || errors.Is(err, unix.ENOENT) {
			return nil
		}
		if !errors.Is(err, unix.EBUSY) || time.Now().After(deadline) {
			return fmt.Errorf("remove cgroup %s: %w", dir, err)
		}
		<-time.After(wait)
	}
}

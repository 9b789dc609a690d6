package chaos

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Machine is what processes have made outside of the data: what is named after them or works for them.
type Machine struct {
	Processes []string
	Cgroups   []string
	Mounts    []string
	Temporary []string
}

// ownerOf names a process as the sandboxes do which it makes: by its pid namespace, its number and its start.
func ownerOf(pid int) string {
	ns, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 20 {
		return ""
	}
	return fmt.Sprintf("%s-%d-%s", strings.Trim(strings.TrimPrefix(ns, "pid:"), "[]"), pid, fields[19])
}

// lookAtMachine finds what is there of the processes that owners name and that work in the folder work. The machine is not
// this harness's alone: what others have made is not looked at.
func lookAtMachine(work string, owners []string, data []string) (m Machine, err error) {
	groups := map[string]bool{}
	for _, o := range owners {
		if o != "" {
			groups[o] = true
		}
	}
	m.Processes = processes(work, groups)
	m.Cgroups = cgroups(groups)
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return m, fmt.Errorf("look at mounts: %w", err)
	}
	for line := range strings.Lines(string(mounts)) {
		if at := strings.Fields(line); len(at) > 1 && strings.HasPrefix(at[1], work+"/") {
			m.Mounts = append(m.Mounts, at[1])
		}
	}
	for _, dir := range data {
		found, err := temporary(dir)
		if err != nil {
			return m, err
		}
		m.Temporary = append(m.Temporary, found...)
	}
	return m, nil
}

// processes are those whose command or environment names the folder, or that are in a group of one of the owners.
func processes(work string, owners map[string]bool) (found []string) {
	dirs, _ := filepath.Glob("/proc/[0-9]*") // the pattern is right
	for _, p := range dirs {
		if filepath.Base(p) == fmt.Sprint(os.Getpid()) {
			continue
		}
		cmdline, _ := os.ReadFile(filepath.Join(p, "cmdline")) // it may have ended
		environ, _ := os.ReadFile(filepath.Join(p, "environ"))
		group, _ := os.ReadFile(filepath.Join(p, "cgroup"))
		ours := strings.Contains(string(environ), "TMPDIR="+work) || strings.Contains(string(environ), "QLP_DATA="+work)
		for part := range strings.FieldsFuncSeq(string(group), func(r rune) bool { return r == '/' || r == '\n' }) {
			ours = ours || owned(part, owners)
		}
		if ours {
			found = append(found, filepath.Base(p)+" "+strings.ReplaceAll(string(cmdline), "\x00", " "))
		}
	}
	return found
}

// owned reads a name that begins with an owner's.
func owned(name string, owners map[string]bool) bool {
	f := strings.Split(name, "-")
	return len(f) >= 3 && owners[strings.Join(f[:3], "-")]
}

func cgroups(owners map[string]bool) (found []string) {
	_ = filepath.WalkDir("/sys/fs/cgroup", func(path string, d fs.DirEntry, err error) error {
		if err != nil { // it went while it was being looked at
			return nil //nolint:nilerr // then it is not left
		}
		if d.IsDir() && owned(d.Name(), owners) {
			found = append(found, path)
			return fs.SkipDir
		}
		return nil
	})
	return found
}

// temporary finds the files of a data folder that exist only while something is being written.
func temporary(dir string) (found []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if path != dir && (strings.HasPrefix(name, ".tmp-") || strings.HasPrefix(name, ".signing-") || filepath.Base(filepath.Dir(path)) == "tmp") {
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for temporary files: %w", err)
	}
	return found, nil
}

// age makes temporary files as old as they are when the product clears them away.
func age(files []string) error {
	old := time.Now().Add(-2 * time.Hour)
	for _, f := range files {
		if err := os.Chtimes(f, old, old); err != nil {
			return err
		}
	}
	return nil
}

// AuditMachine holds that nothing is left which was not there before.
func AuditMachine(before, after Machine) []Violation {
	f := findings{rule: "nothing left"}
	for _, kind := range []struct {
		name          string
		before, after []string
	}{
		{"process", before.Processes, after.Processes},
		{"cgroup", before.Cgroups, after.Cgroups},
		{"mount", before.Mounts, after.Mounts},
		{"temporary file", before.Temporary, after.Temporary},
	} {
		for _, what := range kind.after {
			if !slices.Contains(kind.before, what) {
				f.add(kind.name, "%s", what)
			}
		}
	}
	return f.list
}

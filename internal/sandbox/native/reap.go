package native

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// reap kills and removes the groups of QLP processes that are gone: the kernel has ended their sandboxes already, but
// directories of cgroups stay. Groups of other pid namespaces are not judged.
func (h *hierarchy) reap() (removed int) {
	bases := map[string]bool{}
	for _, base := range h.base {
		bases[base] = true
	}
	for base := range bases {
		entries, _ := os.ReadDir(base)
		for _, e := range entries {
			if !e.IsDir() || !orphaned(e.Name()) {
				continue
			}
			dir := filepath.Join(base, e.Name())
			for range 40 {
				if !killTree(dir) {
					break
				}
				<-time.After(5 * time.Millisecond)
			}
			if removeTree(dir, 2*time.Second) == nil {
				removed++
			}
		}
	}
	return removed
}

// orphaned reads a name made by ownerName and a sandbox's number.
func orphaned(name string) bool {
	f := strings.Split(name, "-")
	if len(f) < 4 || f[0] != pidNamespace() {
		return false
	}
	pid, err := strconv.Atoi(f[1])
	return err == nil && startTime(pid) != f[2]
}

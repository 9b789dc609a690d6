package native

import (
	"os"
	"path/filepath"
	"time"

	"github.com/quantumlayer/qlp/internal/sandbox/owner"
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
			if !e.IsDir() || !owner.Orphaned(e.Name()) {
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

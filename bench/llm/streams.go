package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// streaming holds many slow streams at once through one client, and reads the most memory that this process has had.
func streaming(ctx context.Context, url string, n int) error {
	before, err := memory("VmRSS")
	if err != nil {
		return err
	}
	c, closeIt, err := asker(ctx, url, "slow")
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	var failed, open, most atomic.Int64
	start := time.Now()
	for i := range n {
		all.Go(func() {
			first := true
			_, err := c.Ask(ctx, request(i), func(string) {
				if first {
					first = false
					for now := open.Add(1); ; {
						if old := most.Load(); now <= old || most.CompareAndSwap(old, now) {
							break
						}
					}
				}
			})
			open.Add(-1)
			if err != nil {
				failed.Add(1)
				fmt.Fprintln(os.Stderr, err)
			}
		})
	}
	all.Wait()
	if failed.Load() > 0 {
		return fmt.Errorf("%d of %d streams failed", failed.Load(), n)
	}
	took := time.Since(start)
	peak, err := memory("VmHWM")
	if err != nil {
		return err
	}
	fmt.Printf("| %d streams through one client | |\n|---|---|\n", n)
	fmt.Printf("| streaming at the same moment, at the most | %d |\n| time for all, each of %d pieces 50 ms apart | %.1f s |\n", most.Load(), pieces, took.Seconds())
	fmt.Printf("| memory of the process before | %d MiB |\n| at the most | %d MiB |\n", before>>10, peak>>10)
	return closeIt()
}

// memory reads a line of this process's status, in KiB.
func memory(name string) (int, error) {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), name+":"); ok {
			var kib int
			_, err := fmt.Sscanf(strings.TrimSpace(rest), "%d kB", &kib)
			return kib, err
		}
	}
	return 0, fmt.Errorf("no %s in the status of this process", name)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/native"
)

const (
	rateTime  = 5 * time.Second
	idleBoxes = 40
	row1000   = 1000
)

// rates counts how many commands as many workers as there are processors get through.
func rates(ctx context.Context, w io.Writer, d *native.Driver) error {
	workers := runtime.NumCPU()
	measure := func(work func(ctx context.Context, worker int) error) (float64, error) {
		var done atomic.Int64
		group, ctx := errgroup.WithContext(ctx)
		begun := time.Now()
		for i := range workers {
			group.Go(func() error {
				for time.Since(begun) < rateTime {
					if err := work(ctx, i); err != nil {
						return err
					}
					done.Add(1)
				}
				return nil
			})
		}
		err := group.Wait()
		return float64(done.Load()) / time.Since(begun).Seconds(), err
	}
	cold := once(ctx, d)
	fresh, err := measure(func(context.Context, int) error { _, err := cold(); return err })
	if err != nil {
		return err
	}
	boxes := make([]sandbox.Sandbox, workers)
	for i := range boxes {
		if boxes[i], err = d.Create(ctx, sandbox.Spec{}); err != nil {
			return err
		}
	}
	warm, err := measure(func(ctx context.Context, i int) error {
		return check(boxes[i].Exec(ctx, sandbox.Cmd{Argv: []string{"/bin/true"}}))
	})
	for _, b := range boxes {
		err = errors.Join(err, b.Destroy(ctx))
	}
	fmt.Fprintf(w, "With %d workers: %.0f commands a second, each in a sandbox of its own; %.0f in sandboxes that are there.\n\n", workers, fresh, warm)
	return err
}

// idle measures what sandboxes hold that wait for their first command.
func idle(ctx context.Context, w io.Writer, d *native.Driver) (err error) {
	before := available()
	var boxes []sandbox.Sandbox
	defer func() {
		for _, b := range boxes {
			err = errors.Join(err, b.Destroy(ctx))
		}
	}()
	for range idleBoxes {
		b, err := d.Create(ctx, sandbox.Spec{})
		if err != nil {
			return err
		}
		boxes = append(boxes, b)
	}
	fmt.Fprintf(w, "An idle sandbox holds %.1f MiB of the machine's memory (the mean of %d).\n\n", float64(before-available())/1024/idleBoxes, idleBoxes)
	return nil
}

// available is what the kernel says is free for new programs, in KiB.
func available() int64 {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "MemAvailable:"); ok {
			n, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return n
		}
	}
	return 0
}

// row runs n sandboxes, one after the other, and counts what they leave.
func row(ctx context.Context, w io.Writer, d *native.Driver, n int) error {
	run := once(ctx, d)
	if _, err := run(); err != nil { // the first one makes what all share
		return err
	}
	before := settled()
	begun := time.Now()
	for range n {
		if _, err := run(); err != nil {
			return err
		}
	}
	took := time.Since(begun)
	after := settled()
	fmt.Fprintf(w, "%d sandboxes in a row took %.1f s and left behind:", n, took.Seconds())
	for _, what := range []string{"processes", "mounts", "cgroups", "files", "descriptors"} {
		fmt.Fprintf(w, " %d %s", after[what]-before[what], what)
	}
	fmt.Fprintln(w, ".")
	return nil
}

// settled counts when nothing changes any more: cgroups are removed in the background.
func settled() map[string]int {
	last := leftovers()
	for range 20 {
		<-time.After(200 * time.Millisecond)
		now := leftovers()
		if maps.Equal(last, now) {
			return now
		}
		last = now
	}
	return last
}

func leftovers() map[string]int {
	count := map[string]int{}
	if dirs, err := filepath.Glob("/proc/[0-9]*"); err == nil {
		for _, dir := range dirs {
			name, _ := os.ReadFile(filepath.Join(dir, "comm"))
			if c := strings.TrimSpace(string(name)); c == "bwrap" || c == "qlp-init" || c == "init" || c == "true" {
				count["processes"]++
			}
		}
	}
	if b, err := os.ReadFile("/proc/self/mountinfo"); err == nil {
		count["mounts"] = strings.Count(string(b), "\n")
	}
	_ = filepath.WalkDir("/sys/fs/cgroup", func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() && strings.Contains(path, "/qlp") {
			count["cgroups"]++
		}
		return nil
	})
	for _, dir := range []string{"/run/qlp", os.TempDir()} {
		_ = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
			if err == nil && strings.Contains(e.Name(), "qlp") {
				count["files"]++
			}
			return nil
		})
	}
	if fds, err := os.ReadDir("/proc/self/fd"); err == nil {
		count["descriptors"] = len(fds)
	}
	return count
}

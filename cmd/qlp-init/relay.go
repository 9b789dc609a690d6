//go:build relay

package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/sandbox/native/wire"
	"github.com/quantumlayer/qlp/internal/sandbox/relay"
)

// The relay brings the network's packages along, whose start takes a program 0.8 ms: half of what this one takes in all. It is
// built in only where a container is the sandbox, which takes a hundred times as long.

// spareThreads are made before any program runs. A program that forks until the container has no process left must not keep
// this one from a thread: Go's runtime ends the process that cannot have one.
const spareThreads = 24

func threads(n int) {
	var all, done sync.WaitGroup
	all.Add(n)
	for range n {
		done.Go(func() {
			runtime.LockOSThread() // each on its own, as long as the others wait
			all.Done()
			all.Wait()
			runtime.UnlockOSThread() // the runtime keeps it for later
		})
	}
	done.Wait()
}

// relayed answers requests that come over standard input and output, as pid 1 of a container.
func relayed() error {
	if err := closeFrom(3); err != nil {
		return err
	}
	if err := harden(); err != nil {
		return err
	}
	threads(spareThreads)
	here, there, err := wire.Pair()
	if err != nil {
		return err
	}
	near, err := wire.NewConn(here)
	if err != nil {
		_ = unix.Close(there)
		return err
	}
	control, err := wire.NewConn(there)
	if err != nil {
		_ = near.Close()
		return err
	}
	go func() {
		// With the driver gone there is nobody to answer, and with this process the container ends.
		if err := relay.Inside(relay.Stdio(), near); err != nil {
			fmt.Fprintln(os.Stderr, "qlp-init:", err)
		}
		os.Exit(0)
	}()
	return answer(control, true)
}

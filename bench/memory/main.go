// Command memory measures what an idle server holds, and what a start costs. It prints a Markdown table.
//
//	go run ./bench/memory -qlp bin/qlp [-n 5] [-after 12s]
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/quantumlayer/qlp/bench/server"
)

func main() {
	binary := flag.String("qlp", "bin/qlp", "the binary to measure")
	n := flag.Int("n", 5, "servers, one after the other")
	after := flag.Duration("after", 12*time.Second, "how long after its first answer a server is looked at")
	flag.Parse()
	if err := measure(*binary, *n, *after); err != nil {
		fmt.Fprintln(os.Stderr, "memory:", err)
		os.Exit(1)
	}
}

func measure(binary string, n int, after time.Duration) error {
	var began, settled [3][]int64 // RSS, own, program
	for range n {
		if err := one(binary, after, &began, &settled); err != nil {
			return err
		}
	}
	fmt.Printf("| %d servers in turns, medians | RSS | own | program | goal |\n|---|---:|---:|---:|---|\n", n)
	row := func(name string, of [3][]int64, goal string) {
		fmt.Printf("| %s | %.1f MiB | %.1f MiB | %.1f MiB | %s |\n", name, mib(of[0]), mib(of[1]), mib(of[2]), goal)
	}
	row("when it answers", began, "")
	row(fmt.Sprintf("%s later, idle", after), settled, "< 80 MiB")
	took := make([]time.Duration, 10*n)
	for i := range took {
		cmd := exec.Command(binary, "version")
		if err := cmd.Run(); err != nil {
			return err
		}
		took[i] = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	slices.Sort(took)
	fmt.Printf("\nA start (`qlp version`) takes %s of a processor in the median of %d.\n", took[len(took)/2].Round(time.Millisecond), len(took))
	return nil
}

func one(binary string, after time.Duration, began, settled *[3][]int64) error {
	data, err := os.MkdirTemp("", "qlp-bench-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(data) }()
	s, err := server.Start(binary, data)
	if err != nil {
		return err
	}
	defer s.Stop()
	if err := look(s.PID(), began); err != nil {
		return err
	}
	time.Sleep(after)
	return look(s.PID(), settled)
}

var counts = regexp.MustCompile(`(?m)^(VmRSS|RssAnon|RssFile):\s+(\d+) kB`)

// look adds what /proc says of a process, in KiB.
func look(pid int, to *[3][]int64) error {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return err
	}
	for i, m := range counts.FindAllStringSubmatch(string(b), 3) {
		n, err := strconv.ParseInt(m[2], 10, 64)
		if err != nil {
			return err
		}
		to[i] = append(to[i], n)
	}
	return nil
}

func mib(list []int64) float64 {
	return float64(slices.Sorted(slices.Values(list))[len(list)/2]) / 1024
}

// Command pipeline measures the main job on this machine, through the real server: intent to plan, intent to verified
// capsule (warm), the memory and processor time of an idle server, and the size of the binary. It prints a Markdown table.
//
//	go run ./bench/pipeline -qlp bin/qlp -n 20
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/quantumlayer/qlp/bench/server"
	"github.com/quantumlayer/qlp/internal/client"
	"github.com/quantumlayer/qlp/internal/qlp"
)

const (
	goIntent     = "a REST API in Go for a library: books with title, author, unique isbn and published year; members with name and unique email; loans link a book and a member and have a due date"
	pythonIntent = "a REST API in Python for a clinic: patients with name, email unique, date of birth; visits belong to a patient and have notes and a fee decimal at least 0"
)

func main() {
	binary := flag.String("qlp", "bin/qlp", "the binary to measure")
	n := flag.Int("n", 20, "runs of each stack, after one that warms the caches")
	idle := flag.Duration("idle", 10*time.Second, "how long the idle server is watched")
	flag.Parse()
	if err := measure(*binary, *n, *idle); err != nil {
		fmt.Fprintln(os.Stderr, "pipeline:", err)
		os.Exit(1)
	}
}

func measure(binary string, n int, idle time.Duration) error {
	data, err := os.MkdirTemp("", "qlp-bench-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(data) }()
	begun := time.Now()
	s, err := server.Start(binary, data)
	if err != nil {
		return err
	}
	defer s.Stop()
	started := time.Since(begun)
	info, err := os.Stat(binary)
	if err != nil {
		return err
	}
	fmt.Printf("| what | n | p50 | p95 | goal |\n|---|---|---|---|---|\n")
	time.Sleep(idle)
	fresh := s.RSS()
	row("start of a server with an empty data folder, until healthy", []time.Duration{started}, "")
	var plans []time.Duration
	for _, stack := range []struct{ name, words, goal string }{{"Python", pythonIntent, "p50 < 2 s"}, {"Go", goIntent, "p50 < 5 s"}} {
		var wholes []time.Duration
		for i := range n + 1 {
			plan, whole, err := run(s, stack.words)
			if err != nil {
				return fmt.Errorf("%s run %d: %w", stack.name, i, err)
			}
			if i > 0 {
				plans, wholes = append(plans, plan), append(wholes, whole)
			}
		}
		row("intent → verified capsule, "+stack.name+", warm", wholes, stack.goal)
	}
	row("intent → plan", plans, "p95 < 50 ms")
	health := make([]time.Duration, 500)
	for i := range health {
		begun := time.Now()
		if err := s.Healthy(context.Background()); err != nil {
			return err
		}
		health[i] = time.Since(begun)
	}
	row("health, over HTTP", health, "< 500 ms")
	before := s.CPU()
	time.Sleep(idle)
	used := s.CPU() - before
	time.Sleep(2 * idle) // it gives memory back once it has seen that it is calm
	fmt.Printf("| memory of an idle server (RSS), fresh | 1 | %d MiB | | < 80 MiB |\n", fresh>>20)
	fmt.Printf("| memory of an idle server (RSS), after these runs | 1 | %d MiB | | < 80 MiB |\n", s.RSS()>>20)
	fmt.Printf("| processor time of an idle server | 1 | %.1f %% of a core | | < 2 %% |\n", 100*used.Seconds()/idle.Seconds())
	fmt.Printf("| size of the binary | 1 | %.1f MiB | | |\n", float64(info.Size())/(1<<20))
	return nil
}

func row(what string, times []time.Duration, goal string) {
	slices.Sort(times)
	at := func(p int) string {
		return times[min(len(times)*p/100, len(times)-1)].Round(100 * time.Microsecond).String()
	}
	fmt.Printf("| %s | %d | %s | %s | %s |\n", what, len(times), at(50), at(95), goal)
}

// run takes an intent to its end and returns the times from the server's own events.
func run(s *server.Server, words string) (plan, whole time.Duration, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	in, err := s.Create(ctx, client.NewIntent{Words: words}, "")
	if err != nil {
		return 0, 0, err
	}
	var first time.Time
	for e, err := range s.Events(ctx, in.ID, 0) {
		if err != nil {
			return 0, 0, err
		}
		switch e.Type {
		case qlp.EventIntentReceived:
			first = e.Time
		case qlp.EventPlanReady:
			plan = e.Time.Sub(first)
		case qlp.EventRunFinished:
			var end qlp.RunFinished
			if err := json.Unmarshal(e.Data, &end); err != nil {
				return 0, 0, err
			}
			if end.Verdict != qlp.Verified {
				return 0, 0, fmt.Errorf("the run ended %s: %s", end.State, end.Reason)
			}
			return plan, e.Time.Sub(first), nil
		}
	}
	return 0, 0, fmt.Errorf("the events ended before the run")
}

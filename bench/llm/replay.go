package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/bench/server"
	"github.com/quantumlayer/qlp/internal/client"
	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
)

const facts = "a command line program in Python that reads text from standard input and prints seven facts about it: lines, words, letters, digits, vowels, the longest word and palindromes"

// tasks is what the recorded plan has, the acceptance cases among them.
const tasks = 10

// played is one run, measured by its own events.
type played struct{ whole, sandbox, models time.Duration }

// replays records a run of ten tasks with the model that knows them, and plays the recordings n times through the real server.
func replays(ctx context.Context, binary string, n int) (err error) {
	dir, err := os.MkdirTemp("", "qlp-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	cassettes := filepath.Join(dir, "cassettes")
	if err := recordRun(ctx, binary, filepath.Join(dir, "recorded"), cassettes); err != nil {
		return fmt.Errorf("record a run: %w", err)
	}
	s, err := server.Start(binary, filepath.Join(dir, "replayed"))
	if err != nil {
		return err
	}
	defer s.Stop()
	var all []played
	for i := range n + 1 {
		p, err := play(ctx, s, "replay:"+cassettes)
		if err != nil {
			return fmt.Errorf("replay %d: %w", i, err)
		}
		if i > 0 { // the first one opens the sandbox's caches
			all = append(all, p)
		}
	}
	fmt.Printf("\n| a recorded run of %d tasks, replayed | n | p50 | p95 | goal |\n|---|---|---|---|---|\n", tasks)
	of := func(what, goal string, d func(played) time.Duration) {
		var times []time.Duration
		for _, p := range all {
			times = append(times, d(p))
		}
		slices.Sort(times)
		at := func(q int) float64 { return times[min(len(times)*q/100, len(times)-1)].Seconds() }
		fmt.Printf("| %s | %d | %.2f s | %.2f s | %s |\n", what, len(times), at(50), at(95), goal)
	}
	of("intent → verified capsule", "< 3 s", func(p played) time.Duration { return p.whole })
	of("of it, until every task was written, its syntax checked in a sandbox", "", func(p played) time.Duration { return p.models })
	of("of the rest, the commands of the checks in sandboxes, added up", "", func(p played) time.Duration { return p.sandbox })
	return nil
}

// recordRun takes the intent to its end with the player as every role's model.
func recordRun(ctx context.Context, binary, data, cassettes string) (err error) {
	url, stop, err := startPlayer(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	var file strings.Builder
	fmt.Fprintf(&file, "providers:\n  player: {kind: compatible, base_url: %q, structured: strict}\nroles:\n", url)
	for _, role := range llm.Roles() {
		fmt.Fprintf(&file, "  %s: player/%s\n", role, role)
	}
	file.WriteString("caps:\n  run: {tokens: 10000000}\n")
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(data, config.ProvidersName), []byte(file.String()), 0o600); err != nil {
		return err
	}
	s, err := server.Start(binary, data, "QLP_RECORD="+cassettes)
	if err != nil {
		return err
	}
	defer s.Stop()
	_, err = play(ctx, s, "player")
	return err
}

// play takes the intent to its end with a provider. A run that is not verified in ten tasks without a repair measures nothing.
func play(ctx context.Context, s *server.Server, provider string) (p played, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	in, err := s.Create(ctx, client.NewIntent{Words: facts, Settings: qlp.Settings{Generator: "model", Provider: provider}}, "")
	if err != nil {
		return p, err
	}
	if err := follow(ctx, s, in.ID, &p); err != nil {
		return p, err
	}
	if in, err = s.Get(ctx, in.ID); err != nil {
		return p, err
	}
	if in.State != qlp.StateVerified || in.Plan == nil || len(in.Plan.Tasks) != tasks || in.Run.Repairs != 0 {
		return p, fmt.Errorf("the run is not the one to measure: %s (%s), plan %+v", in.State, in.Reason, in.Plan)
	}
	for _, c := range in.Run.Checks {
		if c.Status() != qlp.Passed {
			return p, fmt.Errorf("the check %s %s: %s", c.Key(), c.Status(), c.Reason)
		}
	}
	p.sandbox = time.Duration(in.Run.SandboxMS) * time.Millisecond
	return p, nil
}

// follow reads the times from the run's own events.
func follow(ctx context.Context, s *server.Server, id string, p *played) error {
	var first time.Time
	for e, err := range s.Events(ctx, id, 0) {
		if err != nil {
			return err
		}
		switch e.Type {
		case qlp.EventIntentReceived:
			first = e.Time
		case qlp.EventIntentState:
			var to struct{ To qlp.State }
			if err := json.Unmarshal(e.Data, &to); err != nil {
				return err
			}
			if to.To == qlp.StateVerifying {
				p.models = e.Time.Sub(first)
			}
		case qlp.EventRunFinished:
			p.whole = e.Time.Sub(first)
			return nil
		}
	}
	return fmt.Errorf("the events ended before the run")
}

package cli

import (
	"context"
	"path/filepath"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// saveCapsule writes the run's capsule into the folder, whole or not at all; "" when there is none.
func (c *command) saveCapsule(ctx context.Context, s *session, dir string, p *progress) (string, error) {
	if p.end == nil || p.end.Capsule == nil {
		return "", nil
	}
	intent, err := s.Get(ctx, p.intent.ID)
	if err != nil {
		return "", err
	}
	b, err := s.Capsule(ctx, intent.Run.ID)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, filepath.Base(p.end.Capsule.Name))
	return path, writeWhole(path, b)
}

// outcome prints how the run ended and returns the exit code that says so.
func (c *command) outcome(p *progress, path string, elapsed time.Duration) error {
	code, verdict := exitOf(p)
	if c.json {
		c.printJSON(finalLine(p, verdict, path, elapsed))
		return exit(code)
	}
	paint := newPaint(c.out)
	switch {
	case p.needs != nil && p.end != nil && p.end.Verdict == "":
		c.printNeeds(*p.needs, p.intent.Words)
	case code == exitPaused:
		c.printf("\n%s in %s%s\n", paint.status(verdict), seconds(elapsed), because(p.reason))
		c.printf("%s  go on:   qlp intents resume %[2]s --cap-usd …, or another cap that is higher\n  stop:    qlp intents cancel %[2]s\n", p.kept(), p.intent.ID)
	case p.end == nil:
		c.printf("\nThe plan waits for approval.\n  go on:   qlp intents approve %[1]s\n  stop:    qlp intents cancel %[1]s\n", p.intent.ID)
	default:
		c.printf("\n")
		c.evidence(p.end.Checks)
		c.printf("\n%s in %s%s\n", paint.status(verdict), seconds(elapsed), because(p.end.Reason))
		if code == exitCanceled {
			c.printf("%s%s", p.kept(), p.goOn())
		}
	}
	if spent := p.spending(); spent != nil {
		c.printf("  models:  %s\n", spentOf(*spent, p.caps.Run))
	}
	if path != "" {
		c.printf("  capsule: %s\n  check:   qlp capsule verify %s --rerun\n  unpack:  qlp capsule unpack %s\n", path, path, path)
	}
	return exit(code)
}

type finalCapsule struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
}

func finalLine(p *progress, verdict, path string, elapsed time.Duration) map[string]any {
	out := map[string]any{
		"type": "run.finished", "intent": p.intent.ID, "verdict": verdict, "state": p.state, "capsule": nil,
		"checks": []qlp.Check{}, "elapsed_ms": elapsed.Milliseconds(),
	}
	if verdict == string(qlp.StatePaused) {
		out["reason"] = p.reason
	}
	if spent := p.spending(); spent != nil {
		out["spending"] = spent
	}
	if p.end != nil {
		out["state"] = p.end.State
		if p.end.Reason != "" {
			out["reason"] = p.end.Reason
		}
		if p.end.Checks != nil {
			out["checks"] = p.end.Checks
		}
		if path != "" {
			out["capsule"] = finalCapsule{path, p.end.Capsule.Digest.Hex()}
		}
	}
	if p.needs != nil {
		out["outcome"], out["questions"] = p.needs.Outcome, p.needs.Questions
		if p.needs.Reason != "" {
			out["reason"] = p.needs.Reason
		}
	}
	return out
}

// exitOf returns the exit code of a run's end, and its verdict in a word.
func exitOf(p *progress) (code int, verdict string) {
	switch {
	case p.end == nil && p.state == string(qlp.StatePaused):
		return exitPaused, p.state
	case p.end == nil:
		return exitOK, string(qlp.StateAwaitingApproval)
	}
	switch p.end.State {
	case qlp.StateVerified:
		return exitOK, string(qlp.Verified)
	case qlp.StateNeedsInput:
		return exitNeedsInput, string(qlp.StateNeedsInput)
	case qlp.StateUnverified:
		return exitUnverified, string(qlp.Unverified)
	case qlp.StateCanceled:
		return exitCanceled, string(qlp.Canceled)
	default:
		return exitFailed, string(qlp.VerdictFailed)
	}
}

func exit(code int) error {
	if code == exitOK {
		return nil
	}
	return exitError(code)
}

package app

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/capsule"
	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/repository"
	"github.com/quantumlayer/qlp/internal/stack"
	"github.com/quantumlayer/qlp/internal/telemetry"
	"github.com/quantumlayer/qlp/internal/validator"
)

// Existing is software that exists already, as it was read.
type Existing struct {
	Tree  repository.Tree
	Stack qlp.Stack // with the commands that are of use for it
	// Because is the file that decided on the stack; "" when a person did. Also are the stacks that it has weaker signs of.
	Because string
	Also    []string
}

// ReadRepository reads the folder and finds its stack, unless name says which.
func ReadRepository(dir, name string, fetch bool) (Existing, error) {
	tree, err := repository.Read(dir)
	if err != nil {
		return Existing{}, err
	}
	e := Existing{Tree: tree}
	if name != "" {
		e.Stack, err = stack.FindRepository(name)
	} else {
		var found []stack.Detected
		if found, err = stack.Detect(tree.Paths()); err == nil {
			e.Stack, e.Because = found[0].Stack, found[0].File
			for _, d := range found[1:] {
				e.Also = append(e.Also, d.Stack.Name)
			}
		}
	}
	if err != nil {
		return Existing{}, fmt.Errorf("%s: %w", dir, err)
	}
	e.Stack = stack.Fit(e.Stack, tree.Paths())
	if !fetch {
		e.Stack.Packages = nil
	}
	return e, nil
}

// Judged is what came of it.
type Judged struct {
	Verdict qlp.Verdict
	Reason  string
	Report  validator.Report
	Capsule []byte
	Name    string // a file name for the capsule
}

// VerifyRepository gives software that exists already the same checks, evidence and capsule as what QLP builds.
func VerifyRepository(ctx context.Context, cfg config.Config, version string, e Existing, progress func(qlp.Check)) (out Judged, err error) {
	j, err := judge(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return Judged{}, err
	}
	defer func() {
		if cerr := j.Close(); err == nil {
			err = cerr
		}
	}()
	now := func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
	run := qlp.Run{ID: newID(), IntentID: newID(), Number: 1, StartedAt: now()}
	s := validator.Subject{
		Spec: qlp.Spec{Title: e.Tree.Name, Kind: qlp.KindRepository, Stack: e.Stack.Name}, Plan: qlp.Plan{Stack: e.Stack.Name}, Stack: e.Stack, Files: e.Tree.Files,
	}
	out.Report, err = j.Validate(ctx, s, progress)
	if err != nil {
		return Judged{}, err
	}
	out.Verdict = qlp.Decide(out.Report.Checks)
	out.Reason = qlp.ReasonOf(out.Report.Checks, out.Verdict)
	run.Verdict, run.Reason, run.SandboxMS, run.Checks = out.Verdict, out.Reason, out.Report.SandboxMS, out.Report.Checks
	in := qlp.Intent{ID: run.IntentID, Words: "verify the repository " + e.Tree.Name, Settings: qlp.Settings{Stack: e.Stack.Name}, Revision: 1}
	out.Capsule, err = packer{Keyring(cfg), version, telemetry.NewMetrics(version)}.Pack(ctx, capsule.Input{
		Intent: in, Run: run, Spec: s.Spec, Plan: s.Plan, Stack: e.Stack, Files: tested(e.Tree.Files, out.Report.Added), Report: out.Report,
		Verdict: out.Verdict, Reason: out.Reason, Generator: "none", Created: now(),
	})
	out.Name = slug(e.Tree.Name) + "-" + run.ID[len(run.ID)-8:] + capsule.Extension
	return out, err
}

// tested is the project as it was tested: with the lock files that it lacked.
func tested(files, added []qlp.File) []qlp.File {
	out := append([]qlp.File{}, added...)
	for _, f := range files {
		if !has(added, f.Path) {
			out = append(out, f)
		}
	}
	return out
}

func has(files []qlp.File, path string) bool {
	for _, f := range files {
		if f.Path == path {
			return true
		}
	}
	return false
}

var notPlain = regexp.MustCompile(`[^a-z0-9.]+`)

func slug(name string) string {
	s := strings.Trim(notPlain.ReplaceAllString(strings.ToLower(name), "-"), "-.")
	if s == "" {
		return "repository"
	}
	return s
}

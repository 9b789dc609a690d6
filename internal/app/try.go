package app

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"

	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/fetcher"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/egress"
	"github.com/quantumlayer/qlp/internal/stack"
)

// Trial is one command for the sandbox, from a person.
type Trial struct {
	Driver string // "" is the one that the settings choose
	Stack  string // whose toolchain the command sees; "" for the system's own programs
	Fetch  bool   // registries can be reached, and nothing else
	Spec   sandbox.Spec
	Cmd    sandbox.Cmd
	Dir    string // folder of this machine whose copy is the working folder; "" for an empty one
}

// Tried is what came of a Trial.
type Tried struct {
	sandbox.Result
	Egress []egress.Decision
	Stack  string // as it was asked for
}

// MarshalJSON writes the Result with one key more, if there was a way out.
func (t Tried) MarshalJSON() ([]byte, error) {
	b, err := json.Marshal(t.Result)
	if err != nil || t.Egress == nil {
		return b, err
	}
	decisions, err := json.Marshal(t.Egress)
	return slices.Concat(b[:len(b)-1], []byte(`,"egress":`), decisions, []byte("}")), err
}

// Try runs a command in a sandbox that is thrown away afterwards.
func Try(ctx context.Context, cfg config.Config, t Trial) (tried Tried, err error) {
	cfg.SandboxSpare = 0 // there is no next one
	if cfg, err = byName(cfg, t.Driver); err != nil {
		return Tried{}, err
	}
	driver, err := Sandbox(ctx, cfg)
	if err != nil {
		return Tried{}, err
	}
	defer func() { err = errors.Join(err, driver.Close()) }()
	tried.Stack = t.Stack
	t.Spec.Env = maps.Clone(t.Spec.Env)
	if t.Spec.Env == nil {
		t.Spec.Env = map[string]string{}
	}
	tools := func(fetcher.Manager) bool { return true }
	if t.Stack != "" {
		st, err := anyStack(t.Stack)
		if err != nil {
			return Tried{}, err
		}
		t.Spec.Stack = st.Name
		if !elsewhere(driver) {
			e, err := newBench(driver, cfg.RequireLimits, slog.New(slog.DiscardHandler)).equip(ctx, st)
			if err != nil {
				return Tried{}, err
			}
			t.Spec.Mounts = append(t.Spec.Mounts, e.mounts...)
			maps.Copy(t.Spec.Env, e.env)
		}
		tools = func(m fetcher.Manager) bool {
			return slices.ContainsFunc(m.Tools, func(a qlp.Tool) bool {
				return slices.ContainsFunc(st.Tools, func(b qlp.Tool) bool { return a.Name == b.Name })
			})
		}
	}
	var door *egress.Proxy
	if t.Fetch {
		var env map[string]string
		if door, env, err = fetcher.Door(ctx, hostList(cfg), tools); err != nil {
			return Tried{}, err
		}
		maps.Copy(t.Spec.Env, env)
		fetcher.Trust(&t.Spec)
		t.Spec.Egress = door.Serve
	}
	if tried.Result, err = sandbox.RunOnce(ctx, driver, t.Spec, t.Cmd, t.Dir); err != nil {
		return Tried{}, err
	}
	if door != nil {
		tried.Egress, _ = door.Decisions()
	}
	return tried, nil
}

// anyStack finds a stack for a person's command: one that is generated, or else one of repositories, which are more.
func anyStack(name string) (qlp.Stack, error) {
	if st, err := stack.Find(name); err == nil {
		return st, nil
	}
	return stack.FindRepository(name)
}

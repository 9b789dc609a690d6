package cli

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// capFlags are the caps on model calls as flags.
type capFlags struct{ run, task budgetFlags }

type budgetFlags struct {
	usd           string
	tokens, calls int64
	time          time.Duration
}

func (c *capFlags) add(f *pflag.FlagSet) {
	c.run.add(f, "cap-", "a run")
	c.task.add(f, "task-cap-", "one task of a run")
}

func (b *budgetFlags) add(f *pflag.FlagSet, prefix, what string) {
	f.StringVar(&b.usd, prefix+"usd", "", "cap on what models may cost for "+what+", in dollars: 2.50")
	f.Int64Var(&b.tokens, prefix+"tokens", 0, "cap on the tokens of the model calls of "+what)
	f.Int64Var(&b.calls, prefix+"calls", 0, "cap on the model calls of "+what)
	f.DurationVar(&b.time, prefix+"time", 0, "cap on the time that "+what+" waits for models: 10m")
}

// read returns the caps that were given.
func (c *capFlags) read() (caps qlp.ModelCaps, err error) {
	if caps.Run, err = c.run.read("--cap-"); err != nil {
		return caps, err
	}
	caps.Task, err = c.task.read("--task-cap-")
	return caps, err
}

func (b *budgetFlags) read(prefix string) (qlp.Budget, error) {
	out := qlp.Budget{Tokens: b.tokens, Calls: b.calls, Seconds: int64(b.time / time.Second)}
	if b.time != 0 && (b.time < time.Second || b.time%time.Second != 0) {
		return out, qlp.Errorf(qlp.Invalid, "%stime is %s", prefix, b.time).WithRemedy("give whole seconds, one or more: 10m, 90s")
	}
	if b.usd == "" {
		return out, qlp.ModelCaps{Run: out}.Check()
	}
	var err error
	if out.Micros, err = qlp.ParseUSD(b.usd); err != nil {
		return out, err
	}
	if out.Micros == 0 { // zero would mean no cap, which nobody asks for with a flag
		return out, qlp.Errorf(qlp.Invalid, "%susd is %s", prefix, b.usd).WithRemedy("give more than nothing, or leave it out; to ask no model, use --generator offline")
	}
	return out, qlp.ModelCaps{Run: out}.Check()
}

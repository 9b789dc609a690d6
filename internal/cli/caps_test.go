package cli

import (
	"testing"

	"github.com/spf13/pflag"

	"github.com/quantumlayer/qlp/internal/qlp"
)

func TestCapFlags(t *testing.T) {
	t.Parallel()
	read := func(args ...string) (qlp.ModelCaps, error) {
		var c capFlags
		f := pflag.NewFlagSet("", pflag.ContinueOnError)
		c.add(f)
		if err := f.Parse(args); err != nil {
			return qlp.ModelCaps{}, qlp.Errorf(qlp.Invalid, "%w", err).WithRemedy("x")
		}
		return c.read()
	}
	got, err := read("--cap-usd", "2.50", "--cap-tokens=9", "--cap-time", "10m", "--task-cap-calls", "3")
	want := qlp.ModelCaps{Run: qlp.Budget{Micros: 2_500_000, Tokens: 9, Seconds: 600}, Task: qlp.Budget{Calls: 3}}
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := read(); err != nil || got != (qlp.ModelCaps{}) {
		t.Errorf("without flags: %+v, %v", got, err)
	}
	for _, args := range [][]string{
		{"--cap-usd", "2,50"},
		{"--cap-usd", "-1"},
		{"--cap-usd", "0"},
		{"--cap-tokens=-1"},
		{"--cap-calls", "1.5"},
		{"--cap-time", "500ms"},
		{"--cap-time=-1m"},
		{"--task-cap-usd", "1e3"},
		{"--task-cap-time", "1m0.5s"},
	} {
		if got, err := read(args...); qlp.CodeOf(err) != qlp.Invalid || qlp.RemedyOf(err) == "" {
			t.Errorf("%v: %+v, %v", args, got, err)
		}
	}
}

package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/native"
	"github.com/quantumlayer/qlp/internal/stack"
)

// Doctor tries what a run needs: the data folder, the toolchains, and the sandbox by running canaries in it.
func Doctor(ctx context.Context, cfg config.Config) []sandbox.Finding {
	findings := []sandbox.Finding{dataFolder(cfg)}
	findings = append(findings, toolchains(ctx)...)
	return append(findings, native.Doctor(ctx, slog.New(slog.DiscardHandler), native.Config{})...)
}

func dataFolder(cfg config.Config) sandbox.Finding {
	f := sandbox.Finding{Check: "the data folder can be written", OK: true, Detail: cfg.DataDir}
	err := os.MkdirAll(cfg.DataDir, 0o700)
	if err == nil {
		var tmp *os.File
		if tmp, err = os.CreateTemp(cfg.DataDir, ".doctor-*"); err == nil {
			err = errors.Join(tmp.Close(), os.Remove(tmp.Name()))
		}
	}
	if err != nil {
		f.OK, f.Detail, f.Fix = false, err.Error(), "choose a folder that can be written with --data, or make this one yours"
	}
	return f
}

func toolchains(ctx context.Context) []sandbox.Finding {
	all, err := stack.All()
	if err != nil {
		return []sandbox.Finding{{Check: "the stacks can be read", Detail: err.Error()}}
	}
	var findings []sandbox.Finding
	for _, st := range all {
		if !st.Generated {
			continue
		}
		f := sandbox.Finding{Check: "the toolchain of " + st.Name, OK: true}
		tc, err := stack.Locate(ctx, st)
		if err != nil {
			f.OK, f.Detail, f.Fix = false, err.Error(), qlp.RemedyOf(err)
		} else {
			f.Detail = fmt.Sprint(tc.Versions)
		}
		findings = append(findings, f)
		for _, m := range tc.Missing {
			// A missing optional tool is worth knowing and no fault.
			findings = append(findings, sandbox.Finding{Check: "optional tool " + m.Name, OK: true, Detail: "not here: " + m.Remedy})
		}
	}
	return findings
}

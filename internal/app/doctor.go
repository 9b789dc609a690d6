package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

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
	findings = append(findings, native.Doctor(ctx, slog.New(slog.DiscardHandler), native.Config{})...)
	return append(findings, others(ctx, cfg)...)
}

// others runs a canary with each driver that is chosen, and with the container engine that is found. What nobody chose is no
// fault if it does not work.
func others(ctx context.Context, cfg config.Config) []sandbox.Finding {
	var findings []sandbox.Finding
	try := func(name string, chosen bool, cfg config.Config) {
		f := sandbox.Finding{Check: "a program runs by the " + name + " driver", OK: true}
		caps, err := canary(ctx, cfg)
		switch {
		case err == nil:
			f.Detail = fmt.Sprintf("isolated by %s, %s", caps.Isolation, caps.Engine)
		case chosen:
			f.OK, f.Detail, f.Fix = false, err.Error(), qlp.RemedyOf(err)
		default:
			f.Detail = strings.TrimSuffix(fmt.Sprintf("not chosen, and would not work: %v; %s", err, qlp.RemedyOf(err)), "; ")
		}
		findings = append(findings, f)
	}
	if cfg.Executors != "" {
		try("remote", true, cfg)
	}
	local := cfg
	local.Executors = ""
	for _, name := range Drivers() {
		chosen := cfg.Executors == "" && cfg.SandboxDriver == name
		local.SandboxDriver = name
		if name != driverNative && (chosen || name == driverDocker && engineHere(cfg)) { // native's doctor has run
			try(name, chosen, local)
		}
	}
	return findings
}

func canary(ctx context.Context, cfg config.Config) (sandbox.Capabilities, error) {
	driver, err := Sandbox(ctx, cfg)
	if err != nil {
		return sandbox.Capabilities{}, err
	}
	caps, err := driver.Capabilities(ctx)
	return caps, errors.Join(err, driver.Close())
}

// engineHere says whether somebody has named a container engine, or there is one at the usual place.
func engineHere(cfg config.Config) bool {
	_, err := os.Stat("/var/run/docker.sock")
	return err == nil || cfg.DockerHost != "" || os.Getenv("DOCKER_HOST") != ""
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

package native

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/initbox"
)

// canary is one question, put by running a program that tries.
type canary struct {
	check  string
	script string
	says   string
	want   []sandbox.Verdict
	limits sandbox.Limits
	limit  string // the limit it proves, if any
	fix    string
}

func canaries() []canary {
	return []canary{
		{check: "a program runs", script: "echo runs", says: "runs", want: []sandbox.Verdict{sandbox.OK}, fix: "see the message; `qlp sandbox run -- true` shows the same"},
		{
			check: "the network is unreachable", script: "command -v bash >/dev/null || { echo unreachable; exit; }; (bash -c 'exec 3<>/dev/tcp/1.1.1.1/443') 2>/dev/null && echo open || echo unreachable",
			says: "unreachable", want: []sandbox.Verdict{sandbox.OK}, fix: "do not use this machine: bubblewrap did not unshare the network",
		},
		{
			check: "the host's secrets are unreadable", script: "cat /etc/shadow /root/.ssh/* /proc/1/environ >/dev/null 2>&1; [ -e /etc/shadow ] && echo there || echo hidden",
			says: "hidden", want: []sandbox.Verdict{sandbox.OK}, fix: "do not use this machine: the file system is not isolated",
		},
		{
			check: "the memory limit kills", script: "head -c 200000000 /dev/zero | tail -c 190000000 >/dev/null", want: []sandbox.Verdict{sandbox.OOM},
			limits: sandbox.Limits{Memory: 32 * sandbox.MiB}, limit: "memory", fix: delegateHint,
		},
		{
			check: "the process limit holds", script: "i=0; while [ $i -lt 200 ]; do sleep 5 & i=$((i+1)); done; echo escaped",
			want:   []sandbox.Verdict{sandbox.Nonzero, sandbox.Signaled, sandbox.TimeoutWall, sandbox.TimeoutCPU},
			limits: sandbox.Limits{Pids: 32, Wall: 3 * time.Second}, limit: "pids", fix: delegateHint,
		},
		{
			check: "the disk limit holds", script: "head -c 20000000 /dev/zero >/work/x", want: []sandbox.Verdict{sandbox.DiskLimit},
			limits: sandbox.Limits{Disk: 8 * sandbox.MiB}, limit: "disk", fix: "this kernel's tmpfs does not hold its size: report it",
		},
		{
			check: "the clock limit kills", script: "trap '' TERM; while :; do sleep 1; done", want: []sandbox.Verdict{sandbox.TimeoutWall},
			limits: sandbox.Limits{Wall: 300 * time.Millisecond}, limit: "wall", fix: "report it",
		},
		{
			check: "system calls are filtered", script: "unshare -U true 2>/dev/null && echo open || echo filtered", says: "filtered", want: []sandbox.Verdict{sandbox.OK},
			fix: "the kernel has no seccomp filters (CONFIG_SECCOMP_FILTER)",
		},
	}
}

// Doctor tries out what the driver promises, by running programs that would break the promise, and says what to do about
// each that is broken. It needs no Driver, because often there can be none.
func Doctor(ctx context.Context, log *slog.Logger, cfg Config) []sandbox.Finding {
	eng, err := findEngine(ctx, cfg.BwrapPath)
	if err != nil {
		return []sandbox.Finding{broken("bubblewrap is usable", err)}
	}
	findings := []sandbox.Finding{{Check: "bubblewrap is usable", OK: true, Detail: engineDetail(eng)}}
	d, err := New(ctx, log, cfg)
	if err != nil {
		return append(findings, broken("the driver starts", err))
	}
	defer d.Close()
	for _, c := range canaries() {
		f := d.try(ctx, c)
		findings = append(findings, f)
		if !f.OK && len(findings) == 2 {
			return findings // nothing else would say more
		}
	}
	return append(findings, d.limitsFinding(), landlockFinding())
}

func engineDetail(e engine) string {
	if e.atLeast(0, 12) {
		return e.String()
	}
	return e.String() + "; below 0.12 it can be led outside by links under a writable mount (CVE-2026-87766), " +
		"which QLP never gives it: all mount points lie on a fresh, empty root"
}

func (d *Driver) try(ctx context.Context, c canary) sandbox.Finding {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	res, err := sandbox.RunOnce(ctx, d, sandbox.Spec{Limits: c.limits}, sandbox.Cmd{Argv: []string{"sh", "-c", c.script}}, "")
	if err != nil {
		return broken(c.check, err)
	}
	f := sandbox.Finding{Check: c.check, Detail: fmt.Sprintf("%s in %d ms", res.Verdict, res.Wall.Milliseconds())}
	for _, v := range c.want {
		f.OK = f.OK || v == res.Verdict
	}
	// A process limit shows in what was refused, whatever the shell makes of it.
	f.OK = (f.OK || c.limit == "pids" && res.Reason == sandbox.ReasonPids) && strings.Contains(string(res.Stdout), c.says)
	if c.limit != "" {
		f.Detail += ", " + res.Enforcement[c.limit]
	}
	if !f.OK {
		f.Detail += fmt.Sprintf(", said %.200q %.200q", res.Stdout, res.Stderr)
		f.Fix = c.fix
	}
	return f
}

// landlockFinding is fine either way: the mounts hold without it.
func landlockFinding() sandbox.Finding {
	f := sandbox.Finding{Check: "file rules stand behind the mounts", OK: true, Detail: "landlock: unavailable"}
	if v := initbox.LandlockVersion(); v >= 2 {
		f.Detail = fmt.Sprintf("landlock: enforced, version %d", v)
	}
	return f
}

// limitsFinding is fine also if some limits are held by best effort: it says so, and how to do better.
func (d *Driver) limitsFinding() sandbox.Finding {
	var weak []string
	for name, how := range d.enforcement() {
		if how != sandbox.Enforced {
			weak = append(weak, name)
		}
	}
	if len(weak) == 0 {
		return sandbox.Finding{Check: "all limits are enforced", OK: true, Detail: "by the kernel"}
	}
	return sandbox.Finding{Check: "all limits are enforced", Detail: "by best effort only: " + strings.Join(sorted(weak), ", "), Fix: delegateHint}
}

func broken(check string, err error) sandbox.Finding {
	return sandbox.Finding{Check: check, Detail: err.Error(), Fix: qlp.RemedyOf(err)}
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}

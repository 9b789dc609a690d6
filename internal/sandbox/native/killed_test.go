package native

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxtest"
)

// victim is a QLP process that will be killed while its sandbox is busy.
func victim() int {
	ctx := context.Background()
	d, err := New(ctx, slog.New(slog.DiscardHandler), Config{InitPath: os.Getenv(envInit)})
	if err != nil {
		fmt.Fprintln(os.Stdout, "victim:", err)
		return 1
	}
	sb, err := d.Create(ctx, sandbox.Spec{Env: map[string]string{"MARK": os.Getenv("MARK")}})
	if err != nil {
		fmt.Fprintln(os.Stdout, "victim:", err)
		return 1
	}
	_, err = sb.Start(ctx, sandbox.Cmd{Argv: []string{"sh", "-c", "trap '' TERM HUP; setsid sleep 300 & while :; do sleep 1; done"}})
	if err != nil {
		fmt.Fprintln(os.Stdout, "victim:", err)
		return 1
	}
	fmt.Fprintln(os.Stdout, "busy", d.cgroups.owner)
	select {}
}

// TestKilledProcessLeavesNothing: SIGKILL of QLP ends its sandboxes at once; the next QLP removes empty directories.
func TestKilledProcessLeavesNothing(t *testing.T) {
	mark := "victim-" + filepath.Base(t.TempDir()) + fmt.Sprint(os.Getpid())
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envRole+"=victim", "MARK="+mark)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	owner, ok := strings.CutPrefix(strings.TrimSpace(line), "busy ")
	if !ok {
		_ = cmd.Process.Kill()
		t.Fatalf("victim said %q", line)
	}
	if len(sandboxtest.Survivors(mark)) < 2 {
		t.Error("the victim's sandbox is not running; this test would prove nothing")
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	var left []string
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); <-time.After(10 * time.Millisecond) {
		if left = sandboxtest.Survivors(mark); len(left) == 0 {
			break
		}
	}
	if len(left) > 0 {
		t.Errorf("processes survive: %v", left)
	}
	d := setup(t, Config{})
	if d.cgroups.has(ctlMemory) {
		if dirs := groupsOf(d, owner); len(dirs) > 0 {
			t.Errorf("cgroups are left: %v", dirs)
		}
	}
}

// TestReapSparesTheLiving: a second driver does not touch the groups of one that runs.
func TestReapSparesTheLiving(t *testing.T) {
	d := setup(t, Config{})
	if !d.cgroups.has(ctlMemory) {
		t.Skip("no cgroups here")
	}
	sb, err := d.Create(t.Context(), sandbox.Spec{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sb.Destroy(context.WithoutCancel(t.Context())) }()
	setup(t, Config{})
	if len(groupsOf(d, d.cgroups.owner)) == 0 {
		t.Error("a second driver removed the groups of the first")
	}
	res, err := sb.Exec(t.Context(), sandbox.Cmd{Argv: []string{"true"}})
	if err != nil || res.Verdict != sandbox.OK {
		t.Errorf("%s %v", res.Verdict, err)
	}
}

func groupsOf(d *Driver, owner string) []string {
	var all []string
	for _, base := range d.cgroups.base {
		dirs, _ := filepath.Glob(filepath.Join(base, owner+"-*"))
		all = append(all, dirs...)
	}
	return all
}

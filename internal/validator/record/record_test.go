package record

import (
	"context"
	"errors"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
)

// box answers every command with the same result.
type box struct {
	sandbox.Sandbox
	result sandbox.Result
	err    error
}

func (b box) Exec(_ context.Context, cmd sandbox.Cmd) (sandbox.Result, error) {
	if cmd.Stdout != nil {
		if _, err := cmd.Stdout.Write([]byte("all of it")); err != nil {
			return sandbox.Result{}, err
		}
	}
	return b.result, b.err
}

func TestRunRecords(t *testing.T) {
	book := New()
	res := sandbox.Result{Verdict: sandbox.Nonzero, ExitCode: 3, Stdout: []byte("out"), StdoutBytes: 9, Truncated: true}
	order := Order{Check: "build/go-build", Command: qlp.Command{Name: "go-build", Argv: []string{"go"}, Env: map[string]string{"A": "2"}}, Env: map[string]string{"A": "1", "B": "1"}}
	for range 2 {
		ran, err := book.Run(t.Context(), box{result: res}, order)
		if err != nil {
			t.Fatal(err)
		}
		if end, why := ran.Ending(); end != Bad || why == "" || string(ran.Stdout) != "all of it" {
			t.Errorf("%v %q %q", end, why, ran.Stdout)
		}
	}
	got := book.Executions()
	if len(got) != 2 || got[0].ID != "build-go-build-1" || got[1].ID != "build-go-build-2" || got[0].ExitCode != 3 {
		t.Errorf("%+v", got)
	}
	if got[0].Env["A"] != "2" || got[0].Env["B"] != "1" {
		t.Errorf("the command's own settings must win: %v", got[0].Env)
	}
	logs := map[qlp.Digest]bool{}
	for _, l := range book.Logs() {
		logs[l.Digest] = qlp.DigestOf(l.Content) == l.Digest
	}
	if !logs[got[0].Stdout] || !logs[got[0].Stderr] {
		t.Error("an execution names a log that is not there")
	}
}

func TestRunWithoutAnEnd(t *testing.T) {
	book := New()
	lost := errors.New("lost")
	if _, err := book.Run(t.Context(), box{err: lost}, Order{Check: "a/b"}); !errors.Is(err, lost) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("the person stopped it")
	cancel(why)
	if _, err := book.Run(ctx, box{result: sandbox.Result{Verdict: sandbox.Canceled}}, Order{Check: "a/b"}); !errors.Is(err, why) {
		t.Errorf("%v", err)
	}
	if n := len(book.Executions()); n != 0 {
		t.Errorf("%d executions of commands whose end is not known", n)
	}
}

func TestEnding(t *testing.T) {
	tests := []struct {
		verdict sandbox.Verdict
		reason  string
		want    Ending
	}{
		{sandbox.OK, "", Fine},
		{sandbox.Nonzero, "", Bad},
		{sandbox.Signaled, "", Bad},
		{sandbox.TimeoutWall, "", Bad},
		{sandbox.TimeoutCPU, "", Bad},
		{sandbox.OOM, "", Bad},
		{sandbox.DiskLimit, "", Bad},
		{sandbox.OutputLimit, "", Bad},
		{sandbox.NotStarted, sandbox.ReasonNotFound, NoTool},
		{sandbox.NotStarted, sandbox.ReasonNotExec, NoAnswer},
		{sandbox.InternalError, sandbox.ReasonInitLost, NoAnswer},
		{sandbox.Canceled, sandbox.ReasonDestroyed, NoAnswer},
		{"of a later version", "", NoAnswer},
		{"", "", NoAnswer},
	}
	for _, tt := range tests {
		t.Run(string(tt.verdict)+tt.reason, func(t *testing.T) {
			t.Parallel()
			end, why := Ran{Result: sandbox.Result{Verdict: tt.verdict, Reason: tt.reason}}.Ending()
			if end != tt.want || (why == "") != (end == Fine) {
				t.Errorf("%v %q", end, why)
			}
		})
	}
}

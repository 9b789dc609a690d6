package sandboxtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
)

// liar is a driver that runs nothing and says that all went well.
type liar struct{}

func (liar) Name() string { return "liar" }
func (liar) Close() error { return nil }
func (liar) Capabilities(context.Context) (sandbox.Capabilities, error) {
	return sandbox.Capabilities{Isolation: sandbox.LevelVM, Dial: true, Egress: true}, nil
}
func (liar) Create(context.Context, sandbox.Spec) (sandbox.Sandbox, error) { return lie{}, nil }

type lie struct{}

func (lie) ID() string                                   { return "lie" }
func (lie) Put(context.Context, io.Reader) error         { return nil }
func (lie) Stats(context.Context) (sandbox.Usage, error) { return sandbox.Usage{}, nil }
func (lie) Dial(context.Context, int) (net.Conn, error)  { return nil, errors.New("no") }
func (lie) Destroy(context.Context) error                { return nil }
func (lie) Exec(context.Context, sandbox.Cmd) (sandbox.Result, error) {
	return sandbox.Result{Verdict: sandbox.OK, Stdout: []byte("end\nhello\n")}, nil
}

func (lie) Start(context.Context, sandbox.Cmd) (sandbox.Process, error) {
	return nil, errors.New("nothing starts here")
}

func (lie) Get(context.Context, []string, sandbox.CopyLimits) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(nil)), nil
}

// TestSelfTestCatchesALiar: a driver that does nothing fails every class, and is caught by most cases.
func TestSelfTestCatchesALiar(t *testing.T) {
	t.Parallel()
	count, failedIn, all := map[string]int{}, map[string]bool{}, map[string]bool{}
	err := SelfTest(t.Context(), Options{Driver: liar{}}, "", func(o Outcome) {
		count[o.Status]++
		all[o.Class] = true
		if o.Case == "" || o.Status != Passed && o.Detail == "" {
			t.Errorf("an outcome that says nothing: %+v", o)
		}
		if o.Status == Failed {
			failedIn[o.Class] = true
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if total := count[Passed] + count[Failed] + count[Skipped]; total < 80 || count[Failed] < total*3/4 {
		t.Errorf("%v", count)
	}
	for class := range all {
		if !failedIn[class] {
			t.Errorf("nothing of %s fails", class)
		}
	}
	t.Logf("%v", count)
}

func TestSelfTestOfOneClass(t *testing.T) {
	t.Parallel()
	classes := map[string]bool{}
	if err := SelfTest(t.Context(), Options{Driver: liar{}}, "kernel", func(o Outcome) { classes[o.Class] = true }); err != nil || len(classes) != 1 || !classes["kernel"] {
		t.Errorf("%v %v", classes, err)
	}
	if err := SelfTest(t.Context(), Options{Driver: liar{}}, "nope", func(Outcome) {}); qlp.CodeOf(err) != qlp.Invalid {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := SelfTest(ctx, Options{Driver: liar{}}, "", func(Outcome) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

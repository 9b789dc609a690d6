package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
)

func TestDecoder(t *testing.T) {
	t.Parallel()
	const start, exit = `{"event":"start"}` + "\n", `{"event":"exit","result":{"verdict":"ok"}}` + "\n"
	for name, c := range map[string]struct {
		text   string
		events int
		whole  bool
	}{
		"whole":             {start + `{"event":"stdout","data":"aGk="}` + "\n" + `{"event":"ping"}` + "\n" + exit, 4, true},
		"nothing":           {"", 0, false},
		"cut off":           {start, 1, false},
		"half a line":       {start + `{"event":"exit","result":{"verdict":"ok"}}`, 1, false},
		"no start":          {exit, 0, false},
		"starts twice":      {start + start, 1, false},
		"output before":     {`{"event":"stdout"}` + "\n", 0, false},
		"after the end":     {start + exit + exit, 2, true},
		"unknown event":     {start + `{"event":"boom"}` + "\n", 1, false},
		"unknown verdict":   {start + `{"event":"exit","result":{"verdict":"passed"}}` + "\n", 1, false},
		"exit of nothing":   {start + `{"event":"exit"}` + "\n", 1, false},
		"not JSON":          {start + "boom\n", 1, false},
		"bad base64":        {start + `{"event":"stdout","data":"?"}` + "\n", 1, false},
		"too long":          {start + `{"event":"stdout","data":"` + strings.Repeat("A", 1<<20) + `"}` + "\n" + exit, 1, false},
		"long without end":  {strings.Repeat("x", 1<<20), 0, false},
		"a problem is fine": {start + `{"event":"exit","problem":{"detail":"x"}}` + "\n", 2, true},
	} {
		dec := NewDecoder(strings.NewReader(c.text), 1<<16)
		n := 0
		var err error
		for err == nil {
			if _, err = dec.Next(); err == nil {
				n++
			}
		}
		if n != c.events || (err == io.EOF) != c.whole || !c.whole && !errors.Is(err, ErrStream) { //nolint:errorlint // io.EOF as it is
			t.Errorf("%s: %d events, %v", name, n, err)
		}
	}
}

// FuzzDecoder: whatever an executor sends, the decoder ends, keeps to the rules, and holds no more than it was allowed.
func FuzzDecoder(f *testing.F) {
	f.Add([]byte("{\"event\":\"start\"}\n{\"event\":\"exit\",\"result\":{\"verdict\":\"ok\"}}\n"))
	f.Add([]byte("{\"event\":\"start\"}\n{\"event\":\"stdout\",\"data\":\"aGk=\"}\n"))
	f.Add([]byte("{\"event\":\"exit\",\"problem\":{}}\n"))
	f.Add(bytes.Repeat([]byte("["), 10000))
	f.Add([]byte("\n\n\x00\xff"))
	f.Fuzz(func(t *testing.T, in []byte) {
		dec := NewDecoder(bytes.NewReader(in), 1<<12)
		var seen []string
		for {
			e, err := dec.Next()
			if err != nil {
				whole := len(seen) > 0 && seen[len(seen)-1] == Exit
				if whole != (err == io.EOF) || !whole && !errors.Is(err, ErrStream) { //nolint:errorlint // io.EOF as it is
					t.Fatalf("%v after %v", err, seen)
				}
				return
			}
			if (len(seen) == 0) != (e.Event == Start) || len(e.Data) > 1<<12 || len(seen) > len(in) {
				t.Fatalf("%q after %v", e.Event, seen)
			}
			seen = append(seen, e.Event)
		}
	})
}

func TestProblems(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		qlp.Errorf(qlp.Invalid, "wrong").WithRemedy("do it right"),
		fmt.Errorf("put: %w", qlp.Errorf(qlp.Exhausted, "full")),
		fmt.Errorf("create: %w", sandbox.ErrUnsupported), sandbox.ErrDestroyed, os.ErrProcessDone,
		fmt.Errorf("dial: %w", syscall.ECONNREFUSED), context.Canceled, context.DeadlineExceeded, errors.New("any"),
	} {
		back := ProblemOf(err).Err()
		if back.Error() != err.Error() || qlp.CodeOf(back) != qlp.CodeOf(err) || qlp.RemedyOf(back) != qlp.RemedyOf(err) {
			t.Errorf("%v came back as %v (%s)", err, back, qlp.CodeOf(back))
		}
		for _, c := range causes() {
			if errors.Is(err, c.err) != errors.Is(back, c.err) {
				t.Errorf("%v: whether it is %v was lost", err, c.err)
			}
		}
	}
	if err := (Problem{Code: "nonsense"}).Err(); qlp.CodeOf(err) != qlp.Internal || err.Error() == "" {
		t.Errorf("%v", err)
	}
}

func TestEnv(t *testing.T) {
	t.Parallel()
	env, err := Env(Pairs(map[string]string{"A": "\xff=", "B": ""}))
	if err != nil || env["A"] != "\xff=" || len(env) != 2 {
		t.Errorf("%q %v", env, err)
	}
	for _, bad := range []string{"", "A", "=x", "A=\x00"} {
		if _, err := Env([][]byte{[]byte(bad)}); qlp.CodeOf(err) != qlp.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

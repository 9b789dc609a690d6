package sandboxtest

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// The statuses of an Outcome.
const (
	Passed  = "ok"
	Failed  = "failed"
	Skipped = "skipped"
)

// Outcome is what came of one case.
type Outcome struct {
	Class  string `json:"class"` // processes
	Case   string `json:"case"`  // fork_bomb
	Status string `json:"status"`
	Detail string `json:"detail,omitempty"` // what did not hold, or why it was skipped
	MS     int64  `json:"ms"`
}

// SelfTest runs the cases of one class, or of all if class is "", outside of any Go test, and tells each outcome. It returns
// an error only if ctx is done or there is no such class.
func SelfTest(ctx context.Context, o Options, class string, tell func(Outcome)) error {
	root := &live{ctx: ctx, tell: tell, only: class}
	root.Run("", func(t T) { Run(t, o) })
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if class != "" && !root.found {
		return qlp.Errorf(qlp.Invalid, "there is no class of hostile programs %.40q", class).WithRemedy("leave the class out, or see --help")
	}
	return nil
}

// live is a T that tells outcomes.
type live struct {
	ctx   context.Context //nolint:containedctx // T hands it out
	tell  func(Outcome)
	name  string // a/b
	only  string
	root  *live
	found bool // of the root: the class is there

	mu       sync.Mutex
	parent   bool
	failed   bool
	skipped  bool
	lines    []string
	cleanups []func()
}

// Run implements T. Like a Go test's, f has a goroutine of its own, which Fatal and Skip end.
func (l *live) Run(name string, f func(T)) bool {
	root := l.root
	if root == nil {
		root = l
	}
	if l.root != nil && l.name == "" { // a class
		if root.only != "" && root.only != name {
			return true
		}
		root.found = true
	}
	l.mu.Lock()
	l.parent = true
	l.mu.Unlock()
	if l.ctx.Err() != nil {
		return false
	}
	ctx, cancel := context.WithCancel(l.ctx)
	defer cancel()
	c := &live{ctx: ctx, tell: l.tell, only: l.only, root: root, name: strings.TrimPrefix(l.name+"/"+strings.ReplaceAll(name, "/", "_"), "/")}
	begun := time.Now()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer c.end(cancel)
		f(c)
	}()
	<-done
	if !c.parent && name != "" || c.parent && len(c.lines) > 0 {
		c.outcome(time.Since(begun))
	}
	return !c.failed
}

// end runs what was put off, last first, after the case's context has ended.
func (l *live) end(cancel func()) {
	if p := recover(); p != nil {
		l.Errorf("the case broke: %v", p)
	}
	cancel()
	for _, f := range slices.Backward(l.cleanups) {
		f()
	}
}

func (l *live) outcome(took time.Duration) {
	class, name, _ := strings.Cut(l.name, "/")
	o := Outcome{Class: class, Case: name, Status: Passed, Detail: strings.Join(l.lines, "; "), MS: took.Milliseconds()}
	switch {
	case l.failed:
		o.Status = Failed
	case l.skipped:
		o.Status = Skipped
	default:
		o.Detail = ""
	}
	l.tell(o)
}

// Context implements T.
func (l *live) Context() context.Context { return l.ctx }

// TempDir implements T.
func (l *live) TempDir() string {
	dir, err := os.MkdirTemp("", "qlp-selftest-")
	if err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// Cleanup implements T.
func (l *live) Cleanup(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cleanups = append(l.cleanups, f)
}

// Helper implements T.
func (l *live) Helper() {}

func (l *live) note(failed bool, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = l.failed || failed
	l.skipped = l.skipped || !failed
	l.lines = append(l.lines, strings.Join(strings.Fields(text), " "))
}

// Error implements T.
func (l *live) Error(args ...any) { l.note(true, fmt.Sprint(args...)) }

// Errorf implements T.
func (l *live) Errorf(format string, args ...any) { l.note(true, fmt.Sprintf(format, args...)) }

// Fatal implements T.
func (l *live) Fatal(args ...any) {
	l.note(true, fmt.Sprint(args...))
	runtime.Goexit()
}

// Fatalf implements T.
func (l *live) Fatalf(format string, args ...any) {
	l.note(true, fmt.Sprintf(format, args...))
	runtime.Goexit()
}

// Skip implements T.
func (l *live) Skip(args ...any) {
	l.note(false, fmt.Sprint(args...))
	runtime.Goexit()
}

// Skipf implements T.
func (l *live) Skipf(format string, args ...any) {
	l.note(false, fmt.Sprintf(format, args...))
	runtime.Goexit()
}
